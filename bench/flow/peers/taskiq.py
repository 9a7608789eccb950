"""Taskiq: two processes, over RabbitMQ by aio-pika, with or without results in Redis."""

from __future__ import annotations

from bench.flow.peers.peer import WORK, Peer, set_up
from bench.flow.stage import Stage


async def taskiq(stage: Stage) -> Peer:
    """Taskiq that keeps results."""
    return await set_up(stage, "Taskiq", lambda peer: _start(peer, keeps_results=True))


async def taskiq_bare(stage: Stage) -> Peer:
    """Taskiq that keeps nothing."""
    return await set_up(stage, "Taskiq, bare", lambda peer: _start(peer, keeps_results=False))


async def _start(peer: Peer, *, keeps_results: bool) -> None:
    await peer.use_rabbitmq(keeps_results=keeps_results)
    worker = (peer.python, "-m", "taskiq", "worker", f"{WORK}.taskiq_tasks:broker")
    peer.work("worker", *worker, "--workers", "2", "--log-level", "WARNING")
    await peer.drive("taskiq_tasks")
