"""How late timers are, without faults: many runs, each with one `wait`, that are over at a steady rate."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

import aio_pika

from chaos.checker import run_of
from chaos.report import quantiles
from chaos.site import Site, installed
from chaos.storm import ended
from resistor.engine.facts import FactName
from resistor.messages.action import rfc3339

AHEAD_SECONDS = 25.0  # between the first event and the first timer: all must have begun by then
PAGE = 500


async def lateness(rate: int, count: int) -> dict[str, Any]:
    """Let `count` timers be over, `rate` of them a second; returns how late they were, in seconds."""
    async with installed() as site:
        await site.declared()
        first = time.time() + AHEAD_SECONDS + count / 400
        await _start(site, rate, count, first)
        began_in_time = time.time() < first
        async with asyncio.timeout(600.0):
            while await ended(site) < count:  # noqa: ASYNC110
                await asyncio.sleep(0.5)  # it is other processes' event
        late = await _late(site, rate, count, first)
    return {
        "rate": rate,
        "timers": count,
        "all_began_in_time": began_in_time,
        "early": sum(each < -0.001 for each in late),
        "lateness": quantiles(late),
    }


async def _start(site: Site, rate: int, count: int, first: float) -> None:
    connection = await aio_pika.connect(site.rabbitmq.amqp_url)
    async with connection:
        channel = await connection.channel()
        exchange = await channel.get_exchange("resistor.events")
        for start in range(0, count, PAGE):
            await asyncio.gather(
                *(
                    _publish(exchange, n, round(first + n / rate, 3))
                    for n in range(start, min(start + PAGE, count))
                )
            )


async def _publish(exchange: Any, number: int, at: float) -> None:
    body = json.dumps({"at": rfc3339(at)}).encode()
    message = aio_pika.Message(body, message_id=f"timer-{number}", content_type="application/json")
    await exchange.publish(message, routing_key="chaos.at")


async def _late(site: Site, rate: int, count: int, first: float) -> list[float]:
    late = []
    for number in range(count):
        facts = await site.store.history(run_of("at", f"timer-{number}"))
        at = next(fact.at for fact in facts if fact.name is FactName.STEP_COMPLETED)
        late.append(at - round(first + number / rate, 3))
    return late
