"""An asyncio loop on virtual time: when nothing is ready, it jumps to the next timer.

Thirty days of retries take milliseconds, and the same program takes the same steps every time. Nothing in it
may wait for a socket, a thread or a process: that would never come.
"""

from __future__ import annotations

import asyncio
import contextlib
import selectors
from collections.abc import Coroutine, Mapping
from typing import Any, TypeVar

Result = TypeVar("Result")

EPOCH = 1_800_000_000.0  # seconds since the epoch when the loop's time is 0: some day in 2027


class Deadlock(Exception):
    """Everything waits, and nothing will ever happen: no timer stands."""


class VirtualLoop(asyncio.SelectorEventLoop):
    """A loop whose `time` is virtual and begins at 0."""

    def __init__(self) -> None:
        """Begin at 0."""
        self._now = 0.0
        super().__init__(_Jumping(self))

    def time(self) -> float:
        """Return the virtual time, in seconds."""
        return self._now

    def clock(self) -> float:
        """Return the virtual time in seconds since the epoch."""
        return EPOCH + self._now

    def jump(self, seconds: float) -> None:
        """Let so much time pass at once."""
        self._now += seconds


class _Jumping(selectors.BaseSelector):
    """Waits by letting time pass. What is registered (the loop's own pipe) never becomes ready."""

    def __init__(self, loop: VirtualLoop) -> None:
        self._loop = loop
        self._keys: dict[Any, selectors.SelectorKey] = {}

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        number = fileobj if isinstance(fileobj, int) else fileobj.fileno()
        key = selectors.SelectorKey(fileobj, number, events, data)
        self._keys[fileobj] = key
        return key

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        return self._keys.pop(fileobj)

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise Deadlock
        if timeout > 0:
            self._loop.jump(timeout)
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
    tasks = asyncio.all_tasks(loop)
    for task in tasks:
        task.cancel()
    if tasks:
        with contextlib.suppress(Deadlock):  # one that does not let itself be cancelled waits for ever
            loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
