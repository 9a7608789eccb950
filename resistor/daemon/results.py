"""Takes results from every queue that has them, and there may be more of those tomorrow.

Whoever runs as several processes, or says so in its settings, has answers sent to queues of its own. When it
is gone for good, its actions are still out, and others have to take the answers.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from resistor.daemon.consumer import Consumer

log = logging.getLogger(__name__)

LOOK_SECONDS = 5.0

Count = Callable[[], Awaitable[int]]


async def just_one() -> int:
    """Return 1: results are not spread."""
    return 1


class Results:
    """The consumers of all queues of results."""

    def __init__(self, consumer: Callable[[int], Consumer], count: Count) -> None:
        """Take what makes the consumer of a partition, and what says how many partitions there are."""
        self._consumer = consumer
        self._count = count
        self._consumers: list[Consumer] = []
        self._running: set[asyncio.Task[None]] = set()
        self._is_stopping = False

    def stop(self) -> None:
        """Take no more. What is in hand is brought to its end first. Idempotent."""
        self._is_stopping = True
        for consumer in self._consumers:
            consumer.stop()

    async def run(self) -> None:
        """Consume from all until `stop`, and look for more of them now and then."""
        try:
            while not self._is_stopping:
                self.begin(await self._count())
                done, _ = await asyncio.wait(
                    self._running, timeout=LOOK_SECONDS, return_when=asyncio.FIRST_COMPLETED
                )
                for ended in done:
                    ended.result()
            await asyncio.gather(*self._running)
        finally:
            for running in self._running:
                running.cancel()
            await asyncio.gather(*self._running, return_exceptions=True)

    def begin(self, count: int) -> None:
        """Consume from so many queues, which are there by now."""
        for partition in range(len(self._consumers), count):
            consumer = self._consumer(partition)
            self._consumers.append(consumer)
            self._running.add(asyncio.create_task(consumer.run(), name="consumer"))
            if self._is_stopping:
                consumer.stop()
            if partition:
                log.debug("taking results of a partition", extra={"action": "taking", "partition": partition})
