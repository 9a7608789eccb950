"""The loop whose time jumps: driven from outside, with a watch, with threads, and run like any other."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from resistor.testing.virtual_loop import EPOCH, Deadlock, VirtualLoop, run_virtually


@pytest.fixture
def loop() -> Iterator[VirtualLoop]:
    """Give a loop on which nothing has happened yet."""
    with closing(VirtualLoop()) as virtual:
        yield virtual


class Agenda:
    """A watch on moments that the test names; `busy` says how often something goes on that nobody sees."""

    def __init__(self, loop: VirtualLoop, *moments: float, busy: int = 0) -> None:
        self.moments = list(moments)
        self.done: list[float] = []
        self.busy = busy
        self._loop = loop
        loop.watch = self

    def is_busy(self) -> bool:
        """Whether it is, once more."""
        self.busy -= 1
        return self.busy >= 0

    def due(self) -> float | None:
        """When the next one is."""
        return min(self.moments, default=None)

    def wake(self) -> None:
        """Do it."""
        self.moments.remove(min(self.moments))
        self.done.append(self._loop.time())


def noting(loop: VirtualLoop, into: list[float]) -> Callable[[], None]:
    return lambda: into.append(loop.time())


def test_settling_does_what_takes_no_time_and_lets_none_pass(loop: VirtualLoop) -> None:
    seen: list[float] = []
    loop.call_soon(loop.call_soon, noting(loop, seen))
    loop.call_later(0.001, noting(loop, seen))
    loop.settle()
    assert seen == [0.0]
    assert loop.time() == 0.0


def test_a_step_goes_to_the_next_moment_and_no_further(loop: VirtualLoop) -> None:
    seen: list[float] = []
    for moment in (5.0, 5.0, 9.0):
        loop.call_later(moment, noting(loop, seen))
    assert loop.step()
    assert seen == [5.0, 5.0]
    assert loop.step()
    assert seen == [5.0, 5.0, 9.0]
    assert not loop.step()
    assert loop.time() == 9.0


def test_no_time_passes_where_nothing_happens_within_the_limit(loop: VirtualLoop) -> None:
    seen: list[float] = []
    loop.call_later(10.0, noting(loop, seen))
    assert not loop.step(until=9.999)
    assert (loop.time(), seen) == (0.0, [])
    assert loop.step(until=10.0)
    assert seen == [10.0]


def test_a_rest_ends_where_it_is_told_to_and_does_what_comes_then(loop: VirtualLoop) -> None:
    seen: list[float] = []
    for moment in (1.0, 2.0, 3.0, 4.0):
        loop.call_later(moment, noting(loop, seen))
    loop.rest(until=3.0)
    assert seen == [1.0, 2.0, 3.0]
    loop.rest(until=3.5)
    assert loop.time() == 3.5
    loop.rest(until=2.0)
    assert loop.time() == 3.5  # it never goes back


def test_a_year_takes_no_time(loop: VirtualLoop) -> None:
    async def live() -> None:
        for _ in range(365):
            await asyncio.sleep(86400)

    task = loop.create_task(live())
    loop.rest(until=365 * 86400.0)
    assert task.done()
    assert loop.clock() == EPOCH + 365 * 86400


def test_a_timer_of_centuries_is_one_step(loop: VirtualLoop) -> None:
    seen: list[float] = []
    loop.call_later(300 * 366 * 86400.0, noting(loop, seen))
    assert not loop.step(until=366 * 86400.0)
    assert loop.time() == 0.0
    assert loop.step()
    assert seen == [300 * 366 * 86400.0]


def test_the_clock_begins_where_it_is_told_to() -> None:
    with closing(VirtualLoop(1000.0)) as loop:
        loop.rest(until=5.0)
        assert (loop.clock(), loop.at(1003.0)) == (1005.0, 3.0)


def test_what_is_due_without_a_timer_is_done_when_it_is_due(loop: VirtualLoop) -> None:
    agenda, seen = Agenda(loop, 3.0, 7.0), list[float]()
    loop.call_later(5.0, noting(loop, seen))
    assert loop.step()
    assert (agenda.done, seen) == ([3.0], [])
    assert loop.step()
    assert seen == [5.0]
    assert not loop.step(until=6.0)
    assert loop.step()
    assert agenda.done == [3.0, 7.0]


def test_what_is_overdue_is_done_at_once(loop: VirtualLoop) -> None:
    agenda = Agenda(loop)
    loop.rest(until=10.0)
    agenda.moments = [4.0, 10.0]
    loop.settle()
    assert agenda.done == [10.0, 10.0]


def test_time_waits_for_what_goes_on_unseen(loop: VirtualLoop) -> None:
    agenda, seen = Agenda(loop, busy=3), list[int]()
    loop.call_later(1.0, lambda: seen.append(agenda.busy))
    assert loop.step()
    assert seen == [-1]  # asked three times in vain, and then for the timer


def test_time_waits_for_a_thread_that_the_watch_knows_of(loop: VirtualLoop) -> None:
    told, finished = list[float](), threading.Event()

    class Thread:
        def is_busy(self) -> bool:
            if finished.is_set():
                return False
            finished.set()
            loop.call_soon_threadsafe(noting(loop, told))
            return True

        def due(self) -> float | None:
            return None

        def wake(self) -> None:
            raise AssertionError("nothing is ever due")

    loop.watch = Thread()
    loop.call_later(60.0, noting(loop, told))
    assert loop.step()
    assert told[0] == 0.0


def test_waiting_for_what_cannot_come_is_a_deadlock() -> None:
    async def wait() -> None:
        await asyncio.Event().wait()

    with pytest.raises(Deadlock):
        run_virtually(wait())


def test_whoever_drives_is_told_that_nothing_comes_and_not_by_an_error(loop: VirtualLoop) -> None:
    task = loop.create_task(asyncio.Event().wait())
    assert not loop.step()
    task.cancel()
    loop.settle()
    assert task.cancelled()


def test_a_program_runs_to_its_end_and_what_it_left_is_cancelled() -> None:
    ended: list[str] = []

    async def lag() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("lag")

    async def main() -> float:
        task = asyncio.create_task(lag())
        await asyncio.sleep(3600)
        assert not task.done()
        return asyncio.get_running_loop().time()

    assert run_virtually(main()) == 3600.0
    assert ended == ["lag"]


def test_an_error_in_a_step_leaves_the_loop_usable(loop: VirtualLoop) -> None:
    def fail() -> None:
        raise KeyboardInterrupt

    loop.call_later(1.0, fail)
    with pytest.raises(KeyboardInterrupt):
        loop.step()
    seen: list[float] = []
    loop.call_later(1.0, noting(loop, seen))
    assert loop.step()
    assert seen == [2.0]


def test_a_loop_knows_its_own_open_tasks_only(loop: VirtualLoop) -> None:
    with closing(VirtualLoop()) as other:
        task = loop.create_task(asyncio.sleep(1))
        assert loop.open_tasks == [task]
        assert other.open_tasks == []
        loop.step()
        assert loop.open_tasks == []
