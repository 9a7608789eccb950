"""All of the store in memory, as `ports.Store`: one for each daemon, over one memory that they share."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from resistor.engine.facts import Fact
from resistor.engine.run import Reads
from resistor.ports import Change, Loaded, Published, Released
from resistor.testing.store.actors import MemorySlots, MemoryTopics
from resistor.testing.store.catalogue import MemoryCatalogue
from resistor.testing.store.idle import (
    IdleGates,
    IdlePauses,
    IdleSuspects,
    MemorySurvey,
    MemoryWatermark,
)
from resistor.testing.store.runs import Runs
from resistor.testing.store.schedules import MemorySchedules

Clock = Callable[[], float]


@dataclass
class Memory:
    """What a server keeps. It can be copied, and set back to a copy, like a server that lost writes."""

    clock: Clock
    runs: Runs = field(init=False)
    topics: MemoryTopics = field(init=False)
    slots: MemorySlots = field(default_factory=MemorySlots)
    schedules: MemorySchedules = field(init=False)
    catalogue: MemoryCatalogue = field(default_factory=MemoryCatalogue)
    suspects: IdleSuspects = field(default_factory=IdleSuspects)
    marks: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Begin empty."""
        self.runs = Runs(self.clock)
        self.topics = MemoryTopics(self.clock)
        self.schedules = MemorySchedules(self.clock)

    def snapshot(self) -> dict[str, Any]:
        """Return a copy of all that changes."""
        parts = {
            "kept": self.runs.kept,
            "due": self.runs.due,
            "topics": self.topics.topics,
            "slots": self.slots.slots,
            "marks": self.marks,
        }
        return copy.deepcopy(parts)

    def restore(self, parts: dict[str, Any]) -> None:
        """Go back to a copy."""
        parts = copy.deepcopy(parts)
        self.runs.kept, self.runs.due = parts["kept"], parts["due"]
        self.topics.topics, self.slots.slots = parts["topics"], parts["slots"]
        self.marks.clear()
        self.marks.update(parts["marks"])


class MemoryStore:
    """One daemon's view of a memory."""

    def __init__(self, memory: Memory) -> None:
        """Take what is shared."""
        self.memory = memory
        self.topics = memory.topics
        self.slots = memory.slots
        self.schedules = memory.schedules
        self.catalogue = memory.catalogue
        self.suspects = memory.suspects
        self.gates = IdleGates(memory.clock)
        self.pauses = IdlePauses()
        self.watermark = MemoryWatermark(memory.marks, memory.clock)
        self.survey = MemorySurvey(memory.runs.open_runs, self._slot_runs)

    async def load(self, wanted: Sequence[tuple[str, Reads]]) -> Loaded:
        """Read these runs, or the named parts of them."""
        return self.memory.runs.load(wanted)

    async def commit(self, changes: Sequence[Change]) -> Sequence[bool]:
        """Write each change whole, or not at all where its run is at another revision."""
        return [self.memory.runs.commit(change) for change in changes]

    async def published(self, confirmed: Sequence[Published]) -> None:
        """Take confirmed outgoing messages out of the outbox."""
        for each in confirmed:
            self.memory.runs.published(each)

    async def claim_due(self, *, limit: int, lease: float) -> Sequence[str]:
        """Return due runs, the longest overdue first, and lease them."""
        return self.memory.runs.claim_due(limit=limit, lease=lease)

    async def next_due_in(self) -> float | None:
        """Return in how many seconds the next run is due; None where none ever is."""
        due = self.memory.runs.due
        return max(min(due.values()) - self.memory.clock(), 0.0) if due else None

    async def release(self, released: Sequence[Released]) -> None:
        """Say when claimed runs that were left as they are are due again; drop what is no run."""
        for each in released:
            self.memory.runs.release(each)

    async def forget_expired(self) -> int:
        """Drop the finished runs whose time to be kept is over; returns how many."""
        return self.memory.runs.forget_expired()

    async def history(self, run_id: str, *, start: int = 0) -> list[Fact]:
        """Return a run's facts from position `start` on."""
        return self.memory.runs.history(run_id)[start:]

    def _slot_runs(self) -> list[str]:
        slots = self.memory.slots.slots.values()
        return [run for each in slots for run in (*each.holders, *each.queue, *each.leaving)]
