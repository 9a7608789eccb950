"""Celery: a worker with two processes, over RabbitMQ, with or without results in Redis."""

from __future__ import annotations

from bench.flow.peers.peer import WORK, Peer, set_up
from bench.flow.stage import Stage

TASKS = f"{WORK}.celery_tasks"


async def celery(stage: Stage) -> Peer:
    """Celery that keeps results, so that it can be asked afterwards, as Resistor can."""
    return await set_up(stage, "Celery", lambda peer: _start(peer, keeps_results=True))


async def celery_bare(stage: Stage) -> Peer:
    """Celery that keeps nothing."""
    return await set_up(stage, "Celery, bare", lambda peer: _start(peer, keeps_results=False))


async def _start(peer: Peer, *, keeps_results: bool) -> None:
    await peer.use_rabbitmq(keeps_results=keeps_results)
    quiet = ("--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel", "WARNING")
    worker = (peer.python, "-m", "celery", "-A", TASKS, "worker")
    peer.work("worker", *worker, "--pool", "prefork", "--concurrency", "2", *quiet)
    await peer.drive("celery_tasks")
