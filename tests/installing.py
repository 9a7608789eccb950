"""Installs RabbitMQ for the tests where a bare machine allows it.

Called by `tests/conftest.py` when the program is missing. Must never start the packaged service, and
leaves an existing `policy-rc.d` as it is.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.servers import ServerMissing, find_rabbitmq

_POLICY = Path("/usr/sbin/policy-rc.d")
_APT = ["apt-get", "-o", "DPkg::Lock::Timeout=300", "-qq"]


def install_rabbitmq() -> bool:
    """Install `rabbitmq-server` with apt-get, if we are root and have it, and tell whether it is there now.

    One pytest worker installs; the others wait for it.
    """
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        return False
    with (Path(tempfile.gettempdir()) / "resistor-tests-apt.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not _installed():
            _apt_install()
        return _installed()


def _installed() -> bool:
    try:
        find_rabbitmq()
    except ServerMissing:
        return False
    return True


def _apt_install() -> None:
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
    steps = (["update"], ["install", "-y", "--no-install-recommends", "rabbitmq-server"])
    with _no_service_starts():
        for step in steps:
            subprocess.run(
                [*_APT, *step], env=environment, stdin=subprocess.DEVNULL, capture_output=True, check=False
            )


@contextmanager
def _no_service_starts() -> Iterator[None]:
    """Forbid packages to start their services: exit status 101 of `policy-rc.d` (invoke-rc.d(8))."""
    if _POLICY.exists():
        yield
        return
    _POLICY.write_text("#!/bin/sh\nexit 101\n")
    _POLICY.chmod(0o755)
    try:
        yield
    finally:
        _POLICY.unlink(missing_ok=True)
