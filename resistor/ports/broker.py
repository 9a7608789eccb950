"""The broker: one queue being consumed, and publishing. Implemented by `bus`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from enum import StrEnum
from typing import Protocol

import msgspec

from resistor.messages.envelope import Envelope


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """One message that a lane took.

    `tag` and `generation` mean something to the lane only: an acknowledgement of a connection that is
    gone is dropped, because the broker delivers the message again. `count` is how often it was delivered
    before.
    """

    envelope: Envelope
    exchange: str
    routing_key: str
    queue: str
    tag: int
    generation: int
    redelivered: bool = False
    count: int = 0


class Publish(msgspec.Struct, frozen=True, kw_only=True):
    """One message to publish. `envelope.message_id` must be unique to this publish."""

    exchange: str
    routing_key: str
    envelope: Envelope


class Outcome(StrEnum):
    """What became of a publish."""

    CONFIRMED = "confirmed"
    UNROUTABLE = "unroutable"  # no queue is bound there: the broker sent it back
    REFUSED = "refused"  # the broker said no: a full queue, or it cannot store now


class Lane(Protocol):
    """One queue being consumed."""

    async def take(self, limit: int) -> Sequence[Delivery]:
        """Wait for a message and return what is there, `limit` at most: one when idle, many under load."""

    async def ack(self, deliveries: Sequence[Delivery]) -> None:
        """Acknowledge these, and only these. Stale ones are skipped."""


class Journal(Protocol):
    """A copy of every event, which the broker itself keeps for a while."""

    def since(self, at: float) -> AsyncIterator[Sequence[Delivery]]:
        """Give all events from `at` on, in seconds since the epoch, oldest first, until the present.

        Raises `BrokerUnreachable`, and `OperatorMistake` where there is none, or it may not be read.
        """


class Bus(Protocol):
    """A connection to a broker that comes back by itself."""

    def lane(self, queue: str, *, prefetch: int, priority: int = 0) -> Lane:
        """Consume `queue`, with at most `prefetch` messages in hand."""

    async def publish(self, messages: Sequence[Publish]) -> Sequence[Outcome]:
        """Publish all of them, mandatory, and return when each is settled.

        While the broker is away this waits and publishes again whatever was not confirmed, so a message
        may arrive twice and is never lost.
        """
