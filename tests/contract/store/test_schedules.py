"""What begins by itself."""

from __future__ import annotations

import asyncio

import msgspec

from resistor.ports import ScheduleState
from resistor.store import RedisStore
from tests.contract.store.samples import FAR, KEYS, PAST, keys_of

DAILY = ScheduleState(name="shop/daily", digest="d1", next_at=PAST)


async def claimed(store: RedisStore, *, limit: int = 10, lease: float = 60.0) -> list[str]:
    return [state.name for state in await store.schedules.claim(limit=limit, lease=lease)]


async def test_what_is_saved_is_read(store: RedisStore) -> None:
    state = ScheduleState(
        name="shop/daily",
        digest="d1",
        next_at=PAST,
        due_at=7.0,
        is_paused=True,
        last_at=4.0,
        last_run="r1",
        pending=(1.0, 2.0),
    )
    assert await store.schedules.save([state]) == [True]
    assert await store.schedules.read_all() == [msgspec.structs.replace(state, revision=1)]
    assert await store.schedules.claim(limit=10, lease=60) == [msgspec.structs.replace(state, revision=1)]


async def test_a_claim_leases_the_longest_overdue_first_and_never_removes(store: RedisStore) -> None:
    states = [ScheduleState(name=f"shop/s{number}", digest="d", next_at=PAST - number) for number in range(3)]
    future = ScheduleState(name="shop/future", digest="d", next_at=FAR)
    never = ScheduleState(name="shop/never", digest="d", next_at=None)
    await store.schedules.save([*states, future, never])
    assert await claimed(store, limit=2, lease=0.0) == ["shop/s2", "shop/s1"]
    assert sorted(await claimed(store)) == ["shop/s0", "shop/s1", "shop/s2"]
    assert await claimed(store) == []
    assert [state.name for state in await store.schedules.read_all()] == [
        "shop/future",
        "shop/never",
        "shop/s0",
        "shop/s1",
        "shop/s2",
    ]


async def test_only_one_of_two_that_read_the_same_revision_writes(store: RedisStore) -> None:
    await store.schedules.save([DAILY])
    [state] = await store.schedules.claim(limit=10, lease=60)
    first, second = (msgspec.structs.replace(state, next_at=FAR, last_run=run) for run in ("a", "b"))
    assert await store.schedules.save([first, second]) == [True, False]
    assert await store.schedules.save([first]) == [False]
    [state] = await store.schedules.read_all()
    assert (state.last_run, state.revision) == ("a", 2)


async def test_a_save_says_when_a_schedule_is_due_again(store: RedisStore) -> None:
    await store.schedules.save([DAILY])
    [state] = await store.schedules.claim(limit=10, lease=60)
    await store.schedules.save([msgspec.structs.replace(state, next_at=FAR, due_at=PAST, pending=(PAST,))])
    [state] = await store.schedules.claim(limit=10, lease=60)
    await store.schedules.save([msgspec.structs.replace(state, due_at=None, pending=())])
    assert await claimed(store) == []


async def test_a_sync_adds_what_is_new_and_leaves_what_is_as_it_was(store: RedisStore) -> None:
    await store.schedules.sync({"shop/daily": ("d1", PAST), "shop/hourly": ("h1", FAR)})
    assert await claimed(store) == ["shop/daily"]
    before = await store.schedules.read_all()
    await store.schedules.sync({"shop/daily": ("d1", 1.0), "shop/hourly": ("h1", 1.0)})
    assert await store.schedules.read_all() == before
    assert await claimed(store) == []


async def test_a_sync_replaces_what_has_changed_and_keeps_its_pause(store: RedisStore) -> None:
    await store.schedules.save([msgspec.structs.replace(DAILY, last_run="r1", is_paused=True, due_at=1.0)])
    await store.schedules.sync({"shop/daily": ("d2", FAR)})
    [state] = await store.schedules.read_all()
    assert state == ScheduleState(
        name="shop/daily", digest="d2", next_at=FAR, last_run="r1", is_paused=True, revision=2
    )
    assert await claimed(store) == []


async def test_a_sync_drops_what_nobody_wants_and_leaves_no_key_behind(store: RedisStore) -> None:
    await store.schedules.sync({"shop/daily": ("d1", PAST), "shop/hourly": ("h1", PAST)})
    await store.schedules.sync({"shop/hourly": ("h1", PAST)})
    assert await claimed(store) == ["shop/hourly"]
    await store.schedules.sync({})
    assert await keys_of(store) == set()


async def test_several_that_sync_at_once_agree(store: RedisStore, redis_url: str) -> None:
    others = [RedisStore(redis_url, KEYS, timeout=5.0) for _ in range(3)]
    await store.schedules.sync({f"shop/s{number}": ("old", PAST) for number in range(10, 30)})
    wanted = {f"shop/s{number}": ("new", FAR) for number in range(20)}
    try:
        await asyncio.gather(*(each.schedules.sync(wanted) for each in (store, *others)))
    finally:
        for each in others:
            await each.close()
    states = await store.schedules.read_all()
    assert {state.name: (state.digest, state.next_at) for state in states} == wanted
    assert max(state.revision for state in states) == 2


async def test_a_pause_stays_until_it_is_lifted(store: RedisStore) -> None:
    await store.schedules.save([DAILY])
    [before] = await store.schedules.claim(limit=10, lease=60)
    paused = msgspec.structs.replace(DAILY, is_paused=True, revision=2)
    for _ in range(2):
        assert await store.schedules.pause("shop/daily", is_paused=True) == paused
        assert await store.schedules.read_all() == [paused]
    assert await store.schedules.save([before]) == [False]  # who has claimed it meanwhile reads it again
    assert await store.schedules.claim(limit=10, lease=60) == [paused]
    again = await store.schedules.pause("shop/daily", is_paused=False)
    assert again is not None
    assert not again.is_paused
    assert await store.schedules.pause("shop/nothing", is_paused=True) is None
