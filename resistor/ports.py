"""The seams: what the daemon needs of a broker and of a store, each with more than one kind behind it.

Both are batch-shaped, because a round trip or a task for each message is what makes an orchestrator
slow. Implemented by `bus` and `store` (and by the test kit's doubles); called by the daemon, the SDK
and ops. Nothing here knows AMQP or Redis.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Protocol

import msgspec

from resistor.engine.facts import Fact
from resistor.engine.run import Reads, Run
from resistor.messages.envelope import Envelope

# ---------------------------------------------------------------------------------------- the broker


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


class Bus(Protocol):
    """A connection to a broker that comes back by itself."""

    def lane(self, queue: str, *, prefetch: int) -> Lane:
        """Consume `queue`, with at most `prefetch` messages in hand."""

    async def publish(self, messages: Sequence[Publish]) -> Sequence[Outcome]:
        """Publish all of them, mandatory, and return when each is settled.

        While the broker is away this waits and publishes again whatever was not confirmed, so a message
        may arrive twice and is never lost.
        """


# ----------------------------------------------------------------------------------------- the store


class Loaded(msgspec.Struct, frozen=True):
    """Runs as they are, None for those that do not exist, and the store's time of reading.

    `unreadable` has the runs that are there and that this program cannot read (a newer one wrote them), with
    the reason; their place in `runs` is None.

    `now`, in seconds since the epoch, is the one clock that decisions go by: daemons may disagree about
    the time, the store does not.
    """

    now: float
    runs: tuple[Run | None, ...]
    unreadable: Mapping[str, str] = {}


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One run's step forward, to be written if its revision is still `before`'s.

    `send` names the steps whose action is about to be published. `due_at` is when the run must be looked at
    again, in seconds since the epoch; `unconfirmed_due_at` when already, while any of its actions is
    unconfirmed. `retention` is how long, in seconds, a finished run stays.
    """

    before: Run | None
    after: Run
    facts: tuple[Fact, ...]
    send: tuple[str, ...]
    due_at: float
    unconfirmed_due_at: float
    retention: float


class Published(msgspec.Struct, frozen=True, kw_only=True):
    """The broker has confirmed these steps' actions, made from the run as it was at `revision`."""

    run: str
    revision: int
    steps: tuple[str, ...]
    due_at: float


class Released(msgspec.Struct, frozen=True, kw_only=True):
    """A run that was claimed and left as it was at `revision`; it is due again at `due_at`."""

    run: str
    revision: int
    due_at: float


class Store(Protocol):
    """Where runs are kept."""

    async def load(self, wanted: Sequence[tuple[str, Reads]]) -> Loaded:
        """Read these runs, or the named parts of them, in one round trip."""

    async def commit(self, changes: Sequence[Change]) -> Sequence[bool]:
        """Write each change whole, or not at all where somebody else was faster: then False."""

    async def published(self, confirmed: Sequence[Published]) -> None:
        """Take confirmed actions out of the outbox."""

    async def claim_due(self, *, limit: int, lease: float) -> Sequence[str]:
        """Return runs that are due, `limit` at most, and keep other daemons off them for `lease` seconds."""

    async def release(self, released: Sequence[Released]) -> None:
        """Say when claimed runs that were left as they are are due again; drop what is no run."""

    async def forget_expired(self) -> int:
        """Drop finished runs whose time to be kept is over; returns how many."""

    async def register(self, key: str, digest: str, source: bytes) -> str:
        """Keep a workflow's version under `key`; returns the digest that is kept, this one or an older."""

    async def registered(self, key: str) -> bytes | None:
        """Return the kept source of a workflow's version."""
