"""Taskiq: two processes, over RabbitMQ by aio-pika, with or without results in Redis."""

from __future__ import annotations

from bench.flow.peers.peer import WORK, Peer, set_up
from bench.flow.stage import Stage


async def taskiq(stage: Stage) -> Peer:
    """Taskiq that keeps results."""
    return await set_up(stage, "Taskiq", _keeping)


async def taskiq_bare(stage: Stage) -> Peer:
    """Taskiq that keeps nothing."""
    return await set_up(stage, "Taskiq, bare", _start)


async def _keeping(peer: Peer) -> None:
    peer.environment["BENCH_KEEPS_RESULTS"] = "yes"
    await _start(peer)
    peer.uses("Redis")


async def _start(peer: Peer) -> None:
    peer.environment["BENCH_AMQP_URL"] = peer.stage.rabbitmq.new_vhost()
    worker = (peer.python, "-m", "taskiq", "worker", f"{WORK}.taskiq_tasks:broker")
    peer.work("worker", *worker, "--workers", "2", "--max-async-tasks", "200", "--log-level", "WARNING")
    peer.uses("RabbitMQ")
    await peer.drive("taskiq_tasks")
