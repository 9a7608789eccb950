"""The starter: publishes events, some of them twice, and writes each down once the broker has confirmed it.

Publishes to the broker itself, not through the proxy; when the broker is away, it tries again. An event whose
confirm was lost is published again under the same id: that is what ids are for.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
from typing import Any

import aio_pika
from aio_pika.abc import AbstractExchange

from chaos.site import Site

WORKFLOWS = ("sequence", "sequence", "sequence", "parallel", "timer", "saga", "listener", "parent")
TWICE = 0.02
BAD = 0.01
BURST = 20
MOST_OPEN = 600  # runs: more would measure the queue, and not the faults

_BAD = (b"", b"{", b"[1]", b'"\xff"', b"{'a': 1}", b'{"a": 1, "a": 2}', b'{"a": NaN}', b"\xef\xbb\xbf[]")


class Starter:
    """Publishes until it has published so many, or is told to stop."""

    def __init__(self, site: Site, draw: random.Random) -> None:
        """Take where, and chance."""
        self._site = site
        self._draw = draw
        self._ledger = os.open(site.event_ledger, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self._exchange: AbstractExchange | None = None
        self._connection: Any = None
        self.published = 0
        self.twice = 0
        self.bad = 0
        self.open_runs = 0
        self.is_stopping = False
        self.is_enough = False

    async def run(self, count: int, *, rate: float) -> None:
        """Publish `count` events, `rate` a second if runs end as fast; and more, until it `is_enough`."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        while self.published < count or not self.is_enough:
            is_early = not self.is_enough and self.published > (loop.time() - began) * rate
            if self.open_runs > MOST_OPEN or is_early:
                await asyncio.sleep(0.1)
                continue
            numbers = range(self.published, self.published + BURST)
            await asyncio.gather(*(self._start(number) for number in numbers))
            self.published = numbers.stop
            self.open_runs += len(numbers)

    async def tell_listeners(self) -> None:
        """Publish what the listeners wait for, to all of them once more."""
        for start in range(0, self.published, 200):
            numbers = range(start, min(start + 200, self.published))
            await asyncio.gather(*(self._publish("told", f"told-{n}", {"n": n}) for n in numbers))

    async def _start(self, number: int) -> None:
        name = WORKFLOWS[number % len(WORKFLOWS)]
        event = f"event-{number}"
        times = 2 if self._draw.random() < TWICE else 1
        for _ in range(times):
            await self._publish(name, event, {"n": number})
        self.twice += times - 1
        os.write(self._ledger, json.dumps({"id": event, "workflow": name, "n": number}).encode() + b"\n")
        if name == "listener":
            await self._publish("told", f"told-{number}", {"n": number})
        if self._draw.random() < BAD:
            self.bad += 1
            await self._publish(self._draw.choice(["sequence", "nobody"]), None, self._draw.choice(_BAD))

    async def _publish(self, name: str, event: str | None, data: dict[str, Any] | bytes) -> None:
        body = data if isinstance(data, bytes) else json.dumps(data).encode()
        message = aio_pika.Message(
            body,
            message_id=event,
            content_type="application/json",
            delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
        )
        while not self.is_stopping:
            try:
                async with asyncio.timeout(10.0):
                    exchange = self._exchange or await self._connected()
                    await exchange.publish(message, routing_key=f"chaos.{name}")
            except (Exception, asyncio.CancelledError) as error:
                if isinstance(error, asyncio.CancelledError) and asyncio.current_task().cancelling():  # type: ignore[union-attr]
                    raise
                self._exchange = None
                await asyncio.sleep(0.3)
            else:
                return

    async def _connected(self) -> AbstractExchange:
        connection = await aio_pika.connect(f"amqp://guest:guest@127.0.0.1:{self._site.rabbitmq.port}/")
        channel = await connection.channel(on_return_raises=True)
        self._connection = connection
        self._exchange = await channel.get_exchange("resistor.events")
        return self._exchange

    async def close(self) -> None:
        """Disconnect."""
        if self._connection is not None:
            await self._connection.close()
        os.close(self._ledger)
