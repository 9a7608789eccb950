"""Dramatiq: two processes with eight threads each, over RabbitMQ, with or without results in Redis."""

from __future__ import annotations

from bench.flow.peers.peer import WORK, Peer, set_up
from bench.flow.stage import Stage


async def dramatiq(stage: Stage) -> Peer:
    """Dramatiq that keeps results."""
    return await set_up(stage, "Dramatiq", lambda peer: _start(peer, keeps_results=True))


async def dramatiq_bare(stage: Stage) -> Peer:
    """Dramatiq that keeps nothing."""
    return await set_up(stage, "Dramatiq, bare", lambda peer: _start(peer, keeps_results=False))


async def _start(peer: Peer, *, keeps_results: bool) -> None:
    await peer.use_rabbitmq(keeps_results=keeps_results)
    module = f"{WORK}.dramatiq_actors"
    peer.work("worker", peer.python, "-m", "dramatiq", module, "--processes", "2", "--threads", "8")
    await peer.drive("dramatiq_actors")
