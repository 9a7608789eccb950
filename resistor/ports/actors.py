"""What belongs to no single run: small actors, each keyed by what it is about. Implemented by `store`.

Runs and actors speak by outbox messages, so every call here may come twice, and says the same again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Protocol

import msgspec

# ---------------------------------------------------------------------------------------------- topics


class Subscription(msgspec.Struct, frozen=True, kw_only=True):
    """The `listen` at `address` of run `run` waits for an event of this name.

    `key` is the business key as canonical JSON text, None where the step has none. Events count from `since`,
    in seconds since the epoch, on.
    """

    run: str
    address: str
    namespace: str
    event: str
    key: str | None
    since: float = 0.0


class Early(msgspec.Struct, frozen=True):
    """An event that came before somebody listened. `received_at` is in seconds since the epoch."""

    id: str
    payload: bytes
    received_at: float


class Arrival(msgspec.Struct, frozen=True, kw_only=True):
    """An event that may be listened for, under each of `keys` (None: by those who name no key).

    It is kept for `keep_seconds` for those who listen later, and for a minute at least: a run that has begun
    to wait may not have subscribed yet.
    """

    namespace: str
    event: str
    keys: tuple[str | None, ...]
    id: str
    payload: bytes
    keep_seconds: float = 0.0


class Waiter(msgspec.Struct, frozen=True):
    """A step that waits."""

    run: str
    address: str


class Remaining(msgspec.Struct, frozen=True):
    """Where to go on: the waiters of a topic behind `after`."""

    namespace: str
    event: str
    key: str | None
    after: Waiter


class Waiters(msgspec.Struct, frozen=True):
    """Some of those who wait, and where there may be more."""

    found: tuple[Waiter, ...]
    remaining: tuple[Remaining, ...] = ()


class Topics(Protocol):
    """Who listens for what, and the events that came early.

    Whoever finds that a waiter's run does not exist any more unsubscribes it.
    """

    async def subscribe(self, items: Sequence[Subscription]) -> Sequence[Sequence[Early]]:
        """Let these be found by events to come; returns for each the kept events that count, oldest first."""

    async def unsubscribe(self, items: Sequence[Subscription]) -> None:
        """Let these be found no more; `since` says nothing here."""

    async def arrive(self, items: Sequence[Arrival]) -> Sequence[Waiters]:
        """Keep these events for a while; returns for each who waits for it, a page of each key."""

    async def waiters(self, remaining: Sequence[Remaining]) -> Sequence[Waiters]:
        """Return the next page of each."""


# ----------------------------------------------------------------------------------------------- slots


class SlotName(msgspec.Struct, frozen=True):
    """Whose place it is, and at which concurrency key. `limit` is how many slots the run's version has."""

    run: str
    namespace: str
    workflow: str
    key: str
    limit: int


class Acquire(msgspec.Struct, frozen=True):
    """Ask for a slot. `on_conflict` is `queue`, `reject` or `cancel_running`."""

    slot: SlotName
    on_conflict: str


class SlotOutcome(StrEnum):
    """What became of asking for a slot."""

    GRANTED = "granted"
    QUEUED = "queued"
    DENIED = "denied"


class SlotAnswer(msgspec.Struct, frozen=True):
    """The answer. `to_cancel` are runs whose slot was taken away, until they release."""

    outcome: SlotOutcome
    to_cancel: tuple[str, ...] = ()


class SlotsView(msgspec.Struct, frozen=True):
    """Who has a slot, waits for one, and had one taken away: each in order of time."""

    holders: tuple[str, ...]
    queue: tuple[str, ...]
    leaving: tuple[str, ...]


class Slots(Protocol):
    """The slots of concurrency keys.

    Whoever finds that a run here does not exist any more, or is finished, releases it.
    """

    async def acquire(self, items: Sequence[Acquire]) -> Sequence[SlotAnswer]:
        """Ask for slots. Asked again, a run keeps what it has, and may be granted what is free by now."""

    async def release(self, items: Sequence[SlotName]) -> Sequence[Sequence[str]]:
        """Give back slots or places in the queue; returns for each the runs to be told that they have one.

        A run may be told twice.
        """

    async def look(self, items: Sequence[SlotName]) -> Sequence[SlotsView]:
        """Return who is there; `run` and `limit` say nothing here."""


# ------------------------------------------------------------------------------------------- schedules


class ScheduleState(msgspec.Struct, frozen=True, kw_only=True):
    """Where a schedule is. Times are in seconds since the epoch.

    `name` is `<namespace>/<workflow>`, `digest` changes where the definition's `schedule` does. `next_at` is
    the next occurrence, None where there is none any more; `due_at` when to look at the schedule, None: at
    `next_at`. `last_at` is the occurrence that was last acted on, `last_run` the run that came of it,
    `pending` are occurrences that wait for it to end. A schedule that is paused is looked at all the same, so
    that its occurrences pass by and none is made up for. `revision` is 0 for one that is not stored yet.
    """

    name: str
    digest: str
    next_at: float | None
    due_at: float | None = None
    is_paused: bool = False
    last_at: float | None = None
    last_run: str | None = None
    pending: tuple[float, ...] = ()
    revision: int = 0


class Schedules(Protocol):
    """What begins by itself."""

    async def claim(self, *, limit: int, lease: float) -> Sequence[ScheduleState]:
        """Return schedules that are due, and keep other daemons off them for `lease` seconds."""

    async def save(self, states: Sequence[ScheduleState]) -> Sequence[bool]:
        """Write each, or not where it is at another revision than it was read at: then False."""

    async def read_all(self) -> Sequence[ScheduleState]:
        """Return every schedule, by name."""

    async def sync(self, wanted: Mapping[str, tuple[str, float | None]]) -> None:
        """Let there be these: name → digest and, where it is new or another now, its next occurrence.

        What is as it was stays as it is; what is not wanted any more goes. One that is another now keeps its
        pause and what it knows of its last run.
        """

    async def pause(self, name: str, *, is_paused: bool) -> ScheduleState | None:
        """Pause a schedule or let it go on; returns how it is now, None where there is no such schedule."""
