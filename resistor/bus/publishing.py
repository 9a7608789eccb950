"""Publishing: many messages in one write, each confirmed, and again whatever a broken connection left open.

Made by the bus, on a connection of its own: a broker with an alarm stops reading from whoever publishes, and
then not even an acknowledgement would get through. There is no task and no future per message: what becomes
of it lands in its `Letter`, and a `_Flight` counts those that left together.

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

from resistor.bus.channels import NOT_FOUND, Channel, Letter, Lost, Refused, Wire
from resistor.bus.connection import Link, why
from resistor.ports import Outcome, Publish

log = logging.getLogger(__name__)

CONFIRM_SECONDS = 10.0
"""A broker that has been sent everything, is not blocked, and says nothing for so long has lost a
confirmation: what goes to a quorum queue that has no leader yet, after a restart, may never be confirmed."""

FLIGHT_LETTERS = 500
"""Messages in one write: aiormq walks all that are open for each confirmation of many, and of 20,000 at once
each took it 300 µs, by 500 they took 110."""


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
        letters = [Letter(message) for message in messages]
        left = letters
        while left:
            try:
                left = await self._round(left)
            except Lost as lost:
                log.debug("publishing again: %s", lost, extra={"action": "publish_again"})
                left = [letter for letter in left if letter.outcome is None]
                await asyncio.sleep(0)  # the link has to hear of it too
        return [_settled(letter) for letter in letters]

    async def _round(self, letters: Sequence[Letter]) -> list[Letter]:
        """Send `letters` and return those that are to be sent again. Raises `Lost`."""
        outlet = await self._ready()
        together, twins = outlet.apart(outlet.fitting(letters[:FLIGHT_LETTERS]))
        reason = await outlet.landing(await outlet.send(together))
        left = [letter for letter in together if letter.outcome is None]
        if left and isinstance(reason, Refused):
            twins, left = [*left, *twins], []
        await self._one_by_one(twins)
        return [*left, *letters[FLIGHT_LETTERS:]]

    async def _one_by_one(self, letters: Sequence[Letter]) -> None:
        """Send each on its own, on a channel apart, and say of each that closes it that it is the culprit."""
        outlet: _Outlet | None = None
        try:
            for letter in letters:
                if outlet is None or not outlet.is_usable:
                    outlet = await self._open()
                reason = await outlet.landing(await outlet.send([letter]))
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
        return _Outlet(wire, await wire.channel(confirms=True))


def _blame(letter: Letter, reason: BaseException | None) -> None:
    """Settle the one letter over which the broker closed the channel. Raises `Lost` if that was not it."""
    if not isinstance(reason, Refused):
        raise Lost(why(reason))
    letter.outcome = Outcome.UNROUTABLE if reason.code == NOT_FOUND else Outcome.REFUSED
    log.warning(
        "a message to %s with %r is %s: %s",
        letter.message.exchange,
        letter.message.routing_key,
        letter.outcome,
        why(reason),
        extra={"action": "publish_refused"},
    )


def _refuse(letter: Letter, payload_max: int) -> None:
    """Settle a letter whose header frame the broker would answer by closing the connection."""
    letter.outcome = Outcome.REFUSED
    log.warning(
        "a message to %s with %r is %s: its properties and headers have %d bytes, the broker takes %d",
        letter.message.exchange,
        letter.message.routing_key,
        letter.outcome,
        len(letter.header),
        payload_max,
        extra={"action": "publish_refused"},
    )


def _settled(letter: Letter) -> Outcome:
    assert letter.outcome is not None  # noqa: S101 - nothing returns before it is
    return letter.outcome


class _Outlet:
    """A channel with confirms, and the flights that are out on it."""

    def __init__(self, wire: Wire, channel: Channel) -> None:
        self._wire = wire
        self._channel = channel
        self._flights: set[_Flight] = set()
        channel.when_closed(self._lose)

    @property
    def is_usable(self) -> bool:
        return self._channel.is_usable

    def fitting(self, letters: Sequence[Letter]) -> list[Letter]:
        """Return those that this connection can carry; the others are settled: sending one would end it."""
        fitting: list[Letter] = []
        for letter in letters:
            if len(letter.header) <= self._wire.payload_max:
                fitting.append(letter)
            else:
                _refuse(letter, self._wire.payload_max)
        return fitting

    def apart(self, letters: Sequence[Letter]) -> tuple[list[Letter], list[Letter]]:
        """Split off those whose message id is out already: returned messages are told apart by it."""
        together: list[Letter] = []
        twins: list[Letter] = []
        out = self._channel.open_ids
        for letter in letters:
            (twins if letter.message_id in out else together).append(letter)
            out.add(letter.message_id)
        return together, twins

    async def send(self, letters: Sequence[Letter]) -> _Flight:
        """Write `letters` at once. Raises `Lost` if the channel has gone."""
        flight = _Flight(len(letters))
        for letter in letters:
            letter.landed = flight.landed
        if letters:
            await self._channel.publish(letters)
        self._flights.add(flight)
        if not self.is_usable:
            flight.end(None)
        return flight

    async def landing(self, flight: _Flight) -> BaseException | None:
        """Wait until all of `flight` is settled, or the channel is gone; then return why."""
        try:
            while True:
                try:
                    async with asyncio.timeout(CONFIRM_SECONDS):
                        return await asyncio.shield(flight.over)
                except TimeoutError:
                    if not (self._wire.is_blocked or self._wire.is_sending):
                        log.warning(
                            "no confirmation in %g s: publishing again",
                            CONFIRM_SECONDS,
                            extra={"action": "confirm_overdue"},
                        )
                        await self.close()
        finally:
            self._flights.discard(flight)

    async def close(self) -> None:
        await self._channel.close()

    def _lose(self, reason: BaseException | None) -> None:
        for flight in self._flights:
            flight.end(reason)


class _Flight:
    """Letters that were written together, until the last of them is settled."""

    def __init__(self, count: int) -> None:
        self._left = count
        self.over: asyncio.Future[BaseException | None] = asyncio.get_running_loop().create_future()
        if not count:
            self.end(None)

    def landed(self, _: Letter) -> None:
        self._left -= 1
        if self._left == 0:
            self.end(None)

    def end(self, reason: BaseException | None) -> None:
        if not self.over.done():
            self.over.set_result(reason)
