"""Celery: a worker with two processes, over RabbitMQ, with or without results in Redis."""

from __future__ import annotations

from bench.flow.peers.peer import WORK, Peer, set_up
from bench.flow.stage import Stage

TASKS = f"{WORK}.celery_tasks"


async def celery(stage: Stage) -> Peer:
    """Celery that keeps results, so that it can be asked afterwards, as Resistor can."""
    return await set_up(stage, "Celery", _keeping)


async def celery_bare(stage: Stage) -> Peer:
    """Celery that keeps nothing."""
    return await set_up(stage, "Celery, bare", _start)


async def _keeping(peer: Peer) -> None:
    peer.environment["BENCH_KEEPS_RESULTS"] = "yes"
    await _start(peer)
    peer.uses("Redis")


async def _start(peer: Peer) -> None:
    peer.environment["BENCH_AMQP_URL"] = peer.stage.rabbitmq.new_vhost()
    quiet = ("--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel", "WARNING")
    worker = (peer.python, "-m", "celery", "-A", TASKS, "worker")
    peer.work("worker", *worker, "--pool", "prefork", "--concurrency", "2", *quiet)
    peer.uses("RabbitMQ")
    await peer.drive("celery_tasks")
