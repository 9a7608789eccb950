"""What a daemon does every other second, done when something is due, and never in between.

The loops of a daemon look at the store again and again, because others may have changed it. Here nobody else
is, and the store is at hand: it says when the first thing is due, and the loop jumps there.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from weakref import WeakSet

from resistor.daemon.assembly import Works
from resistor.errors import StoreUnreachable
from resistor.sdk.signature import THREAD_NAME
from resistor.testing.store.state import State
from resistor.testing.virtual_loop import THREAD_PAUSE, VirtualLoop

SHORTEST_PAUSE = 0.001  # seconds between two looks: what is due is leased then, and due again later


class Housekeeper:
    """The loop's watch. `is_scheduling`: whether workflows begin by their schedules now."""

    def __init__(self, loop: VirtualLoop, state: State, *, is_scheduling: bool) -> None:
        """Keep house for nobody yet."""
        self.works: Works | None = None
        self.has_new_schedules = False
        self._loop = loop
        self._state = state
        self.is_scheduling = is_scheduling
        self._looked_at = -SHORTEST_PAUSE
        self.turn: asyncio.Task[None] | None = None
        self._others = WeakSet(_action_threads())  # one that hangs must not hang whoever comes after

    def keep(self, works: Works) -> None:
        """Keep house for this daemon from now on. What was begun for another one, which is dead, ends."""
        if self.turn is not None:
            self.turn.cancel()
        self.works, self.turn = works, None
        self.has_new_schedules = self.is_scheduling

    def is_busy(self) -> bool:
        """Whether an action's function is at work in a thread: then real time passes."""
        is_busy = any(thread not in self._others for thread in _action_threads())
        if is_busy:
            time.sleep(THREAD_PAUSE)
        return is_busy

    def due(self) -> float | None:
        """When to look, by the loop's time."""
        if self.works is None or (self.turn is not None and not self.turn.done()):
            return None
        if not self.works.marks.is_empty:
            return self._loop.time()
        if self.has_new_schedules:
            return self._looked_at + SHORTEST_PAUSE
        first = min(self._moments(), default=None)
        return None if first is None else max(self._loop.at(first), self._looked_at + SHORTEST_PAUSE)

    def wake(self) -> None:
        """Look."""
        assert self.works is not None  # noqa: S101 - else nothing is due
        if self.works.marks.is_empty:
            self._looked_at = self._loop.time()
        self.turn = self._loop.create_task(self._look(self.works))

    def _moments(self) -> Iterator[float]:
        """Give the moments at which something is due, in seconds since the epoch."""
        for scores in (self._state.due, self._state.gates_due, self._state.releasing):
            yield from (milliseconds / 1000 for milliseconds in scores.values())
        if self.is_scheduling:
            yield from self._state.schedules_due.values()

    async def _look(self, works: Works) -> None:
        with suppress(StoreUnreachable):  # it stays due
            await works.marks.flush()
            if self.has_new_schedules:
                await works.scheduler.sync()
                self.has_new_schedules = False
            await works.sweeper.sweep()
            while await works.gatekeeper.look():
                pass
            if self.is_scheduling:
                await works.scheduler.look()


def _action_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == THREAD_NAME]
