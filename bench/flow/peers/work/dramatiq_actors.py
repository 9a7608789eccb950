"""Dramatiq: a pipeline of three actors. The workers' command names this module; as a program, it begins them.

Its queues are durable and its messages acknowledged after the work, always; publishes are confirmed.
"""

from __future__ import annotations

import asyncio
import os
from typing import Any

import dramatiq
from dramatiq.brokers.rabbitmq import RabbitmqBroker
from dramatiq.results import Results
from dramatiq.results.backends import RedisBackend

from bench.flow.peers.work.counting import count_one
from bench.flow.peers.work.driving import document, drive
from bench.flow.peers.work.settings import AMQP_URL, KEEPS_RESULTS, REDIS_URL

broker = RabbitmqBroker(url=os.environ[AMQP_URL], confirm_delivery=True)
if os.environ.get(KEEPS_RESULTS):
    broker.add_middleware(Results(backend=RedisBackend(url=os.environ[REDIS_URL]), store_results=True))
dramatiq.set_broker(broker)


@dramatiq.actor
def first(document: dict[str, Any]) -> dict[str, Any]:
    """Return the document."""
    return {**document, "a": 1}


@dramatiq.actor
def second(document: dict[str, Any]) -> dict[str, Any]:
    """Return the document."""
    return {**document, "b": 2}


@dramatiq.actor
def third(document: dict[str, Any]) -> dict[str, Any]:
    """Return the document, the last."""
    count_one()
    return {**document, "c": 3}


async def begin(count: int) -> None:
    """Begin so many pipelines; each publish waits for its confirmation."""
    for _ in range(count):
        dramatiq.pipeline([first.message(document()), second.message(), third.message()]).run()


if __name__ == "__main__":
    asyncio.run(drive(begin))
