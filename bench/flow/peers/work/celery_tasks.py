"""Celery: a chain of three tasks. The worker's command names this module; run as a program, it begins chains.

Durable queues, acknowledgements after the work, and publishes that are confirmed: what Resistor does, too.
"""

from __future__ import annotations

import asyncio
import os
from typing import Any

from celery import Celery, chain

from bench.flow.peers.work.counting import count_one
from bench.flow.peers.work.driving import document, drive
from bench.flow.peers.work.settings import AMQP_URL, KEEPS_RESULTS, REDIS_URL

_backend = os.environ[REDIS_URL] if os.environ.get(KEEPS_RESULTS) else None

app = Celery("bench", broker=os.environ[AMQP_URL], backend=_backend)
app.conf.update(
    task_acks_late=True,
    task_ignore_result=_backend is None,
    broker_transport_options={"confirm_publish": True},
    broker_connection_retry_on_startup=True,
    result_expires=3600,
)


@app.task(name="first")
def first(document: dict[str, Any]) -> dict[str, Any]:
    """Return the document."""
    return {**document, "a": 1}


@app.task(name="second")
def second(document: dict[str, Any]) -> dict[str, Any]:
    """Return the document."""
    return {**document, "b": 2}


@app.task(name="third")
def third(document: dict[str, Any]) -> dict[str, Any]:
    """Return the document, the last."""
    count_one()
    return {**document, "c": 3}


async def begin(count: int) -> None:
    """Begin so many chains; each publish waits for its confirmation."""
    for _ in range(count):
        chain(first.s(document()), second.s(), third.s()).apply_async()


if __name__ == "__main__":
    asyncio.run(drive(begin))
