"""aiormq behind `channels.Wire`: slower by far, and not ours: `RESISTOR_AMQP_CLIENT=aiormq`.

aiormq keeps a table of what it waits for, tag by tag; a `_Slip` stands in it for the future that it would
make for each message.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import aiormq
from aiormq.abc import ChannelFrame, DeliveredMessage
from aiormq.exceptions import AMQPChannelError
from pamqp import commands
from pamqp.body import ContentBody
from pamqp.header import ContentHeader
from yarl import URL

from resistor.bus import wire as plain
from resistor.bus.channels import NOT_FOUND, Arrive, Letter, Lost, Refused
from resistor.bus.envelopes import delivery_count, from_properties
from resistor.bus.wire import is_usable, losing, open_channel, shut
from resistor.ports import Delivery, Outcome

_FRAME_OVERHEAD = 8  # type, channel, size, end
_OTHER = 406  # the code of a refusal that says none

_CODES: dict[type[AMQPChannelError], int] = {
    aiormq.ChannelAccessRefused: 403,
    aiormq.ChannelNotFoundEntity: NOT_FOUND,
    aiormq.ChannelLockedResource: 405,
}


async def connect(url: URL, *, client_name: str) -> FallbackWire:
    """Open a connection that announces itself as `client_name`. Raises `Lost` with the reason."""
    _silence()
    return FallbackWire(await plain.connect(url, client_name=client_name))


class FallbackWire:
    """A connection of aiormq's."""

    def __init__(self, wire: plain.Wire) -> None:
        """Take a connection that is open."""
        self._wire = wire
        frame_max = wire.connection_tune.frame_max or 0
        self.payload_max = frame_max - _FRAME_OVERHEAD if frame_max else 1 << 31

    @property
    def is_blocked(self) -> bool:
        """Whether the broker has an alarm."""
        return self._wire.is_blocked

    @property
    def is_sending(self) -> bool:
        """Whether some of what was written waits for the socket to take it."""
        return self._wire.is_sending

    def when_closed(self, call: Callable[[BaseException | None], None]) -> None:
        """Call `call` with the reason as soon as the connection is closed."""
        plain.when_closed(self._wire, call)

    async def channel(self, *, confirms: bool = False) -> FallbackChannel:
        """Open a channel. Raises `Lost`."""
        return FallbackChannel(await open_channel(self._wire, confirms=confirms), self.payload_max)

    async def close(self) -> None:
        """Close it, and be content if it is gone already."""
        await shut(self._wire)


