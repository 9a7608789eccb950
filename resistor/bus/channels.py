"""What lanes and the publisher need of a connection, whoever speaks AMQP for them.

Implemented by `client/` (our own, for speed) and by `fallback.py` (aiormq): `RESISTOR_AMQP_CLIENT`. Nothing
here waits for a single message: what arrives is handed over many at a time, what is confirmed lands in its
letter, and acknowledgements are written in the order of the calls.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from resistor.bus.encoding import content_header, named
from resistor.errors import BrokerUnreachable
from resistor.ports import Delivery, Outcome, Publish

Arrive = Callable[[list[Delivery]], None]
"""Takes what has arrived, in its order."""

NOT_FOUND = 404  # AMQP's reply code: there is no such exchange, or queue

_MAX_SHORT_STRING = 255  # bytes


class Lost(BrokerUnreachable):
    """The connection or the channel is gone."""


class Refused(Exception):
    """The broker closed a channel because of what was asked on it."""

    def __init__(self, code: int, text: str) -> None:
        """Take AMQP's reply code, and what the broker says."""
        super().__init__(text)
        self.code = code


class Letter:
    """One message on its way out, and what has become of it. `landed` is called once, when that is known."""

    __slots__ = ("header", "is_returned", "landed", "message", "message_id", "outcome")

    def __init__(self, message: Publish) -> None:
        """Encode what goes in front of the body. Raises `ValueError` where AMQP cannot carry it."""
        for text in (message.exchange, message.routing_key):
            if len(text) > _MAX_SHORT_STRING or len(text.encode()) > _MAX_SHORT_STRING:
                raise ValueError(f"an exchange or routing key has more than 255 bytes: {text[:64]!r}…")
        self.message = message
        self.message_id = named(message.envelope)
        self.header = content_header(message.envelope, self.message_id)
        self.is_returned = False
        self.outcome: Outcome | None = None
        self.landed: Callable[[Letter], None] | None = None

    def land(self, outcome: Outcome) -> None:
        """Say what has become of it."""
        self.outcome = outcome
        if self.landed is not None:
            self.landed(self)


class Channel(Protocol):
    """One channel. It lives until the broker closes it, or its connection breaks."""

    @property
    def is_usable(self) -> bool:
        """Whether a frame may still be sent on it."""

    @property
    def open_ids(self) -> set[str]:
        """The message ids of letters that are out or about to be: what is returned is known by them."""

    def when_closed(self, call: Callable[[BaseException | None], None]) -> None:
        """Call `call` with the reason, a `Refused` or another error, as soon as the channel is closed."""

    async def consume(
        self, queue: str, *, prefetch: int, priority: int = 0, generation: int, arrive: Arrive
    ) -> None:
        """Begin to consume; `arrive` gets deliveries of this `generation`.

        The channel is closed when the broker ends the consumer. Raises `Lost` and `Refused`.
        """

    def ack(self, tag: int, *, multiple: bool) -> None:
        """Acknowledge a delivery, or all up to it. Raises `Lost`."""

    def reject(self, tag: int, *, multiple: bool) -> None:
        """Have the broker dead-letter a delivery, or all up to it. Raises `Lost`."""

    async def publish(self, letters: Sequence[Letter]) -> None:
        """Write these in one go, mandatory; waits only while the socket takes no more. Raises `Lost`."""

    async def count(self, queue: str) -> tuple[int, int]:
        """Return how many messages are ready in a queue, and its consumers. Raises `Lost` and `Refused`."""

    async def close(self) -> None:
        """Close it, and be content if it is gone already."""


class Wire(Protocol):
    """One connection to a broker. It lives until it breaks."""

    @property
    def is_blocked(self) -> bool:
        """Whether the broker has an alarm (memory, disk) and does not read from us."""

    @property
    def is_sending(self) -> bool:
        """Whether some of what was written waits for the socket to take it."""

    @property
    def payload_max(self) -> int:
        """How many bytes a frame may hold."""

    def when_closed(self, call: Callable[[BaseException | None], None]) -> None:
        """Call `call` with the reason as soon as the connection is closed."""

    async def channel(self, *, confirms: bool = False) -> Channel:
        """Open a channel; with `confirms` the broker confirms each publish. Raises `Lost`."""

    async def close(self) -> None:
        """Close it, and be content if it is gone already."""
