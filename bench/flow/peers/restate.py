"""Restate: its server with its own log, and a service in Python behind Granian."""

from __future__ import annotations

import asyncio
import json
import time
import urllib.error
import urllib.request

from bench.flow.peers import tools
from bench.flow.peers.peer import READY_SECONDS, WORK, Peer, set_up
from bench.flow.stage import Stage
from resistor.dev.child import free_port


async def restate(stage: Stage) -> Peer:
    """Each step is an invocation of its own, as each of Resistor's is an action of a module."""
    return await set_up(stage, "Restate, calls", lambda peer: _start(peer, "calls"))


async def restate_runs(stage: Stage) -> Peer:
    """The steps run where the workflow runs, each in its journal."""
    return await set_up(stage, "Restate, runs", lambda peer: _start(peer, "runs"))


async def _start(peer: Peer, handler: str) -> None:
    program = await asyncio.to_thread(tools.restate_server)
    ingress, admin, node, service = (free_port() for _ in range(4))
    peer.work(
        "Restate",
        str(program),
        *("--base-dir", str(peer.folder / "data"), "--node-name", "bench", "--listen-mode", "tcp"),
        environment={
            "RESTATE_INGRESS__BIND_ADDRESS": f"127.0.0.1:{ingress}",
            "RESTATE_ADMIN__BIND_ADDRESS": f"127.0.0.1:{admin}",
            "RESTATE_BIND_ADDRESS": f"127.0.0.1:{node}",
            "RESTATE_ADVERTISED_ADDRESS": f"http://127.0.0.1:{node}/",
            "RESTATE_LOG_FILTER": "warn",
            "RESTATE_DISABLE_TELEMETRY": "true",
            "DO_NOT_TRACK": "1",
        },
    )
    serve = (peer.python, "-m", "granian", "--interface", "asgi", "--http", "2", "--log-level", "warning")
    peer.work("service", *serve, "--port", str(service), f"{WORK}.restate_service:app")
    await asyncio.to_thread(_register, peer, f"http://127.0.0.1:{admin}", f"http://127.0.0.1:{service}/")
    await peer.drive("restate_service", f"http://127.0.0.1:{ingress}/flow/{handler}")


def _register(peer: Peer, admin: str, service: str) -> None:
    body = json.dumps({"uri": service}).encode()
    request = urllib.request.Request(
        f"{admin}/deployments", data=body, headers={"content-type": "application/json"}
    )
    until = time.monotonic() + READY_SECONDS
    while True:
        peer.require_running()
        try:
            urllib.request.urlopen(request, timeout=10.0).close()
        except (OSError, urllib.error.URLError):
            if time.monotonic() > until:
                raise
            time.sleep(0.25)
        else:
            return
