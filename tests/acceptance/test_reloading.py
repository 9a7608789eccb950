"""New versions come in while daemons run: by SIGHUP, by a changed file, by `workflow register`."""

from __future__ import annotations

import json
import signal

import pytest

from tests.acceptance.conftest import DEFINITION, Site

pytestmark = pytest.mark.xdist_group("acceptance")


def version(number: int) -> str:
    return DEFINITION.replace("version: 1", f"version: {number}")


async def starts(site: Site, name: str) -> int:
    """Start a run from the command line; returns the version that it has."""
    event = await site.start("event", "publish", f"shop.{name}", "--data", '{"n": 1}', "--wait", "-o", "json")
    assert await event.end() == 0, event.log
    return int(json.loads(event.log[event.log.index("{") :])["version"])


async def test_a_new_version_is_used_by_every_daemon_without_a_restart(site: Site) -> None:
    first = await site.daemon()
    second = await site.daemon()
    await site.module()
    file = site.directory / "definitions" / "shop.yaml"
    file.write_text(version(2))
    first.signal(signal.SIGHUP)
    second.signal(signal.SIGHUP)
    for daemon in (first, second):
        await daemon.says('"action":"reloaded"')
    assert await starts(site, "three") == 2
    file.write_text("shop: {three: {version: 3, stpes: []}}")  # no signal: the change is seen
    for daemon in (first, second):
        await daemon.says("did you mean")
    assert await starts(site, "three") == 2
    (site.directory / "new.yaml").write_text("shop: {four: {version: 7, steps: []}}")
    register = await site.start("workflow", "register", str(site.directory / "new.yaml"))
    assert await register.end() == 0, register.log
    assert await starts(site, "four") == 7
    for daemon in (first, second):
        assert await daemon.stop() == 0