class FallbackChannel:
    """A channel of aiormq's."""

    def __init__(self, channel: aiormq.Channel, payload_max: int) -> None:
        """Take a channel that is open."""
        self._channel = channel
        self._payload_max = payload_max

    @property
    def is_usable(self) -> bool:
        """Whether a frame may still be sent on it."""
        return is_usable(self._channel)

    @property
    def open_ids(self) -> set[str]:
        """The message ids of letters that are out."""
        return set(self._channel.message_id_delivery_tag)

    def when_closed(self, call: Callable[[BaseException | None], None]) -> None:
        """Call `call` with the reason as soon as the channel is closed, or its consumer ended."""
        plain.when_closed(self._channel, lambda error: call(_said(error)))
        self._channel.on_consumer_cancel_callbacks.add(lambda _: call(Lost("the consumer was ended")))

    async def consume(
        self, queue: str, *, prefetch: int, priority: int = 0, generation: int, arrive: Arrive
    ) -> None:
        """Begin to consume. Raises `Lost` and `Refused`."""
        await self._asked(self._channel.basic_qos(prefetch_count=prefetch))
        hand_over = partial(_hand_over, queue, generation, arrive)
        arguments: dict[str, Any] | None = {"x-priority": priority} if priority else None
        await self._asked(self._channel.basic_consume(queue, hand_over, arguments=arguments))

    def ack(self, tag: int, *, multiple: bool) -> None:
        """Acknowledge a delivery, or all up to it. Raises `Lost`."""
        self._write([commands.Basic.Ack(tag, multiple)])

    def reject(self, tag: int, *, multiple: bool) -> None:
        """Have the broker dead-letter a delivery, or all up to it. Raises `Lost`."""
        self._write([commands.Basic.Nack(tag, multiple, requeue=False)])

    async def publish(self, letters: Sequence[Letter]) -> None:
        """Write these in one go. Raises `Lost`."""
        channel = self._channel
        self._write([frame for letter in letters for frame in self._frames(letter)])
        for letter in letters:
            channel.delivery_tag += 1
            channel.message_id_delivery_tag[letter.message_id] = channel.delivery_tag
            # aiormq asks of a confirmation: done, cancelled, set_result, set_exception.
            channel.confirmations[channel.delivery_tag] = _Slip(channel, letter)  # type: ignore[assignment]

    async def count(self, queue: str) -> tuple[int, int]:
        """Return how many messages are ready in a queue, and how many consume it."""
        found = await self._asked(self._channel.queue_declare(queue, passive=True))
        return found.message_count or 0, found.consumer_count or 0

    async def close(self) -> None:
        """Close it, and be content if it is gone already."""
        await shut(self._channel)

    async def _asked(self, asking: Any) -> Any:
        try:
            with losing():
                return await asking
        except AMQPChannelError as error:
            raise _refused(error) from None

    def _write(self, frames: Sequence[Any]) -> None:
        if not is_usable(self._channel):
            raise Lost("the channel was closed")
        self._channel.write_queue.put_nowait(ChannelFrame.marshall(self._channel.number, frames))

    def _frames(self, letter: Letter) -> list[Any]:
        message, body, size = letter.message, letter.message.envelope.body, self._payload_max
        publish = commands.Basic.Publish(
            exchange=message.exchange, routing_key=message.routing_key, mandatory=True
        )
        parts = (body[start : start + size] for start in range(0, len(body), size))
        return [publish, _Header(letter.header), *map(ContentBody, parts)]


class _Header(ContentHeader):
    """A header that is encoded already."""

    def __init__(self, payload: bytes) -> None:
        super().__init__()
        self._payload = payload

    def marshal(self) -> bytes:
        return self._payload


class _Slip:
    """Stands for the future in which aiormq would put a letter's confirmation."""

    __slots__ = ("_channel", "_letter")

    def __init__(self, channel: aiormq.Channel, letter: Letter) -> None:
        self._channel = channel
        self._letter = letter

    def done(self) -> bool:
        return self._letter.outcome is not None

    def cancelled(self) -> bool:
        return False

    def set_result(self, _: object) -> None:
        self._land(Outcome.CONFIRMED)

    def set_exception(self, error: BaseException) -> None:
        self._land(Outcome.UNROUTABLE if isinstance(error, aiormq.PublishError) else Outcome.REFUSED)

    def _land(self, outcome: Outcome) -> None:
        self._channel.message_id_delivery_tag.pop(self._letter.message_id, None)
        self._letter.land(outcome)


async def _hand_over(queue: str, generation: int, arrive: Arrive, message: DeliveredMessage) -> None:
    delivery, properties = message.delivery, message.header.properties
    if not isinstance(delivery, commands.Basic.Deliver):
        return
    redelivered = bool(delivery.redelivered)
    arrive(
        [
            Delivery(
                envelope=from_properties(properties, message.body),
                exchange=delivery.exchange or "",
                routing_key=delivery.routing_key or "",
                queue=queue,
                tag=delivery.delivery_tag or 0,
                generation=generation,
                redelivered=redelivered,
                count=delivery_count(properties.headers or {}) if redelivered else 0,
            )
        ]
    )


def _said(error: BaseException | None) -> BaseException | None:
    """Return what the broker said of a channel, as `Refused`; that a channel is just gone says nothing."""
    if isinstance(error, AMQPChannelError) and error.args != (None, None):
        return _refused(error)
    return error


def _refused(error: AMQPChannelError) -> Refused:
    return Refused(_CODES.get(type(error), _OTHER), str(error))


def _silence() -> None:
    """Keep aiormq from logging what `Weather` says in a line, unless somebody has set its level."""
    logger = logging.getLogger(aiormq.__name__)
    if logger.level == logging.NOTSET:
        logger.setLevel(logging.CRITICAL)
