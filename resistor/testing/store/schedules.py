"""What begins by itself, in memory: `ports.Schedules`, as lua/claim_schedules and lua/save_schedule do it.

Used by memory_store.py.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from resistor.ports import ScheduleState
from resistor.testing.store.state import Clock, State, claimed


class MemorySchedules:
    """The schedules of one store."""

    def __init__(self, state: State, clock: Clock) -> None:
        """Take what the store keeps, and its clock."""
        self._state = state
        self._clock = clock

    async def claim(self, *, limit: int, lease: float) -> Sequence[ScheduleState]:
        """Return schedules that are due, the longest overdue first, and lease them."""
        due = claimed(self._state.schedules_due, self._clock(), limit, lease)
        return [self._state.schedules[name] for name in due]

    async def save(self, states: Sequence[ScheduleState]) -> Sequence[bool]:
        """Write each, or not where it is at another revision: then False."""
        return [self._save(state) for state in states]

    async def read_all(self) -> Sequence[ScheduleState]:
        """Return every schedule, by name."""
        return [state for _, state in sorted(self._state.schedules.items())]

    async def sync(self, wanted: Mapping[str, tuple[str, float | None]]) -> None:
        """Let there be these; what is as it was stays as it is."""
        for name in self._state.schedules.keys() - wanted.keys():
            del self._state.schedules[name]
            self._state.schedules_due.pop(name, None)
        for name, (digest, next_at) in wanted.items():
            state = self._state.schedules.get(name)
            if state is None:
                self._save(ScheduleState(name=name, digest=digest, next_at=next_at))
            elif state.digest != digest:
                other = msgspec.structs.replace(state, digest=digest, next_at=next_at, due_at=None)
                self._save(other)

    async def pause(self, name: str, *, is_paused: bool) -> ScheduleState | None:
        """Pause a schedule or let it go on; returns how it is now, None where there is no such schedule."""
        state = self._state.schedules.get(name)
        if state is not None and state.is_paused != is_paused:
            self._save(msgspec.structs.replace(state, is_paused=is_paused))
        return self._state.schedules.get(name)

    def _save(self, state: ScheduleState) -> bool:
        kept = self._state.schedules.get(state.name)
        if state.revision != (kept.revision if kept is not None else 0):
            return False
        written = msgspec.structs.replace(state, revision=state.revision + 1)
        self._state.schedules[state.name] = written
        due_at = state.next_at if state.due_at is None else state.due_at
        if due_at is None:
            self._state.schedules_due.pop(state.name, None)
        else:
            self._state.schedules_due[state.name] = due_at
        return True
