"""Taskiq: a pipeline of three tasks. The workers' command names `broker` here; as a program, it begins them.

Its queues are durable (quorum queues) and its publishes confirmed, always; it acknowledges when a result is
saved.
"""

from __future__ import annotations

import os
from typing import Any

import uvloop
from taskiq_aio_pika import AioPikaBroker
from taskiq_pipelines import Pipeline, PipelineMiddleware
from taskiq_redis import RedisAsyncResultBackend

from bench.flow.peers.work.counting import count_one
from bench.flow.peers.work.driving import at_once, document, drive
from bench.flow.peers.work.settings import AMQP_URL, KEEPS_RESULTS, REDIS_URL

PREFETCH = 100  # as many as a worker does at once; the default of 10 would starve it

broker = AioPikaBroker(os.environ[AMQP_URL], qos=PREFETCH)
broker.add_middlewares(PipelineMiddleware())
if os.environ.get(KEEPS_RESULTS):
    broker.with_result_backend(RedisAsyncResultBackend(os.environ[REDIS_URL], result_ex_time=3600))


@broker.task(task_name="first")
async def first(document: dict[str, Any]) -> dict[str, Any]:
    """Return the document."""
    return {**document, "a": 1}


@broker.task(task_name="second")
async def second(document: dict[str, Any]) -> dict[str, Any]:
    """Return the document."""
    return {**document, "b": 2}


@broker.task(task_name="third")
async def third(document: dict[str, Any]) -> dict[str, Any]:
    """Return the document, the last."""
    count_one()
    return {**document, "c": 3}


async def begin(count: int) -> None:
    """Begin so many pipelines."""
    await at_once(count, lambda: Pipeline(broker, first).call_next(second).call_next(third).kiq(document()))


async def main() -> None:
    """Begin pipelines when told to."""
    await broker.startup()
    await drive(begin)


if __name__ == "__main__":
    uvloop.run(main())
