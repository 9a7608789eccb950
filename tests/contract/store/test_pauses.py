"""The modules that are paused, and the actions that wait for them."""

from __future__ import annotations

from resistor.ports import Passer
from resistor.store import RedisStore
from tests.contract.store.samples import keys_of


def passer(run: str, number: int = 1) -> Passer:
    return Passer(run, "each/3/go#2", number)


async def hold(store: RedisStore, *runs: str, module: str = "m", priority: int = 0) -> list[bool]:
    return list(await store.pauses.hold([(module, passer(run), priority) for run in runs]))


async def claim(store: RedisStore, limit: int = 100) -> list[str]:
    return [each.run for _, each in await store.pauses.claim(limit=limit, lease=60.0)]


async def test_only_what_is_paused_holds(store: RedisStore) -> None:
    assert await hold(store, "a") == [False]
    await store.pauses.pause("m", "down")
    assert await hold(store, "a", "b", "a") == [True, True, True]
    assert await hold(store, "a", module="n") == [False]
    assert await store.pauses.held(["m", "n"]) == [2, 0]


async def test_a_pause_says_why_and_since_when(store: RedisStore) -> None:
    first = await store.pauses.pause("m", "down")
    second = await store.pauses.pause("m", "still down")
    assert second.since == first.since
    assert await store.pauses.paused() == {"m": second}
    assert [await store.pauses.resume("m"), await store.pauses.resume("m")] == [True, False]
    assert await store.pauses.paused() == {}
    assert await keys_of(store) == set()


async def test_those_who_are_held_are_named_by_priority_a_page_at_a_time_until_told(
    store: RedisStore,
) -> None:
    await store.pauses.pause("m", "")
    await hold(store, "a", "b")
    await hold(store, "urgent", priority=9)
    assert await claim(store) == [], "nobody while it is paused"
    await store.pauses.resume("m")
    page = await store.pauses.claim(limit=2, lease=60.0)
    assert [(module, each.run) for module, each in page] == [("m", "urgent"), ("m", "a")]
    assert page[0][1] == passer("urgent")
    assert await claim(store) == [], "another daemon keeps off"
    await store.pauses.released(page)
    rest = await store.pauses.claim(limit=2, lease=60.0)
    assert [each.run for _, each in rest] == ["b"]
    await store.pauses.released(rest)
    assert await claim(store) == []
    assert await keys_of(store) == set()


async def test_a_daemon_that_died_before_it_told_anybody_leaves_all_to_the_next(store: RedisStore) -> None:
    await store.pauses.pause("m", "")
    await hold(store, "a", "b")
    await store.pauses.resume("m")
    for _ in range(2):
        assert [each.run for _, each in await store.pauses.claim(limit=10, lease=0.0)] == ["a", "b"]


async def test_paused_again_those_who_were_not_told_stay(store: RedisStore) -> None:
    await store.pauses.pause("m", "")
    await hold(store, "a", "b")
    await store.pauses.resume("m")
    page = await store.pauses.claim(limit=1, lease=60.0)
    await store.pauses.pause("m", "again")
    await store.pauses.released(page)
    assert await claim(store) == []
    assert await store.pauses.held(["m"]) == [1]
    await store.pauses.resume("m")
    assert await claim(store) == ["b"]


async def test_who_asks_when_the_module_goes_on_does_not_wait_and_is_not_named(store: RedisStore) -> None:
    await store.pauses.pause("m", "")
    await hold(store, "a", "b")
    await store.pauses.resume("m")
    assert await hold(store, "a") == [False]
    assert await claim(store) == ["b"]


async def test_who_waits_no_more_is_not_named(store: RedisStore) -> None:
    await store.pauses.pause("m", "")
    await hold(store, "a", "b")
    await store.pauses.unhold([("m", passer("a")), ("m", passer("a")), ("n", passer("a"))])
    await store.pauses.resume("m")
    assert await claim(store) == ["b"]
    await store.pauses.unhold([("m", passer("b"))])
    assert await store.pauses.claim(limit=10, lease=0.0) == []
