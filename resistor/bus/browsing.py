"""Looking through a queue without consuming it: one channel holds everything, and gives it back in its order.

Made by the bus for operators' commands. What is held is hidden from other consumers until it goes back, and
going back counts as a delivery: only for queues that nobody works through, whose delivery limit has no end.

There is no way to look at the second message without holding the first, so what is unacknowledged grows up
to the whole queue; that is numbers, here and in the broker, while the messages themselves pass through a page
at a time. A page is a consumer of its own: `basic.get`, one message at a time, took five times as long and
gave a quorum queue's messages back in any order (each get is a consumer there, and what an end gives back
comes consumer by consumer). The get behind each page says whether there is more; what belongs to the page has
come when its consumer is cancelled.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from math import inf

import aiormq
from aiormq.abc import DeliveredMessage
from aiormq.exceptions import AMQPChannelError
from pamqp.commands import Basic
from yarl import URL

from resistor.bus.channels import Lost
from resistor.bus.envelopes import delivery_count, from_properties
from resistor.bus.wire import connect, is_usable, losing, open_channel, shut
from resistor.errors import NotFound
from resistor.ports import Delivery

PAGE_MESSAGES = 50
"""Messages of the first page. The next ones have more, up to `MOST_MESSAGES`, while as many like the largest
of the page before fit into `PAGE_BYTES`."""
MOST_MESSAGES = 1000
PAGE_BYTES = 16 << 20
RETURNED_TOGETHER = 32
"""Messages given back at once: what comes back together a quorum queue keeps in an Erlang map, which is in
order up to so many keys, and in any order beyond (measured on RabbitMQ 3.10)."""
COUNTED_SECONDS = 5.0  # for the queue to count what came back at once
SETTLING_GETS = 4
"""Two would do if what the queue tells the channel never came late."""
ANSWER_SECONDS = 30.0  # for a whole page, over a slow line
RETURN_SECONDS = 60.0  # for the broker to take everything back: 100,000 messages took it 10


class Browser:
    """One look through a queue, oldest first."""

    def __init__(self, channel: aiormq.Channel, queue: str) -> None:
        """Look through `queue` on `channel`, which is nobody else's."""
        self._channel = channel
        self._queue = queue
        self._held: list[list[int]] = []  # tags, by the consumer that they came to
        self._gone: set[int] = set()
        self._ahead: list[Delivery] = []  # of the next page

    async def pages(self) -> AsyncIterator[Sequence[Delivery]]:
        """Yield what is in the queue, page by page, until it is empty. What comes meanwhile is yielded too.

        Raises `NotFound` where there is no such queue, and `BrokerUnreachable`; all goes back then.
        """
        number, size, is_more = 0, PAGE_MESSAGES, True
        while is_more or self._ahead:
            number += 1
            ahead, self._ahead = self._ahead, []
            page, is_more = await self._page(f"page-{number:09d}", size)
            page = [*ahead, *page]
            largest = max((len(each.envelope.body) for each in page), default=0)
            size = min(MOST_MESSAGES, max(1, PAGE_BYTES // (largest + 1)), 2 * size)
            if page:
                yield page

    async def head(self) -> Delivery | None:
        """Return the oldest message, None where there is none. Raises as `pages` does."""
        try:
            with losing():
                async with asyncio.timeout(ANSWER_SECONDS):
                    return next(iter(await self._get()), None)
        except AMQPChannelError as error:
            raise NotFound(f"queue {self._queue} cannot be read: {error}") from None

    async def remove(self, deliveries: Sequence[Delivery]) -> None:
        """Acknowledge these: when this returns they are gone for good. Raises `BrokerUnreachable`.

        A channel that gets further than its queue keeps acknowledgements back, and one that is closed then
        forgets them. So this waits for what the queue has agreed on: a get is such a thing, and the next one
        comes after what the channel had kept back until then. What the gets bring belongs to the next page.
        """
        with losing():
            async with asyncio.timeout(ANSWER_SECONDS):
                for number, delivery in enumerate(deliveries, 1):
                    await self._channel.basic_ack(delivery.tag, wait=False)
                    self._gone.add(delivery.tag)
                    if number % RETURNED_TOGETHER == 0:
                        await self._channel.queue_declare(self._queue, passive=True)
                for _ in range(SETTLING_GETS if deliveries else 0):
                    self._ahead += await self._get()

    async def give_back(self) -> None:
        """Give everything back that was not removed, in the order in which it came. Raises as `remove`.

        A channel that gets further than its queue puts several nacks together, and then nothing is in order
        any more. So each waits until the queue counts what the one before gave back. Where somebody else
        takes from the queue that count is never reached: from then on nothing waits.
        """
        held, self._held = self._held, []
        with losing():
            there, is_counting = await self._depth(), True
            for together, is_all_below in _together(held, self._gone):
                for tag in together[-1:] if is_all_below else together:
                    await self._channel.basic_nack(tag, multiple=is_all_below, requeue=True, wait=False)
                there += len(together)
                is_counting = is_counting and await self._counts(there)

    async def _counts(self, messages: int) -> bool:
        """Wait until the queue has so many messages; returns whether it had in time."""
        loop = asyncio.get_running_loop()
        last = loop.time() + COUNTED_SECONDS
        while await self._depth() < messages:
            if loop.time() > last:
                return False
        return True

    async def _depth(self) -> int:
        declared = await self._channel.queue_declare(self._queue, passive=True)
        return declared.message_count or 0

    async def _page(self, consumer: str, size: int) -> tuple[list[Delivery], bool]:
        """Take a page of `size`, and one; also whether there may be more behind it."""
        arrived: list[Delivery] = []
        tags: list[int] = []

        async def arrive(message: DeliveredMessage) -> None:
            arrived.append(self._delivery(message))
            tags.append(arrived[-1].tag)

        self._held.append(tags)
        channel = self._channel
        try:
            with losing():
                async with asyncio.timeout(ANSWER_SECONDS):
                    await channel.basic_qos(prefetch_count=size)
                    await channel.basic_consume(self._queue, arrive, consumer_tag=consumer)
                    behind = await self._get()
                    await channel.basic_cancel(consumer)
        except AMQPChannelError as error:
            raise NotFound(f"queue {self._queue} cannot be read: {error}") from None
        return [*arrived, *behind], bool(behind)

    async def _get(self) -> list[Delivery]:
        """Take the next message, if there is one."""
        message = await self._channel.basic_get(self._queue)
        if isinstance(message.delivery, Basic.GetEmpty):
            return []
        delivery = self._delivery(message)
        self._held.append([delivery.tag])
        return [delivery]

    def _delivery(self, message: DeliveredMessage) -> Delivery:
        delivery, properties = message.delivery, message.header.properties
        assert isinstance(delivery, Basic.Deliver | Basic.GetOk)  # noqa: S101 - nothing else has a body
        redelivered = bool(delivery.redelivered)
        return Delivery(
            envelope=from_properties(properties, message.body),
            exchange=delivery.exchange or "",
            routing_key=delivery.routing_key or "",
            queue=self._queue,
            tag=delivery.delivery_tag or 0,
            generation=0,
            redelivered=redelivered,
            count=delivery_count(properties.headers or {}) if redelivered else 0,
        )


def _together(held: list[list[int]], gone: set[int]) -> list[tuple[list[int], bool]]:
    """Say what goes back at once, and whether that is everything up to its last tag that is still held.

    A get's answer overtakes, now and then, what its page's consumer was given before: its tag is lower then,
    while its message is the later one. (The broker's channel asks the queue, and reads that answer first.)
    """
    pieces = []
    lowest = inf  # of what goes back later
    for tags in reversed(held):
        left = [tag for tag in tags if tag not in gone]
        for start in reversed(range(0, len(left), RETURNED_TOGETHER)):
            together = left[start : start + RETURNED_TOGETHER]
            pieces.append((together, together[-1] < lowest))
            lowest = min(lowest, together[0])
    pieces.reverse()
    return pieces


@asynccontextmanager
async def browsing(url: URL, queue: str) -> AsyncIterator[Browser]:
    """Look through `queue`, on a connection of its own; at the end everything goes back that was not removed.

    That all is back is known when the broker has closed the channel. Its connection is nobody else's: it is
    the one thing that cannot be given up without everything on it going back.
    """
    wire = await connect(url, client_name="resistor browser")
    try:
        channel = await open_channel(wire)
        browser = Browser(channel, queue)
        try:
            yield browser
        finally:
            await _return(channel, browser)
    finally:
        await shut(wire)


async def _return(channel: aiormq.Channel, browser: Browser) -> None:
    """Have everything back in the queue. Where the channel is gone the broker has seen to it."""
    with suppress(Lost, AMQPChannelError), losing():
        if is_usable(channel):
            await browser.give_back()
            await asyncio.wait_for(channel.close(), RETURN_SECONDS)
