"""An asyncio loop on virtual time: when nothing is ready, it jumps to the next timer.

Thirty days of retries take milliseconds, and the same program takes the same steps every time. Nothing in it
may wait for a socket or a process: that would never come.

Some of what is due later is no timer of the loop: it stands in a store, and a real daemon looks there again
and again. A `Watch` says when the first of it is due, so that nobody has to look in between.
"""

from __future__ import annotations

import asyncio
import contextlib
import selectors
import time
from collections.abc import Coroutine, Iterator, Mapping
from math import inf
from typing import Any, Protocol, TypeVar
from weakref import WeakSet

Result = TypeVar("Result")

RESOLUTION = 1e-6
"""Seconds: what is due within is due. With the clock's own, which is a nanosecond, a timer half a year on is
never due: so little, added to so much, is nothing."""

EPOCH = 1_800_000_000.0  # seconds since the epoch when the loop's time is 0: some day in 2027


THREAD_PAUSE = 0.0002  # real seconds between two looks whether a thread has ended


class Deadlock(Exception):
    """Everything waits, and nothing will ever happen: no timer stands."""


class Watch(Protocol):
    """Knows of what happens without a timer of the loop. Times are the loop's."""

    def is_busy(self) -> bool:
        """Whether something goes on now that the loop cannot see: it must not let time pass."""

    def due(self) -> float | None:
        """When the first thing is due, None where nothing ever is; what is overdue counts as due now."""

    def wake(self) -> None:
        """Begin to do what is due."""


class VirtualLoop(asyncio.SelectorEventLoop):
    """A loop whose `time` is virtual and begins at 0.

    It runs as any other loop does, or from outside: `settle` lets everything happen that takes no time, and
    `step` lets time pass up to the next moment in which anything happens.
    """

    def __init__(self, start: float = EPOCH) -> None:
        """Begin at 0, which is `start` in seconds since the epoch."""
        self._now = 0.0
        self._start = start
        self._is_driven = False  # from outside: it stops when it has come so far
        self._may_jump = True
        self._has_jumped = False
        self._limit = inf
        self.watch: Watch | None = None
        self._tasks: WeakSet[asyncio.Task[Any]] = WeakSet()
        self._in_threads = 0
        super().__init__(_Jumping(self))
        self._clock_resolution = RESOLUTION

    def create_task(self, coro: Any, **more: Any) -> Any:
        """Make a task, and know of it: asyncio's own list has those of all loops that ever were."""
        task = super().create_task(coro, **more)
        self._tasks.add(task)
        return task

    def run_in_executor(  # type: ignore[override]  # whatever func takes and gives
        self, executor: Any, func: Any, *args: Any
    ) -> Any:
        """Do something in a thread, as `asyncio.to_thread` does: real time passes, and no virtual."""
        future = super().run_in_executor(executor, func, *args)
        self._in_threads += 1
        future.add_done_callback(self._leave_thread)
        return future

    def _leave_thread(self, _: object) -> None:
        self._in_threads -= 1

    @property
    def open_tasks(self) -> list[asyncio.Task[Any]]:
        """The tasks of this loop that have not ended."""
        return [task for task in self._tasks if not task.done()]

    def time(self) -> float:
        """Return the virtual time, in seconds."""
        return self._now

    def clock(self) -> float:
        """Return the virtual time in seconds since the epoch."""
        return self._start + self._now

    def at(self, moment: float) -> float:
        """Return when `moment`, in seconds since the epoch, is by the loop's time."""
        return moment - self._start

    def settle(self) -> None:
        """Let everything happen that can happen now."""
        self._drive(may_jump=False, limit=inf)

    def step(self, *, until: float = inf) -> bool:
        """Let time pass up to the next moment in which anything happens; returns whether there was one.

        `until`, by the loop's time, is the last that counts: where nothing happens by then, no time passes.
        """
        self._drive(may_jump=True, limit=until)
        return self._has_jumped

    def rest(self, *, until: float) -> None:
        """Let everything happen up to `until`, by the loop's time, and be there."""
        while self.step(until=until):
            pass
        self._now = max(self._now, until)
        self.settle()

    def _drive(self, *, may_jump: bool, limit: float) -> None:
        self._is_driven, self._may_jump, self._has_jumped, self._limit = True, may_jump, False, limit
        try:
            self.run_forever()
        finally:
            self._is_driven, self._may_jump, self._limit = False, True, inf

    def idle(self) -> None:
        """Nothing is ready: wake what is due, let time pass, or stop.

        Raises `Deadlock` where nothing would ever happen, and nobody drives.
        """
        if self._in_threads:
            time.sleep(THREAD_PAUSE)
            return
        if self.watch is not None and self.watch.is_busy():
            return
        due = self.watch.due() if self.watch is not None else None
        if self.watch is not None and due is not None and due <= self._now:
            self.watch.wake()
        elif not self._may_jump:
            self.stop()
        else:
            self._jump(min((each for each in (due, *self._timers()) if each is not None), default=None))

    def _timers(self) -> Iterator[float]:
        """Give when the first timer is: asyncio itself never says more than a day."""
        scheduled: list[asyncio.TimerHandle] = getattr(self, "_scheduled")  # noqa: B009 - it has no public name
        if scheduled:
            yield scheduled[0].when()

    def _jump(self, moment: float | None) -> None:
        """Let time pass up to `moment`, unless that is beyond the limit."""
        if moment is not None and moment <= self._limit:
            self._now, self._has_jumped, self._may_jump = moment, True, not self._is_driven
        elif self._is_driven:
            self.stop()
        else:
            raise Deadlock


class _Jumping(selectors.BaseSelector):
    """Waits by letting time pass. What is registered (the loop's own pipe) never becomes ready."""

    def __init__(self, loop: VirtualLoop) -> None:
        self._loop = loop
        self._keys: dict[Any, selectors.SelectorKey] = {}

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        if self._keys:  # the first is the loop's own
            raise RuntimeError("there are no sockets in virtual time: stub the action that needs one")
        number = fileobj if isinstance(fileobj, int) else fileobj.fileno()
        key = selectors.SelectorKey(fileobj, number, events, data)
        self._keys[fileobj] = key
        return key

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        return self._keys.pop(fileobj)

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None or timeout > 0:
            self._loop.idle()
        return []

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        return self._keys


def run_virtually(main: Coroutine[Any, Any, Result]) -> Result:
    """Run `main` to its end on a loop of its own, and cancel what is left of its tasks.

    Raises what `main` raises, and `Deadlock` where it waits for what cannot come.
    """
    loop = VirtualLoop()
    asyncio.set_event_loop(loop)
    try:
        return loop.run_until_complete(main)
    finally:
        try:
            _cancel_all(loop)
        finally:
            asyncio.set_event_loop(None)
            loop.close()


def _cancel_all(loop: VirtualLoop) -> None:
    tasks = loop.open_tasks
    for task in tasks:
        task.cancel()
    if tasks:
        with contextlib.suppress(Deadlock):  # one that does not let itself be cancelled waits for ever
            loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
