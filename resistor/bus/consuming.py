"""Lanes: a queue being consumed, across broken connections and deleted queues.

Made by the bus. A lane has a channel of its own and a task that opens it, again and again. What arrives is
put aside for `take`; nothing is acknowledged before somebody says so. When a channel is gone, so is what was
put aside: the broker delivers it again, and acknowledgements of the old channel mean nothing on the new one
(`generation`).

Must never run anything per message, and never nack in order to try again: it is the daemon that waits.
"""

from __future__ import annotations

import asyncio
import logging
from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type

from resistor.bus.channels import Channel, Lost, Refused
from resistor.bus.connection import ANSWER_SECONDS, PAUSES, Link, why
from resistor.ports import Delivery

log = logging.getLogger(__name__)

RENEW_SECONDS = 60.0
"""A lane that was quiet for so long consumes anew. RabbitMQ 3.10 tells nobody when a quorum queue is deleted
and declared again in the same moment: it counts the old consumers as the new queue's, and what it gives them
disappears until their channel is closed."""


class QueueLane:
    """One queue being consumed. Implements `ports.Lane`."""

    def __init__(
        self,
        link: Link,
        queue: str,
        *,
        prefetch: int,
        priority: int = 0,
        when_missing: Callable[[], None] = lambda: None,
    ) -> None:
        """Consume `queue` over `link`, with at most `prefetch` unacknowledged messages. Starts at once.

        `when_missing` is called at each attempt that finds no such queue, or one that may not be consumed.
        """
        self._link = link
        self._queue = queue
        self._prefetch = prefetch
        self._priority = priority
        self._when_missing = when_missing
        self._generation = 0
        self._channel: Channel | None = None
        self._unacked: dict[int, None] = {}  # tags that the broker waits for, in their order
        self._arrived: deque[Delivery] = deque()
        self._news = asyncio.Event()
        self._is_missing = False
        self._is_quiet = False
        self._is_consuming = False
        self._keeper = asyncio.create_task(self._keep(), name=f"lane {queue}")
        self._keeper.add_done_callback(lambda _: self._news.set())

    @property
    def is_consuming(self) -> bool:
        """Whether the broker would deliver now: the queue is there and so is the connection."""
        return self._is_consuming

    async def take(self, limit: int) -> Sequence[Delivery]:
        """Wait for a message and return what is there, `limit` at most: one when idle, many under load.

        Not taking is how to pause: the broker stops at `prefetch`. Raises `BrokerUnreachable` on a bus whose
        patience has run out.
        """
        while not self._arrived:
            if self._keeper.done():
                await self._keeper
            self._news.clear()
            await self._news.wait()
        return [self._arrived.popleft() for _ in range(min(limit, len(self._arrived)))]

    async def ack(self, deliveries: Sequence[Delivery]) -> None:
        """Acknowledge these, and only these. Stale ones are skipped."""
        self._settle(deliveries, is_done=True)

    async def reject(self, deliveries: Sequence[Delivery]) -> None:
        """Have the broker put these, and only these, to the dead letters. Stale ones are skipped."""
        self._settle(deliveries, is_done=False)

    async def close(self) -> None:
        """Stop consuming; what is not acknowledged is delivered again, to somebody else. Idempotent."""
        self._keeper.cancel()
        await asyncio.wait({self._keeper})
        if not self._keeper.cancelled():
            self._keeper.exception()  # whoever takes hears of it; here it is only taken note of

    # ------------------------------------------------------------------------------ acknowledging

    def _settle(self, deliveries: Sequence[Delivery], *, is_done: bool) -> None:
        channel, unacked = self._channel, self._unacked
        tags = sorted(
            {each.tag for each in deliveries if each.generation == self._generation and each.tag in unacked}
        )
        if channel is None or not tags or not channel.is_usable:
            return
        for tag in tags:
            del unacked[tag]
        oldest = next(iter(unacked), None)
        done = len(tags) if oldest is None else bisect_left(tags, oldest)
        send = channel.ack if is_done else channel.reject
        try:
            # Nothing here waits, so the frames of two callers cannot overtake each other: an acknowledgement
            # of many must never meet a tag that was acknowledged alone.
            if done:
                send(tags[done - 1], multiple=True)
            for tag in tags[done:]:
                send(tag, multiple=False)
        except Lost:
            pass  # gone in this moment: stale now

    # ---------------------------------------------------------------------------------- consuming

    async def _keep(self) -> None:
        while True:
            channel, over = await self._begin_again()
            try:
                await self._until_over(over)
            finally:
                self._forget()
                await channel.close()

    async def _begin_again(self) -> tuple[Channel, asyncio.Event]:
        async for attempt in AsyncRetrying(
            retry=retry_if_exception_type((Lost, Refused)),
            wait=PAUSES,
            before_sleep=self._failed,
        ):
            with attempt:
                return await self._begin()
        raise AssertionError("tenacity stops only where it is told to")

    async def _begin(self) -> tuple[Channel, asyncio.Event]:
        """Consume on a new channel; the event is set when the broker ends it, a deleted queue included."""
        channel = await (await self._link.current()).channel()
        over = asyncio.Event()
        channel.when_closed(lambda _: over.set())
        self._generation += 1
        generation = self._generation
        self._channel = channel
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                await channel.consume(
                    self._queue,
                    prefetch=self._prefetch,
                    priority=self._priority,
                    generation=generation,
                    arrive=partial(self._arrive, generation),
                )
        except BaseException as error:
            self._forget()
            await channel.close()
            if isinstance(error, TimeoutError):
                raise Lost("the broker does not answer") from None
            raise
        if self._is_missing:
            self._is_missing = False
            log.warning("queue %s is back", self._queue, extra={"action": "queue_back"})
        self._is_consuming = True
        return channel, over

    async def _until_over(self, over: asyncio.Event) -> None:
        """Wait until consuming has ended, or has been quiet for too long to be believed."""
        while not over.is_set():
            self._is_quiet = not self._unacked
            with suppress(TimeoutError):
                async with asyncio.timeout(RENEW_SECONDS):
                    await over.wait()
            if self._is_quiet:
                return

    def _arrive(self, generation: int, deliveries: Sequence[Delivery]) -> None:
        if generation != self._generation:
            return
        self._is_quiet = False
        self._unacked.update(dict.fromkeys(each.tag for each in deliveries))
        self._arrived.extend(deliveries)
        self._news.set()

    def _forget(self) -> None:
        self._generation += 1
        self._is_consuming = False
        self._channel = None
        self._unacked.clear()
        self._arrived.clear()

    def _failed(self, state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        if isinstance(error, Refused):
            self._when_missing()
        if isinstance(error, Refused) and not self._is_missing:
            self._is_missing = True
            log.warning(
                "queue %s cannot be consumed, waiting for it: %s",
                self._queue,
                why(error),
                extra={"action": "queue_missing"},
            )
