"""The modules that an operator has paused, in memory: `ports.Pauses`, as lua/hold and those beside it do it.

Used by memory_store.py.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby

from resistor.ports import Passer, Pause
from resistor.testing.store.gate import place
from resistor.testing.store.members import member_of, passer_of
from resistor.testing.store.state import Clock, State, claimed, ordered, whole_milliseconds


class MemoryPauses:
    """The pauses of one store."""

    def __init__(self, state: State, clock: Clock) -> None:
        """Take what the store keeps, and its clock."""
        self._state = state
        self._clock = clock

    async def paused(self) -> Mapping[str, Pause]:
        """Return every paused module."""
        return dict(self._state.paused)

    async def pause(self, module: str, why: str) -> Pause:
        """Pause a module; one that is paused gets the new reason."""
        before = self._state.paused.get(module)
        pause = Pause(why, self._clock() if before is None else before.since)
        self._state.paused[module] = pause
        self._state.releasing.pop(module, None)
        return pause

    async def resume(self, module: str) -> bool:
        """Let a module go on; returns whether it was paused."""
        before = self._state.paused.pop(module, None)
        if self._state.held.get(module):
            self._state.releasing[module] = 0.0
        return before is not None

    async def hold(self, items: Sequence[tuple[str, Passer, int]]) -> Sequence[bool]:
        """Let actions wait for their modules; returns for each whether it does."""
        return [self._hold(module, member_of(passer), priority) for module, passer, priority in items]

    async def unhold(self, items: Sequence[tuple[str, Passer]]) -> None:
        """Let actions wait no more."""
        for module, passer in items:
            self._state.held.get(module, {}).pop(member_of(passer), None)

    async def claim(self, *, limit: int, lease: float) -> Sequence[tuple[str, Passer]]:
        """Return who is to be told that its module goes on: a page of each module."""
        found: list[tuple[str, Passer]] = []
        for module in claimed(self._state.releasing, whole_milliseconds(self._clock()), limit, lease * 1000):
            page = ordered(self._state.held.get(module, {}))[:limit]
            found += [(module, passer_of(member)) for member in page]
            if not page:
                self._release(module, [])
        return found

    async def released(self, items: Sequence[tuple[str, Passer]]) -> None:
        """Take out those who have been told."""
        for module, each in groupby(sorted(items, key=lambda item: item[0]), key=lambda item: item[0]):
            self._release(module, [passer for _, passer in each])

    async def held(self, modules: Sequence[str]) -> Sequence[int]:
        """Return how many wait for each of these."""
        return [len(self._state.held.get(module, {})) for module in modules]

    def _hold(self, module: str, member: str, priority: int) -> bool:
        held = self._state.held.setdefault(module, {})
        if module not in self._state.paused:
            held.pop(member, None)
            return False
        held.setdefault(member, place(priority, self._clock()))
        return True

    def _release(self, module: str, passers: Sequence[Passer]) -> None:
        held = self._state.held.get(module, {})
        for passer in passers:
            held.pop(member_of(passer), None)
        if not held or module in self._state.paused:
            self._state.releasing.pop(module, None)
        else:
            self._state.releasing[module] = 0.0
