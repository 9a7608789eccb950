"""Dramatiq: two processes with eight threads each, over RabbitMQ, with or without results in Redis."""

from __future__ import annotations

from bench.flow.peers.peer import WORK, Peer, set_up
from bench.flow.stage import Stage


async def dramatiq(stage: Stage) -> Peer:
    """Dramatiq that keeps results."""
    return await set_up(stage, "Dramatiq", _keeping)


async def dramatiq_bare(stage: Stage) -> Peer:
    """Dramatiq that keeps nothing."""
    return await set_up(stage, "Dramatiq, bare", _start)


async def _keeping(peer: Peer) -> None:
    peer.environment["BENCH_KEEPS_RESULTS"] = "yes"
    await _start(peer)
    peer.uses("Redis")


async def _start(peer: Peer) -> None:
    peer.environment["BENCH_AMQP_URL"] = peer.stage.rabbitmq.new_vhost()
    module = f"{WORK}.dramatiq_actors"
    peer.work("worker", peer.python, "-m", "dramatiq", module, "--processes", "2", "--threads", "8")
    peer.uses("RabbitMQ")
    await peer.drive("dramatiq_actors")
