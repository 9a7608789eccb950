"""A queue's loop: batches at once, and the end of them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, cast

from resistor.daemon.consumer import Consumer
from resistor.daemon.quiet import Quiet
from resistor.messages.envelope import Envelope
from resistor.ports import Delivery
from resistor.testing.virtual_loop import run_virtually


class Lane:
    """Gives a message whenever it is asked, `most` in all, and then none."""

    def __init__(self, most: int) -> None:
        self.left = self.expected = most
        self.acked: list[int] = []
        self.is_done = asyncio.Event()

    async def take(self, limit: int) -> Sequence[Delivery]:
        if not self.left:
            await asyncio.Event().wait()
        self.left -= 1
        tag = self.left
        return [
            Delivery(
                envelope=Envelope(),
                exchange="",
                routing_key="",
                queue="q",
                tag=tag,
                generation=1,
                redelivered=False,
                count=0,
            )
        ]

    async def ack(self, deliveries: Sequence[Delivery]) -> None:
        self.acked += [each.tag for each in deliveries]
        if len(self.acked) == self.expected:
            self.is_done.set()


class Slow:
    """A pipeline that takes a second for a batch, and notes how many were at work."""

    def __init__(self) -> None:
        self.quiet = Quiet()
        self.at_work = self.most = 0

    async def process(self, deliveries: Sequence[Delivery]) -> list[Any]:
        self.at_work += 1
        self.most = max(self.most, self.at_work)
        await asyncio.sleep(1.0)
        self.at_work -= 1
        return []


async def nobody(_: object) -> list[Delivery]:
    return []


def consumer(lane: Lane, pipeline: Slow, at_once: int) -> Consumer:
    suspicion = SimpleNamespace(in_order=nobody)
    return Consumer(cast(Any, lane), cast(Any, pipeline), cast(Any, suspicion), batch=10, at_once=at_once)


def test_so_many_batches_are_under_way_and_no_more() -> None:
    lane, pipeline = Lane(9), Slow()

    async def play() -> float:
        loop, consuming = asyncio.get_running_loop(), consumer(lane, pipeline, 3)
        began, running = loop.time(), asyncio.create_task(consuming.run())
        await lane.is_done.wait()
        consuming.stop()
        await running
        return loop.time() - began

    assert run_virtually(play()) == 3.0
    assert pipeline.most == 3


def test_told_to_stop_it_ends_what_is_in_hand_and_takes_nothing_more() -> None:
    lane, pipeline = Lane(100), Slow()

    async def play() -> float:
        loop, consuming = asyncio.get_running_loop(), consumer(lane, pipeline, 2)
        running = asyncio.create_task(consuming.run())
        await asyncio.sleep(0.5)  # both are at work, and it waits for one of them
        consuming.stop()
        await running
        return loop.time()

    assert run_virtually(play()) == 1.0
    assert (len(lane.acked), pipeline.at_work) == (2, 0)


def test_cancelled_it_leaves_nothing_behind_that_works_on() -> None:
    lane, pipeline = Lane(100), Slow()

    async def play() -> None:
        running = asyncio.create_task(consumer(lane, pipeline, 2).run())
        await asyncio.sleep(0.5)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        assert asyncio.all_tasks() == {asyncio.current_task()}

    run_virtually(play())
    assert lane.acked == []


def test_a_batch_that_fails_beyond_mending_ends_the_consumer_and_nothing_hangs() -> None:
    class Deaf(Lane):
        async def ack(self, deliveries: Sequence[Delivery]) -> None:
            raise BrokenPipeError("nothing can be acknowledged")

    lane, pipeline = Deaf(100), Slow()

    async def play() -> str:
        running = asyncio.create_task(consumer(lane, pipeline, 2).run())
        await asyncio.wait({running})
        assert asyncio.all_tasks() == {asyncio.current_task()}
        failed = running.exception()
        assert isinstance(failed, ExceptionGroup)
        return str(failed.exceptions[0])

    assert run_virtually(play()) == "nothing can be acknowledged"
