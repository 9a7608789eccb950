"""Whether the store has gone back in time, and everything in it, page by page."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

from resistor.engine.run import Run
from resistor.ports import Recovery, Tick
from resistor.testing.store.state import Clock, State


class MemoryWatermark:
    """A number that only rises, as long as nobody sets the store back. Each daemon has one of its own."""

    def __init__(self, state: State, clock: Clock, number: int) -> None:
        """Take what is kept, the store's clock, and the number of the connection."""
        self._state = state
        self._clock = clock
        self._seen = 0.0
        self._fell = False  # what a write found, which has raised it again
        self._mark = f"seen {number}"
        self.suspicion = asyncio.Event()

    async def tick(self) -> Tick:
        """Raise it. Where the store went back, ask for the recovery."""
        marks = self._state.marks
        went_back = self._fell or marks.get(self._mark, 0.0) < self._seen
        self._fell = False
        if went_back:
            await self.ask()
        marks[self._mark] = self._seen = self._seen + 1
        marks["at"] = self._clock()
        return Tick(went_back, "since" in marks, is_restarted=False)

    def wrote(self) -> None:
        """Raise it with a batch of writes; where the store went back, the next look says so."""
        mark = self._state.marks.get(self._mark, 0.0) + 1
        if mark <= self._seen:
            self._fell = True
            self.suspicion.set()
        self._seen = max(self._seen, mark)
        self._state.marks[self._mark] = mark

    async def ask(self) -> None:
        """Ask for a recovery."""
        marks = self._state.marks
        marks.setdefault("since", marks.get("at", 0.0))
        marks["asked"] = marks.get("asked", 0.0) + 1

    async def claim(self, *, lease: float) -> Recovery | None:
        """Take the pending recovery for `lease` seconds, or keep it."""
        marks, now = self._state.marks, self._clock()
        if "since" not in marks or marks.get("until", 0.0) > now:
            return None
        marks["until"] = now + lease
        return Recovery(marks["since"], str(marks["asked"]))

    async def finish(self, recovery: Recovery) -> None:
        """Say that it is done."""
        marks = self._state.marks
        marks.pop("until", None)
        if str(marks.get("asked")) == recovery.asked:
            marks.pop("since", None)


class MemorySurvey:
    """Going through everything: one page of each."""

    def __init__(self, state: State) -> None:
        """Take what is kept."""
        self._state = state

    async def open_runs(self) -> AsyncIterator[Sequence[Run]]:
        """Give every run that is open."""
        runs = [kept.run for kept in self._state.runs.values()]
        yield [run for run in runs if not run.state.status.is_final]

    async def slot_runs(self) -> AsyncIterator[Sequence[str]]:
        """Give every run that has a slot, or waits for one."""
        slots = self._state.slots.values()
        yield [run for each in slots for run in (*each.holders, *each.queue, *each.leaving)]
