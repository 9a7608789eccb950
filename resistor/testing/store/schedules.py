"""What begins by itself. The counterparts of claim_schedules.lua and save_schedule.lua."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from resistor.ports import ScheduleState


@dataclass(slots=True)
class MemorySchedules:
    """Schedules by name, and when each is due."""

    clock: Callable[[], float]
    states: dict[str, ScheduleState] = field(default_factory=dict)
    due: dict[str, float] = field(default_factory=dict)

    async def claim(self, *, limit: int, lease: float) -> Sequence[ScheduleState]:
        """Return schedules that are due, the longest overdue first, and lease them."""
        now = self.clock()
        found = sorted((at, name) for name, at in self.due.items() if at <= now)[:limit]
        for _, name in found:
            self.due[name] = now + lease
        return [self.states[name] for _, name in found]

    async def save(self, states: Sequence[ScheduleState]) -> Sequence[bool]:
        """Write each, or not where it is at another revision: then False."""
        return [self._save(state) for state in states]

    async def read_all(self) -> Sequence[ScheduleState]:
        """Return every schedule, by name."""
        return [state for _, state in sorted(self.states.items())]

    async def sync(self, wanted: Mapping[str, tuple[str, float | None]]) -> None:
        """Add, replace and drop until there are these."""
        for name in self.states.keys() - wanted.keys():
            del self.states[name]
            self.due.pop(name, None)
        for name, (digest, next_at) in wanted.items():
            kept = self.states.get(name) or ScheduleState(name=name, digest="", next_at=None)
            if kept.digest != digest:
                self._save(msgspec.structs.replace(kept, digest=digest, next_at=next_at, due_at=None))

    async def pause(self, name: str, *, is_paused: bool) -> ScheduleState | None:
        """Pause a schedule or let it go on; None where there is no such schedule."""
        state = self.states.get(name)
        if state is not None and state.is_paused != is_paused:
            self._save(msgspec.structs.replace(state, is_paused=is_paused))
        return self.states.get(name)

    def _save(self, state: ScheduleState) -> bool:
        kept = self.states.get(state.name)
        if (kept.revision if kept else 0) != state.revision:
            return False
        self.states[state.name] = msgspec.structs.replace(state, revision=state.revision + 1)
        due_at = state.next_at if state.due_at is None else state.due_at
        if due_at is None:
            self.due.pop(state.name, None)
        else:
            self.due[state.name] = due_at
        return True
