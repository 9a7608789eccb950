"""The journal: a stream in which RabbitMQ itself keeps a copy of every event, to be told again.

Implements `ports.Journal`. The stream is bound to the events exchange, so a publisher's confirmation is of
the copy too, and the daemon has no part in writing it. Read on a connection of its own, by whoever recovers
a store that went back in time; reading takes nothing out.

A marker that the reader publishes to the stream says where to end: what comes behind it was published after
the reading began, and is in the queues.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from uuid import uuid4

import aiormq
from aiormq.abc import DeliveredMessage
from aiormq.exceptions import AMQPChannelError, DeliveryError
from pamqp.commands import Basic
from yarl import URL

from resistor.bus.channels import Lost
from resistor.bus.envelopes import from_properties
from resistor.bus.names import Names
from resistor.bus.wire import connect, losing, open_channel, shut
from resistor.errors import BrokerUnreachable, OperatorMistake
from resistor.ports import Delivery

AT_ONCE = 200  # messages in hand, and in a page
SILENCE_SECONDS = 30.0  # without a message: the stream is given up, and read again later

_Queue = asyncio.Queue[DeliveredMessage]


class StreamJournal:
    """The journal of one installation."""

    def __init__(self, url: URL, names: Names) -> None:
        """Take where the broker is, and how things are called there."""
        self._url = url
        self._names = names

    async def since(self, at: float) -> AsyncIterator[Sequence[Delivery]]:
        """Give all events from `at` on, in seconds since the epoch, oldest first, until the present.

        Whole segments of the stream are given, so some may be older. Raises `BrokerUnreachable`, and
        `OperatorMistake` where there is no journal, or it may not be read.
        """
        connection = await connect(self._url, client_name="resistor journal")
        try:
            channel = await open_channel(connection, confirms=True)
            marker = uuid4().hex
            arrived: _Queue = asyncio.Queue()
            await self._begin(channel, at, marker, arrived)
            is_over = False
            while not is_over:
                messages = await _page(arrived)
                ids = [message.header.properties.message_id for message in messages]
                is_over = marker in ids
                if is_over:
                    messages = messages[: ids.index(marker)]
                yield [each for message in messages if (each := self._delivery(message)) is not None]
                if messages and not is_over:
                    await channel.basic_ack(_tag(messages[-1]), multiple=True, wait=False)
        finally:
            await shut(connection)

    async def _begin(self, channel: aiormq.Channel, at: float, marker: str, arrived: _Queue) -> None:
        queue = self._names.journal_queue
        offset = datetime.fromtimestamp(at, UTC) if at > 0 else "first"
        try:
            with losing():
                async with asyncio.timeout(SILENCE_SECONDS):
                    properties = Basic.Properties(message_id=marker, delivery_mode=2)
                    await channel.basic_publish(b"", routing_key=queue, properties=properties, mandatory=True)
                    await channel.basic_qos(prefetch_count=AT_ONCE)
                    await channel.basic_consume(queue, arrived.put, arguments={"x-stream-offset": offset})
        except AMQPChannelError as error:
            raise OperatorMistake(f"the journal {queue} cannot be read: {error}") from None
        except Lost as lost:
            if isinstance(lost.__cause__, DeliveryError):
                raise OperatorMistake(f"the journal {queue} cannot be read: there is no such queue") from None
            raise

    def _delivery(self, message: DeliveredMessage) -> Delivery | None:
        """Return the message as its queue would deliver it; None for a marker."""
        exchange = message.exchange or ""
        queues = {
            self._names.events: self._names.events_queue,
            self._names.commands: self._names.commands_queue,
        }
        if exchange not in queues:
            return None
        return Delivery(
            envelope=from_properties(message.header.properties, message.body),
            exchange=exchange,
            routing_key=message.routing_key or "",
            queue=queues[exchange],
            tag=_tag(message),
            generation=0,
            redelivered=True,
        )


async def _page(arrived: _Queue) -> list[DeliveredMessage]:
    """Wait for a message and return what is there."""
    try:
        async with asyncio.timeout(SILENCE_SECONDS):
            messages = [await arrived.get()]
    except TimeoutError:
        raise BrokerUnreachable("the journal is silent") from None
    while not arrived.empty() and len(messages) < AT_ONCE:
        messages.append(arrived.get_nowait())
    return messages


def _tag(message: DeliveredMessage) -> int:
    return message.delivery_tag or 0
