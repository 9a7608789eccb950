"""Start and stop: signals, and draining.

SIGTERM or SIGINT: nothing more is taken, what is in hand is committed, published and acknowledged, and then
the process ends. A second signal, or the end of the drain time, ends it at once: what was in hand is
delivered again, to us or to another daemon.
"""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

log = logging.getLogger(__name__)

SIGNALS = (signal.SIGTERM, signal.SIGINT)


class StoppedEarly(Exception):
    """We were told to stop before we had begun."""


@contextmanager
def stop_on_signals() -> Iterator[asyncio.Event]:
    """Yield an event that the first SIGTERM or SIGINT sets; after it the signals act as by default."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()

    def stop(number: signal.Signals) -> None:
        log.info("%s: finishing what is in hand", number.name, extra={"action": "stopping"})
        stopping.set()
        for each in SIGNALS:
            loop.remove_signal_handler(each)

    for each in SIGNALS:
        loop.add_signal_handler(each, stop, each)
    try:
        yield stopping
    finally:
        for each in SIGNALS:
            loop.remove_signal_handler(each)


@contextmanager
def on_hangup(do: Callable[[], None]) -> Iterator[None]:
    """Have `do` called for every SIGHUP."""
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGHUP, do)
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGHUP)


async def happens(event: asyncio.Event, *, within: float) -> bool:
    """Return whether `event` is set by now, or will be in `within` seconds; waits that long at most."""
    try:
        async with asyncio.timeout(within):
            return await event.wait()
    except TimeoutError:
        return False


async def any_happens(*events: asyncio.Event, within: float) -> None:
    """Wait until one of these is set, `within` seconds at most."""
    waiting = [asyncio.create_task(event.wait()) for event in events]
    try:
        await asyncio.wait(waiting, timeout=within, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)


async def unless_stopped(work: Coroutine[Any, Any, None], stopping: asyncio.Event) -> None:
    """Await `work`, which may wait for servers. Raises `StoppedEarly` when `stopping` is set before that."""
    task = asyncio.ensure_future(work)
    stop = asyncio.ensure_future(stopping.wait())
    try:
        await asyncio.wait({task, stop}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise StoppedEarly
        await task
    finally:
        for each in (task, stop):
            each.cancel()
        await asyncio.gather(task, stop, return_exceptions=True)


async def drained(tasks: set[asyncio.Task[None]], *, seconds: float) -> bool:
    """Wait for `tasks` to end, `seconds` at most; returns whether they all did. The others are cancelled."""
    if not tasks:
        return True
    _, late = await asyncio.wait(tasks, timeout=seconds)
    for task in late:
        task.cancel()
    await asyncio.gather(*late, return_exceptions=True)
    return not late
