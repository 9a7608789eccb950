"""Who listens for what, and the events that came early."""

from __future__ import annotations

import asyncio

import msgspec

from resistor.ports import Arrival, Subscription, Waiter
from resistor.store import RedisStore
from resistor.store import keys as names
from resistor.store.topics import MOST_BYTES, MOST_EVENTS, RedisTopics
from tests.contract.store.samples import KEYS, keys_of

HEAR = Subscription(run="r1", address="hear", namespace="shop", event="paid", key='"o-1"')
PAID = Arrival(
    namespace="shop", event="paid", keys=('"o-1"', None), id="e-1", payload=b'{"a":[]}', keep_seconds=3600
)


def like(subscription: Subscription, **fields: object) -> Subscription:
    return msgspec.structs.replace(subscription, **fields)


def event(event_id: str, **fields: object) -> Arrival:
    return msgspec.structs.replace(PAID, id=event_id, **fields)


async def heard_by(store: RedisStore, arrival: Arrival = PAID) -> set[str]:
    [waiters] = await store.topics.arrive([arrival])
    return {waiter.run for waiter in waiters.found}


async def ids_for(store: RedisStore, subscription: Subscription) -> list[str]:
    [events] = await store.topics.subscribe([subscription])
    return [each.id for each in events]


async def test_an_event_finds_those_who_wait_for_its_key_and_those_who_name_none(store: RedisStore) -> None:
    others = {
        "no key": like(HEAR, run="no-key", key=None),
        "another key": like(HEAR, run="other-key", key='"o-2"'),
        "another namespace": like(HEAR, run="elsewhere", namespace="outlet"),
        "another event": like(HEAR, run="other-event", event="paid.late"),
    }
    assert await store.topics.subscribe([HEAR, *others.values()]) == [()] * 5
    assert await heard_by(store) == {"r1", "no-key"}
    assert await heard_by(store, event("e-2", keys=(None,))) == {"no-key"}
    assert await heard_by(store, event("e-3", keys=())) == set()


async def test_a_waiter_is_told_with_the_address_that_it_waits_at(store: RedisStore) -> None:
    places = ["each/3/hear", "each/3/hear#2", "a branch/ü/hear"]
    await store.topics.subscribe([like(HEAR, address=place) for place in places])
    [waiters] = await store.topics.arrive([PAID])
    assert sorted(waiters.found, key=lambda each: each.address) == [
        Waiter("r1", place) for place in sorted(places)
    ]
    assert waiters.remaining == ()


async def test_a_step_that_waits_under_two_keys_is_named_once(store: RedisStore) -> None:
    await store.topics.subscribe([HEAR, like(HEAR, key=None)])
    [waiters] = await store.topics.arrive([PAID])
    assert waiters.found == (Waiter("r1", "hear"),)


async def test_who_subscribes_twice_is_told_once_and_until_it_unsubscribes(store: RedisStore) -> None:
    await store.topics.subscribe([HEAR, HEAR])
    assert await heard_by(store) == {"r1"}
    for _ in range(2):
        await store.topics.unsubscribe([HEAR])
        assert await heard_by(store) == set()


async def test_events_that_came_early_are_handed_over_oldest_first(store: RedisStore) -> None:
    for number in range(3):
        await store.topics.arrive([event(f"e-{number}", payload=f"{number}".encode())])
    [events] = await store.topics.subscribe([HEAR])
    assert [(each.id, each.payload) for each in events] == [("e-0", b"0"), ("e-1", b"1"), ("e-2", b"2")]
    assert [each.received_at for each in events] == sorted(each.received_at for each in events)
    assert await store.topics.subscribe([HEAR]) == [events]
    assert await ids_for(store, like(HEAR, key=None)) == ["e-0", "e-1", "e-2"]


async def test_events_count_from_the_moment_that_was_asked_for(store: RedisStore) -> None:
    await store.topics.arrive([event("before")])
    since = (await store.load([])).now
    await store.topics.arrive([event("after")])
    [[after]] = await store.topics.subscribe([like(HEAR, since=since)])
    assert after.id == "after"
    assert await ids_for(store, like(HEAR, since=after.received_at)) == ["after"]
    assert await ids_for(store, like(HEAR, since=after.received_at + 0.001)) == []


async def test_an_event_that_comes_again_is_kept_once_and_told_again(store: RedisStore) -> None:
    await store.topics.subscribe([HEAR])
    assert await heard_by(store) == {"r1"}
    [[first]] = await store.topics.subscribe([HEAR])
    assert await heard_by(store, event("e-1", payload=b"changed")) == {"r1"}
    assert await store.topics.subscribe([HEAR]) == [(first,)]
    assert first.payload == PAID.payload


async def test_a_million_waiters_are_walked_page_by_page(store: RedisStore) -> None:
    topics = RedisTopics(store._client, KEYS, store.watermark, page=10)
    everybody = {f"r{number}" for number in range(95)}
    await topics.subscribe([like(HEAR, run=run, key=None) for run in everybody])
    [waiters] = await topics.arrive([PAID])
    found = [waiter.run for waiter in waiters.found]
    while waiters.remaining:
        gone = like(HEAR, run=found[-1], key=None)
        await topics.unsubscribe([gone])  # as a run does that was told
        [waiters] = await topics.waiters(waiters.remaining)
        found += [waiter.run for waiter in waiters.found]
    assert len(found) == 95
    assert set(found) == everybody


