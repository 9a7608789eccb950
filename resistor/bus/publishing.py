"""Publishing: many messages in one write, each confirmed, and again whatever a broken connection left open.

Made by the bus, on a connection of its own: a broker with an alarm stops reading from whoever publishes, and
then not even an acknowledgement would get through. There is no task and no future per message: aiormq keeps a
table of what it waits for, tag by tag, and a `_Letter` stands in it for the future that aiormq would make.

A message that makes the broker close the channel (an exchange that is missing, a user who may not) takes the
confirmations of all others with it; what is open then goes out one by one, so that only the culprit pays.
One whose headers do not fit into a frame would make it close the connection: that one is refused here, and
is never sent.

Must never give a message up that can be sent, and never say `confirmed` where the broker did not.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Any

import aiormq
from aiormq.abc import ChannelFrame
from aiormq.exceptions import AMQPChannelError
from pamqp.body import ContentBody
from pamqp.commands import Basic
from pamqp.header import ContentHeader

from resistor.bus.connection import Link
from resistor.bus.envelopes import to_properties
from resistor.bus.wire import Lost, Wire, is_usable, open_channel, shut, when_closed, why
from resistor.ports import Outcome, Publish

log = logging.getLogger(__name__)

CONFIRM_SECONDS = 10.0
"""A broker that is there, not blocked, and says nothing for so long has lost a confirmation: what goes to a
quorum queue that has no leader yet, after a restart, may never be confirmed."""

FLIGHT_LETTERS = 500
"""Messages in one write. aiormq walks all that are open for each confirmation of many: 20,000 at once took
300 µs each, by 500 they took 110."""

_FRAME_OVERHEAD = 8  # type, channel, size, end
_MAX_SHORT_STRING = 255  # bytes


class Publisher:
    """Publishes over one link. Any number of calls at a time."""

    def __init__(self, link: Link) -> None:
        """Publish over `link`; nothing is opened before the first message."""
        self._link = link
        self._outlet: _Outlet | None = None
        self._opening = asyncio.Lock()

    async def publish(self, messages: Sequence[Publish]) -> Sequence[Outcome]:
        """Publish all of them, mandatory, and return when each is settled.

        A message with more properties and headers than the broker takes in one frame (131,064 bytes on
        RabbitMQ as it comes) is refused without being sent: AMQP splits bodies and nothing else.
        Raises `ValueError`, and sends nothing, where AMQP cannot carry one of them (text of more than 255
        bytes in a property or a routing key). Raises `BrokerUnreachable` on a bus whose patience has run out.
        """
        letters = [_Letter(message) for message in messages]
        left = letters
        while left:
            try:
                left = await self._round(left)
            except Lost as lost:
                log.debug("publishing again: %s", lost, extra={"action": "publish_again"})
                left = [letter for letter in left if letter.outcome is None]
        return [letter.settled() for letter in letters]

    async def _round(self, letters: Sequence[_Letter]) -> list[_Letter]:
        """Send `letters` and return those that are to be sent again. Raises `Lost`."""
        outlet = await self._ready()
        together, twins = outlet.apart(outlet.fitting(letters[:FLIGHT_LETTERS]))
        reason = await outlet.landing(outlet.send(together))
        left = [letter for letter in together if letter.outcome is None]
        if left and isinstance(reason, AMQPChannelError) and reason.args != (None, None):
            twins, left = [*left, *twins], []
        await self._one_by_one(twins)
        return [*left, *letters[FLIGHT_LETTERS:]]

    async def _one_by_one(self, letters: Sequence[_Letter]) -> None:
        """Send each on its own, on a channel apart, and say of each that closes it that it is the culprit."""
        outlet: _Outlet | None = None
        try:
            for letter in letters:
                if outlet is None or not outlet.is_usable:
                    outlet = await self._open()
                reason = await outlet.landing(outlet.send([letter]))
                if letter.outcome is None:
                    _blame(letter, reason)
        finally:
            if outlet is not None:
                await outlet.close()

    async def _ready(self) -> _Outlet:
        outlet = self._outlet
        if outlet is not None and outlet.is_usable:
            return outlet
        await self._link.current()
        async with self._opening:
            if self._outlet is None or not self._outlet.is_usable:
                self._outlet = await self._open()
            return self._outlet

    async def _open(self) -> _Outlet:
        wire = await self._link.current()
        return _Outlet(wire, await open_channel(wire, confirms=True))


def _blame(letter: _Letter, reason: BaseException | None) -> None:
    """Settle the one letter over which the broker closed the channel. Raises `Lost` if that was not it."""
    if not isinstance(reason, AMQPChannelError) or reason.args == (None, None):
        raise Lost(why(reason))
    is_nowhere = isinstance(reason, aiormq.ChannelNotFoundEntity)
    letter.outcome = Outcome.UNROUTABLE if is_nowhere else Outcome.REFUSED
    log.warning(
        "a message to %s with %r is %s: %s",
        letter.message.exchange,
        letter.message.routing_key,
        letter.outcome,
        why(reason),
        extra={"action": "publish_refused"},
    )


def _refuse(letter: _Letter, payload_max: int) -> None:
    """Settle a letter whose header frame the broker would answer by closing the connection."""
    letter.outcome = Outcome.REFUSED
    log.warning(
        "a message to %s with %r is %s: its properties and headers have %d bytes, the broker takes %d",
        letter.message.exchange,
        letter.message.routing_key,
        letter.outcome,
        len(letter.header.payload),
        payload_max,
        extra={"action": "publish_refused"},
    )


class _Outlet:
    """A channel with confirms, and the flights that are out on it."""

    def __init__(self, wire: Wire, channel: aiormq.Channel) -> None:
        self._wire = wire
        self._channel = channel
        self._flights: set[_Flight] = set()
        frame_max = wire.connection_tune.frame_max or 0
        self._payload_max = frame_max - _FRAME_OVERHEAD if frame_max else 1 << 62
        when_closed(channel, self._lose)

    @property
    def is_usable(self) -> bool:
        return is_usable(self._channel)

    def fitting(self, letters: Sequence[_Letter]) -> list[_Letter]:
        """Return those that this connection can carry; the others are settled: sending one would end it."""
        fitting: list[_Letter] = []
        for letter in letters:
            if len(letter.header.payload) <= self._payload_max:
                fitting.append(letter)
            else:
                _refuse(letter, self._payload_max)
        return fitting

    def apart(self, letters: Sequence[_Letter]) -> tuple[list[_Letter], list[_Letter]]:
        """Split off those whose message id is out already: returned messages are told apart by it."""
        together: list[_Letter] = []
        twins: list[_Letter] = []
        out = set(self._channel.message_id_delivery_tag)
        for letter in letters:
            (twins if letter.message_id in out else together).append(letter)
            out.add(letter.message_id)
        return together, twins

    def send(self, letters: Sequence[_Letter]) -> _Flight:
        """Write `letters` at once. Raises `Lost` if the channel has gone."""
        channel = self._channel
        if not is_usable(channel):
            raise Lost("the channel was closed")
        frames = [frame for letter in letters for frame in letter.frames(self._payload_max)]
        bytes_to_write = ChannelFrame.marshall(channel.number, frames)
        flight = _Flight(channel, len(letters))
        self._flights.add(flight)
        for letter in letters:
            letter.flight = flight
            channel.delivery_tag += 1
            channel.message_id_delivery_tag[letter.message_id] = channel.delivery_tag
            # aiormq asks of a confirmation: done, cancelled, set_result, set_exception.
            channel.confirmations[channel.delivery_tag] = letter  # type: ignore[assignment]
        channel.write_queue.put_nowait(bytes_to_write)
        return flight

    async def landing(self, flight: _Flight) -> BaseException | None:
        """Wait until all of `flight` is settled, or the channel is gone; then return why."""
        try:
            while True:
                try:
                    async with asyncio.timeout(CONFIRM_SECONDS):
                        return await asyncio.shield(flight.over)
                except TimeoutError:
                    if not self._wire.is_blocked:
                        log.warning(
                            "no confirmation in %g s: publishing again",
                            CONFIRM_SECONDS,
                            extra={"action": "confirm_overdue"},
                        )
                        await self.close()
        finally:
            self._flights.discard(flight)

    async def close(self) -> None:
        await shut(self._channel)

    def _lose(self, reason: BaseException | None) -> None:
        for flight in self._flights:
            flight.end(reason)


class _Flight:
    """Letters that were written together, until the last of them is settled."""

    def __init__(self, channel: aiormq.Channel, count: int) -> None:
        self._channel = channel
        self._left = count
        self.over: asyncio.Future[BaseException | None] = asyncio.get_running_loop().create_future()
        if not count:
            self.end(None)

    def landed(self, message_id: str) -> None:
        self._channel.message_id_delivery_tag.pop(message_id, None)
        self._left -= 1
        if self._left == 0:
            self.end(None)

    def end(self, reason: BaseException | None) -> None:
        if not self.over.done():
            self.over.set_result(reason)


class _Header(ContentHeader):
    """A header that is encoded once, to be measured and then to be sent."""

    def __init__(self, properties: Basic.Properties, body_size: int) -> None:
        super().__init__(properties=properties, body_size=body_size)
        self.payload = super().marshal()

    def marshal(self) -> bytes:
        return self.payload


class _Letter:
    """One message on its way, in the place of the future in which aiormq would put its confirmation."""

    __slots__ = ("flight", "header", "message", "message_id", "outcome")

    def __init__(self, message: Publish) -> None:
        for text in (message.exchange, message.routing_key):
            if len(text.encode()) > _MAX_SHORT_STRING:
                raise ValueError(f"an exchange or routing key has more than 255 bytes: {text[:64]!r}…")
        self.message = message
        properties = to_properties(message.envelope)
        self.header = _Header(properties, len(message.envelope.body))
        self.message_id = properties.message_id or ""
        self.outcome: Outcome | None = None
        self.flight: _Flight | None = None

    def frames(self, payload_max: int) -> list[Any]:
        """Return the frames of this message."""
        message, body = self.message, self.message.envelope.body
        publish = Basic.Publish(exchange=message.exchange, routing_key=message.routing_key, mandatory=True)
        parts = (body[start : start + payload_max] for start in range(0, len(body), payload_max))
        return [publish, self.header, *map(ContentBody, parts)]

    def settled(self) -> Outcome:
        assert self.outcome is not None  # noqa: S101 - nothing returns before it is
        return self.outcome

    def done(self) -> bool:
        return self.outcome is not None

    def cancelled(self) -> bool:
        return False

    def set_result(self, _: object) -> None:
        self._land(Outcome.CONFIRMED)

    def set_exception(self, error: BaseException) -> None:
        self._land(Outcome.UNROUTABLE if isinstance(error, aiormq.PublishError) else Outcome.REFUSED)

    def _land(self, outcome: Outcome) -> None:
        self.outcome = outcome
        if self.flight is not None:
            self.flight.landed(self.message_id)
