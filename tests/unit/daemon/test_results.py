"""The queues of results: those that are there, and those that come later."""

from __future__ import annotations

import asyncio
from typing import Any, cast

from resistor.daemon.results import LOOK_SECONDS, Results
from resistor.testing.virtual_loop import run_virtually


class Consuming:
    """A consumer that notes when it runs."""

    def __init__(self, running: set[int], partition: int) -> None:
        self.running, self.partition = running, partition
        self.stopped = asyncio.Event()

    async def run(self) -> None:
        self.running.add(self.partition)
        await self.stopped.wait()
        self.running.discard(self.partition)

    def stop(self) -> None:
        self.stopped.set()


class Failing(Consuming):
    async def run(self) -> None:
        raise RuntimeError("the lane broke")


def test_a_queue_that_comes_later_is_consumed_and_all_are_left_in_the_end() -> None:
    running: set[int] = set()
    there = 2

    async def count() -> int:
        return there

    async def play() -> None:
        nonlocal there
        results = Results(lambda partition: cast(Any, Consuming(running, partition)), count)
        task = asyncio.create_task(results.run())
        await asyncio.sleep(1.0)
        assert running == {0, 1}
        there = 4
        await asyncio.sleep(LOOK_SECONDS)
        assert running == {0, 1, 2, 3}
        there = 1  # a queue that was deleted comes back when it is declared again: nobody is stopped
        await asyncio.sleep(LOOK_SECONDS)
        assert running == {0, 1, 2, 3}
        results.stop()
        await task
        assert running == set()

    run_virtually(play())


def test_stopped_while_it_counts_it_begins_nothing_that_goes_on() -> None:
    running: set[int] = set()

    async def count() -> int:
        await asyncio.sleep(1.0)
        return 3

    async def play() -> None:
        results = Results(lambda partition: cast(Any, Consuming(running, partition)), count)
        task = asyncio.create_task(results.run())
        await asyncio.sleep(0.5)
        results.stop()
        await task
        assert running == set()

    run_virtually(play())


def test_the_failure_of_one_is_that_of_all() -> None:
    running: set[int] = set()

    async def count() -> int:
        return 2

    def consumer(partition: int) -> Any:
        return (Failing if partition else Consuming)(running, partition)

    async def play() -> str:
        task = asyncio.create_task(Results(consumer, count).run())
        await asyncio.wait({task})
        return str(task.exception())

    assert run_virtually(play()) == "the lane broke"
    assert running == {0}, "it was cancelled, and did not leave by itself"