async def test_an_event_is_kept_for_a_minute_at_least_and_as_long_as_was_asked(store: RedisStore) -> None:
    await store.topics.arrive([event("e-1", keep_seconds=0, keys=(None,))])
    ttls = {key: await store._client.ttl(key) for key in await keys_of(store)}
    assert {key.split(":")[2] for key in ttls} == {"early", "payloads"}
    assert all(58 < ttl <= 60 for ttl in ttls.values())
    await store.topics.arrive([event("e-2", keep_seconds=7200, keys=(None,))])
    await store.topics.arrive([event("e-3", keep_seconds=60, keys=(None,))])
    assert all([7190 < await store._client.ttl(key) <= 7200 for key in ttls])


async def test_what_was_kept_long_enough_goes_when_the_next_comes(store: RedisStore) -> None:
    topic = names.topic("shop", "paid", None)
    early = names.early(KEYS.tag_of(topic), topic)
    for event_id in ("old", "older", "recent"):
        await store.topics.arrive([event(event_id, keys=(None,))])
    now = (await store.load([])).now
    await store._client.zadd(early, {"older": now - 4000, "old": now - 3601, "recent": now - 3500})
    await store.topics.arrive([event("new", keys=(None,), payload=b"12")])
    assert await ids_for(store, like(HEAR, key=None)) == ["recent", "new"]
    payloads = await store._client.hgetall(names.payloads(KEYS.tag_of(topic), topic))
    assert payloads == {b":recent": PAID.payload, b":new": b"12", b"bytes": b"10", b"keep": b"3600"}


async def test_the_oldest_of_too_many_events_go(store: RedisStore) -> None:
    await store.topics.arrive([event(f"e-{number}", keys=(None,)) for number in range(MOST_EVENTS + 5)])
    ids = await ids_for(store, like(HEAR, key=None))
    assert ids == [f"e-{number}" for number in range(5, MOST_EVENTS + 5)]


async def test_the_oldest_of_too_large_events_go_and_the_newest_never(store: RedisStore) -> None:
    third = b"x" * (MOST_BYTES // 3)
    await store.topics.arrive([event(f"e-{number}", keys=(None,), payload=third) for number in range(5)])
    assert await ids_for(store, like(HEAR, key=None)) == ["e-2", "e-3", "e-4"]
    await store.topics.arrive([event("huge", keys=(None,), payload=b"x" * (MOST_BYTES + 1))])
    assert await ids_for(store, like(HEAR, key=None)) == ["huge"]
    await store.topics.arrive([event("small", keys=(None,), payload=b"1")])
    assert await ids_for(store, like(HEAR, key=None)) == ["small"]


async def test_a_clock_that_goes_back_costs_no_new_event_and_changes_no_order(store: RedisStore) -> None:
    topic = names.topic("shop", "paid", None)
    early = names.early(KEYS.tag_of(topic), topic)
    await store.topics.arrive([event("first", keys=(None,))])
    await store._client.zadd(early, {"first": 4e9})
    await store.topics.arrive([event("another", keys=(None,)), event("a third", keys=(None,))])
    assert await ids_for(store, like(HEAR, key=None)) == ["first", "another", "a third"]
    await store.topics.arrive([event("large", keys=(None,), payload=b"x" * MOST_BYTES)])
    assert await ids_for(store, like(HEAR, key=None)) == ["large"]


async def test_a_topic_that_nobody_waits_for_leaves_no_key_behind(store: RedisStore) -> None:
    subscriptions = [like(HEAR, run=f"r{number}", key=f"{number}") for number in range(20)]
    await store.topics.subscribe(subscriptions)
    assert len(await keys_of(store)) == 20
    await store.topics.unsubscribe(subscriptions)
    assert await keys_of(store) == set()


async def test_keys_as_long_as_anybody_likes_make_no_long_names(store: RedisStore) -> None:
    long, longer = '"' + "ü" * 5_000 + '"', '"' + "ü" * 5_001 + '"'
    await store.topics.subscribe([like(HEAR, run="long", key=long), like(HEAR, run="longer", key=longer)])
    assert await heard_by(store, event("e-1", keys=(long,))) == {"long"}
    assert max(map(len, await keys_of(store))) < 200


async def test_no_event_slips_between_arriving_and_subscribing(store: RedisStore, redis_url: str) -> None:
    other = RedisStore(redis_url, KEYS, timeout=5.0)
    runs = [f"r{number}" for number in range(60)]
    since = (await store.load([])).now

    async def hear(run: str) -> bool:
        [events] = await other.topics.subscribe([like(HEAR, run=run, since=since)])
        return bool(events)

    async def happen(run: str) -> set[str]:
        return await heard_by(store, event(run))

    try:
        outcomes = await asyncio.gather(*(each(run) for run in runs for each in (hear, happen)))
    finally:
        await other.close()
    told: set[str] = set().union(*outcomes[1::2])  # type: ignore[arg-type]
    handed = {run for run, had_events in zip(runs, outcomes[::2], strict=True) if had_events}
    assert told | handed == set(runs)
