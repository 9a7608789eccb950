"""The slots of concurrency keys."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence

import msgspec
import pytest

from resistor.ports import Acquire, SlotAnswer, SlotName, SlotOutcome, SlotsView
from resistor.store import RedisStore
from tests.contract.store.samples import KEYS, keys_of

GRANTED = SlotAnswer(SlotOutcome.GRANTED)
QUEUED = SlotAnswer(SlotOutcome.QUEUED)
DENIED = SlotAnswer(SlotOutcome.DENIED)


def slot(run: str, limit: int = 1, key: str = "c-1") -> SlotName:
    return SlotName(run, "shop", "order.placed", key, limit)


async def acquire(
    store: RedisStore, *runs: str, limit: int = 1, on_conflict: str = "queue"
) -> Sequence[SlotAnswer]:
    return await store.slots.acquire([Acquire(slot(run, limit), on_conflict) for run in runs])


async def release(store: RedisStore, run: str, limit: int = 1) -> tuple[str, ...]:
    [granted] = await store.slots.release([slot(run, limit)])
    return tuple(granted)


async def look(store: RedisStore) -> SlotsView:
    [view] = await store.slots.look([slot("")])
    return view


async def test_who_finds_no_slot_waits_and_is_granted_one_in_turn(store: RedisStore) -> None:
    assert await acquire(store, "a", "b", "c", "d", limit=2) == [GRANTED, GRANTED, QUEUED, QUEUED]
    assert await look(store) == SlotsView(("a", "b"), ("c", "d"), ())
    assert await release(store, "b", limit=2) == ("c",)
    assert await release(store, "a", limit=2) == ("d",)
    assert await look(store) == SlotsView(("c", "d"), (), ())


async def test_each_key_has_slots_of_its_own(store: RedisStore) -> None:
    keys = ["c-1", "c-2", "", "x" * 10_000, "x" * 10_001]
    for _ in range(2):
        asked = [Acquire(slot(f"r{number}", key=key), "queue") for number, key in enumerate(keys)]
        assert await store.slots.acquire(asked) == [GRANTED] * 5
    assert max(map(len, await keys_of(store))) < 200


async def test_asked_again_a_run_keeps_what_it_has(store: RedisStore) -> None:
    for _ in range(3):
        assert await acquire(store, "a", "b", "c") == [GRANTED, QUEUED, QUEUED]
        assert await acquire(store, "b") == [QUEUED]
        assert await look(store) == SlotsView(("a",), ("b", "c"), ())


async def test_a_release_that_is_repeated_tells_again_who_has_a_slot(store: RedisStore) -> None:
    await acquire(store, "a", "b", "c")
    assert await release(store, "a") == ("b",)
    assert await release(store, "a") == ("b",)
    assert await release(store, "nobody") == ("b",)
    assert await look(store) == SlotsView(("b",), ("c",), ())


async def test_who_gives_its_place_in_the_queue_back_grants_nobody_one(store: RedisStore) -> None:
    await acquire(store, "a", "b", "c")
    assert await release(store, "b") == ()
    assert await release(store, "a") == ("c",)


async def test_who_rejects_is_denied_where_no_slot_is_free(store: RedisStore) -> None:
    assert await acquire(store, "a", "b", on_conflict="reject") == [GRANTED, DENIED]
    assert await acquire(store, "a", "b", on_conflict="reject") == [GRANTED, DENIED]
    assert await look(store) == SlotsView(("a",), (), ())


async def test_who_cancels_has_a_slot_at_once_and_names_the_oldest_until_it_is_gone(
    store: RedisStore,
) -> None:
    await acquire(store, "a", "b", limit=2, on_conflict="cancel_running")
    instead_of_a = SlotAnswer(SlotOutcome.GRANTED, ("a",))
    for _ in range(2):
        answers = await acquire(store, "c", limit=2, on_conflict="cancel_running")
        assert answers == [instead_of_a]
    assert await look(store) == SlotsView(("b", "c"), (), ("a",))
    assert await acquire(store, "a", limit=2, on_conflict="cancel_running") == [GRANTED]
    assert await release(store, "a", limit=2) == ()
    assert await acquire(store, "c", limit=2, on_conflict="cancel_running") == [GRANTED]


async def test_one_after_another_may_be_cancelled(store: RedisStore) -> None:
    await acquire(store, "a", "b", "c", on_conflict="cancel_running")
    assert await look(store) == SlotsView(("c",), (), ("a", "b"))
    await release(store, "b")
    await release(store, "a")
    await release(store, "c")
    assert await keys_of(store) == set()


async def test_the_limit_is_that_of_the_one_who_asks(store: RedisStore) -> None:
    await acquire(store, "a", "b", "c", "d")
    assert await acquire(store, "e", limit=3) == [QUEUED]  # b, c and d were here before
    assert await acquire(store, "b", limit=3) == [GRANTED]
    assert await release(store, "a", limit=3) == ("c", "d")
    assert await acquire(store, "f", limit=1, on_conflict="cancel_running") == [
        SlotAnswer(SlotOutcome.GRANTED, ("b", "c", "d"))
    ]
    assert await look(store) == SlotsView(("f",), ("e",), ("b", "c", "d"))
    for run in "bcd":
        assert await release(store, run) == ()
    assert await release(store, "f") == ("e",)


async def test_nobody_overtakes_the_queue(store: RedisStore) -> None:
    await acquire(store, "a", "b")
    assert await acquire(store, "c", limit=2, on_conflict="reject") == [DENIED]
    assert await acquire(store, "d", limit=3, on_conflict="reject") == [GRANTED]


async def test_of_many_that_ask_at_once_no_more_than_the_limit_have_a_slot(
    store: RedisStore, redis_url: str
) -> None:
    other = RedisStore(redis_url, KEYS, timeout=5.0)
    runs = [f"r{number}" for number in range(60)]
    try:
        asked = (acquire(client, run, limit=7) for run in runs for client in (store, other))
        answers = [answer for [answer] in await asyncio.gather(*asked)]
        assert answers[::2].count(GRANTED) == 7
        has_slot = [run for run, answer in zip(runs, answers[::2], strict=True) if answer == GRANTED]
        served = list(has_slot)
        while has_slot:
            given = [release(client, run, 7) for run in has_slot for client in (store, other)]
            told = {run for granted in await asyncio.gather(*given) for run in granted}
            has_slot = sorted(told - set(served))
            served += has_slot
    finally:
        await other.close()
    assert sorted(served) == sorted(runs)
    assert await keys_of(store) == set()


@pytest.mark.parametrize("seed", range(10))
async def test_whatever_is_repeated_the_slots_are_as_a_model_has_them(store: RedisStore, seed: int) -> None:
    chance = random.Random(seed)
    holders: list[str] = []
    queue: list[str] = []
    for _ in range(120):
        run = f"r{chance.randrange(12)}"
        times = chance.choice([1, 1, 2])
        if chance.random() < 0.5:
            for _ in range(times):
                await acquire(store, run, limit=3)
            if run not in holders and run not in queue:
                (holders if len(holders) < 3 else queue).append(run)
        else:
            for _ in range(times):
                await release(store, run, limit=3)
            holders = [each for each in holders if each != run]
            queue = [each for each in queue if each != run]
            while queue and len(holders) < 3:
                holders.append(queue.pop(0))
        assert await look(store) == SlotsView(tuple(holders), tuple(queue), ())


async def test_free_slots_leave_no_key_behind(store: RedisStore) -> None:
    await acquire(store, "a", "b", "c", limit=2)
    await acquire(store, "x", limit=2, on_conflict="cancel_running")
    for run in ("a", "b", "c", "x"):
        await store.slots.release([msgspec.structs.replace(slot(run), limit=2)])
    assert await keys_of(store) == set()
