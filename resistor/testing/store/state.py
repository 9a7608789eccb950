"""All that a store in memory keeps: plain dictionaries of frozen values, so that it can be copied.

Used by the rest of this package only. A sorted set of Redis is a dictionary of scores here; what has a TTL
there has a moment here from which on it is gone, and whoever reads it looks at that moment first.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from resistor.engine.facts import Fact
from resistor.engine.run import Run
from resistor.ports import Pause, ScheduleState
from resistor.store.keys import Keys

Scores = dict[str, float]
Clock = Callable[[], float]
"""Says the time, in seconds since the epoch."""

Value = TypeVar("Value")


@dataclass
class KeptRun:
    """A run with all of its parts, and what belongs to it. `gone_at`: its TTL, of a finished run.

    `by` is what the last commit goes by."""

    run: Run
    outbox: dict[str, tuple[int, float]] = field(default_factory=dict)
    timers: Scores = field(default_factory=dict)
    facts: list[Fact] = field(default_factory=list)
    gone_at: float | None = None
    by: str = ""


@dataclass
class KeptEvents:
    """The early events of a topic: id → when it came, its payload. All are kept for `keep` seconds."""

    came_at: Scores = field(default_factory=dict)
    payloads: dict[str, bytes] = field(default_factory=dict)
    keep: float = 0.0
    gone_at: float = 0.0


@dataclass
class KeptSlots:
    """The slots of a concurrency key: runs, each in the order in which they came there."""

    holders: dict[str, None] = field(default_factory=dict)
    queue: dict[str, None] = field(default_factory=dict)
    leaving: dict[str, None] = field(default_factory=dict)


@dataclass
class KeptGate:
    """A gate: its numbers (`limit`, or `interval` and `next`), and who stands where."""

    numbers: dict[str, float] = field(default_factory=dict)
    inside: Scores = field(default_factory=dict)
    inside_gone_at: float | None = None
    outside: Scores = field(default_factory=dict)
    telling: Scores = field(default_factory=dict)


@dataclass
class State:
    """Everything. Keys are the names that the real store has for them, without partition and kind."""

    runs: dict[str, KeptRun] = field(default_factory=dict)
    due: Scores = field(default_factory=dict)
    expiring: Scores = field(default_factory=dict)
    waiting: dict[str, set[str]] = field(default_factory=dict)
    early: dict[str, KeptEvents] = field(default_factory=dict)
    slots: dict[str, KeptSlots] = field(default_factory=dict)
    gates: dict[str, KeptGate] = field(default_factory=dict)
    gates_due: Scores = field(default_factory=dict)
    paused: dict[str, Pause] = field(default_factory=dict)
    held: dict[str, Scores] = field(default_factory=dict)
    releasing: Scores = field(default_factory=dict)
    schedules: dict[str, ScheduleState] = field(default_factory=dict)
    schedules_due: Scores = field(default_factory=dict)
    versions: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    offers: dict[str, tuple[int, ...]] = field(default_factory=dict)
    catalogue_revision: int = 0
    suspects: dict[str, set[str]] = field(default_factory=dict)
    marks: Scores = field(default_factory=dict)

    def copied(self) -> State:
        """Return a copy that shares nothing that changes."""
        return _copied(self)

    def become(self, other: State) -> None:
        """Be a copy of `other`, in place: the actors hold on to this very object."""
        for name, value in vars(other.copied()).items():
            setattr(self, name, value)


def ordered(scores: Mapping[str, float], until: float | None = None) -> list[str]:
    """Return the members by score, then in byte order; with `until` those whose score is not above it."""
    chosen: Iterable[tuple[float, str]] = ((score, member) for member, score in scores.items())
    if until is not None:
        chosen = (each for each in chosen if each[0] <= until)
    return [member for _, member in sorted(chosen)]


def whole_milliseconds(now: float) -> int:
    """Return the milliseconds that are over, as a script reads them off Redis' clock."""
    return round(now * 1_000_000) // 1000


def claimed(scores: Scores, now: float, limit: int, lease: float) -> list[str]:
    """Return the members that are due, the longest overdue first, and put them off by `lease`."""
    members = ordered(scores, now)[:limit]
    scores.update(dict.fromkeys(members, now + lease))
    return members


def claimed_of_each(scores: Scores, keys: Keys, now: float, limit: int, lease: float) -> list[str]:
    """Return what is due of each partition, `limit` at most of each, and put it off by `lease`."""
    partitions: list[Scores] = [{} for _ in range(keys.partitions)]
    for member, score in scores.items():
        if score <= now:
            partitions[keys.partition(member)][member] = score
    found = [member for each in partitions for member in claimed(each, now, limit, lease)]
    scores.update(dict.fromkeys(found, now + lease))
    return found


def _copied(value: Value) -> Value:
    """Return a copy of what changes: collections and this module's classes. The rest is frozen."""
    changed: Any = value
    if isinstance(value, dict):
        changed = {key: _copied(each) for key, each in value.items()}
    elif isinstance(value, set | list):
        changed = value.copy()
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        changed = dataclasses.replace(value, **{name: _copied(each) for name, each in vars(value).items()})
    result: Value = changed
    return result
