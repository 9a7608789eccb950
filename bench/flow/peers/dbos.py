"""DBOS: one process begins and does workflows, on a PostgreSQL of its own, or else on SQLite."""

from __future__ import annotations

import asyncio
import os
import pwd
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from bench.flow.contender import CannotStart
from bench.flow.peers import tools
from bench.flow.peers.peer import READY_SECONDS, Peer, set_up
from bench.flow.stage import Stage
from resistor.dev.child import free_port


async def dbos(stage: Stage) -> Peer:
    """DBOS on the best database that is here."""
    programs = tools.postgresql()
    if programs is None:
        sys.stderr.write("PostgreSQL is not installed: DBOS works on SQLite\n")
        return await set_up(stage, "DBOS, SQLite", _on_sqlite)
    return await set_up(stage, "DBOS", lambda peer: _on_postgresql(peer, programs))


async def _on_sqlite(peer: Peer) -> None:
    await peer.drive("dbos_app", f"sqlite:///{peer.folder}/dbos.sqlite", works_as="app")


async def _on_postgresql(peer: Peer, programs: Path) -> None:
    port = free_port()
    await asyncio.to_thread(_start_postgresql, peer, programs, port)
    await peer.drive("dbos_app", f"postgresql://bench@127.0.0.1:{port}/dbos", works_as="app")


def _start_postgresql(peer: Peer, programs: Path, port: int) -> None:
    data = peer.folder / "postgresql"
    data.mkdir(mode=0o700)
    unprivileged = _as_somebody_else(peer.folder, data)
    made = subprocess.run(
        [*unprivileged, str(programs / "initdb"), "-D", str(data), "-U", "bench", "-A", "trust"],
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode != 0:
        raise CannotStart(f"initdb failed: {(made.stderr.strip() or 'no reason given').splitlines()[-1]}")
    settings = {"listen_addresses": "127.0.0.1", "unix_socket_directories": "", "max_connections": "200"}
    words = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    server = (str(programs / "postgres"), "-D", str(data), "-p", str(port), *words)
    peer.work("PostgreSQL", *unprivileged, *server)
    _wait_until_ready(peer, data)


def _as_somebody_else(folder: Path, data: Path) -> Sequence[str]:
    """Return what makes a command's user another one than root, whom PostgreSQL refuses."""
    if os.geteuid() != 0:
        return ()
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise CannotStart("PostgreSQL does not run as root, and setpriv is not installed")
    user = _user()
    os.chown(data, user.pw_uid, user.pw_gid)
    folder.chmod(0o711)
    return (setpriv, f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups")


def _user() -> pwd.struct_passwd:
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise CannotStart("PostgreSQL does not run as root, and there is no other user for it")


def _wait_until_ready(peer: Peer, data: Path) -> None:
    status = data / "postmaster.pid"  # its last line says how far the server is
    until = time.monotonic() + READY_SECONDS
    while not (status.exists() and status.read_text().split()[-1:] == ["ready"]):
        peer.require_running()
        if time.monotonic() > until:
            raise TimeoutError("PostgreSQL does not become ready")
        time.sleep(0.05)
