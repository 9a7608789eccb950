"""The watermark: it notices a store that went back, and lets nothing pass that is not where it must be."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack

import pytest

from resistor.daemon.patience import Patience
from resistor.errors import StoreUnreachable
from resistor.store import Durability, RedisStore
from tests.contract.store.samples import KEYS, beginning
from tests.servers import RedisServer

NewStore = Callable[..., RedisStore]


@pytest.fixture
async def new_store(redis_url: str) -> AsyncIterator[NewStore]:
    """Stores of further daemons."""
    async with AsyncExitStack() as closing:

        def make(replicas: int = 0) -> RedisStore:
            durability = Durability(replicas=replicas, patience=0.05)
            store = RedisStore(redis_url, KEYS, timeout=5.0, durability=durability)
            closing.push_async_callback(store.close)
            return store

        yield make


async def lose_everything(store: RedisStore) -> None:
    await store._client.flushall()


async def test_a_quiet_store_shows_nothing(store: RedisStore) -> None:
    for _ in range(3):
        tick = await store.watermark.tick()
        assert (tick.went_back, tick.is_pending, tick.is_restarted) == (False, False, False)
    assert await store.watermark.claim(lease=5.0) is None


async def test_a_store_that_lost_everything_is_to_be_recovered_from_the_beginning(store: RedisStore) -> None:
    await store.watermark.tick()
    await lose_everything(store)
    assert (await store.watermark.tick()).went_back
    recovery = await store.watermark.claim(lease=5.0)
    assert recovery is not None
    assert recovery.since == 0.0


async def test_a_commit_notices_it_at_once(store: RedisStore) -> None:
    await store.commit([beginning("r1"), beginning("r2")])
    await store.commit([beginning("r3")])
    assert not store.watermark.suspicion.is_set()
    await lose_everything(store)
    await store.commit([beginning("r1")])
    assert store.watermark.suspicion.is_set()


async def test_what_is_lost_is_what_came_after_the_last_mark_that_is_there(store: RedisStore) -> None:
    await store.watermark.tick()
    kept_at, mine = store.watermark._ticks[-1][1], store.watermark._mine
    kept = {key: await store._client.dump(key) for key in (KEYS.watermark, mine)}
    for _ in range(3):
        await store.commit([beginning("r1")])
        await store.watermark.tick()
    for key, value in kept.items():
        assert value is not None
        await store._client.restore(key, 0, value, replace=True)
    assert (await store.watermark.tick()).went_back
    recovery = await store.watermark.claim(lease=5.0)
    assert recovery is not None
    assert recovery.since == kept_at / 1000


async def test_a_daemon_that_knows_nothing_does_not_hide_it(store: RedisStore, new_store: NewStore) -> None:
    for _ in range(5):
        await store.watermark.tick()
    await lose_everything(store)
    fresh = new_store()
    assert not (await fresh.watermark.tick()).went_back
    assert (await store.watermark.tick()).went_back
    recovery = await fresh.watermark.claim(lease=5.0)
    assert recovery is not None
    assert recovery.since == 0.0, "by what is left of the one who noticed, not by the newcomer's look"


async def test_each_daemon_notices_by_itself_and_together_they_ask_once(
    store: RedisStore, new_store: NewStore
) -> None:
    other = new_store()
    for each in (store, other):
        await each.watermark.tick()
    await lose_everything(store)
    for _ in range(5):
        await store.commit([])
        await store.commit([beginning("r1")])
    assert (await store.watermark.tick()).went_back
    recovery = await store.watermark.claim(lease=60.0)
    assert recovery is not None
    assert (await other.watermark.tick()).went_back, "though the first has written much since"
    await store.watermark.finish(recovery)
    assert not (await other.watermark.tick()).is_pending, "it is the same loss: it was recovered"
    await lose_everything(store)
    assert (await other.watermark.tick()).is_pending, "and this is another"


async def test_one_daemon_recovers_and_another_takes_over_when_its_lease_is_over(
    store: RedisStore, new_store: NewStore
) -> None:
    other = new_store()
    await store.watermark.ask()
    assert await store.watermark.claim(lease=60.0) is not None
    assert await other.watermark.claim(lease=60.0) is None
    assert await store.watermark.claim(lease=0.0) is not None, "who has it may keep it, or let it go"
    recovery = await other.watermark.claim(lease=60.0)
    assert recovery is not None
    await other.watermark.finish(recovery)
    assert await store.watermark.claim(lease=60.0) is None
    assert not (await store.watermark.tick()).is_pending


async def test_another_loss_while_one_is_recovered_is_recovered_too(store: RedisStore) -> None:
    await store.watermark.ask()
    first = await store.watermark.claim(lease=60.0)
    assert first is not None
    await lose_everything(store)
    await store.watermark.tick()
    await store.commit([])
    await lose_everything(store)
    assert (await store.watermark.tick()).went_back
    await store.watermark.finish(first)
    assert (await store.watermark.tick()).is_pending
    second = await store.watermark.claim(lease=60.0)
    assert second is not None
    await store.watermark.finish(second)
    assert not (await store.watermark.tick()).is_pending


async def test_a_restart_that_loses_nothing_is_only_told(
    store: RedisStore, redis_server: RedisServer
) -> None:
    await store.watermark.tick()
    redis_server.stop()
    redis_server.start()
    tick = await Patience().with_store(store.watermark.tick)
    assert (tick.went_back, tick.is_restarted) == (False, True)


async def test_a_write_that_no_replica_has_is_told_as_an_absence_and_so_is_every_look_after_it(
    new_store: NewStore,
) -> None:
    store = new_store(replicas=1)
    with pytest.raises(StoreUnreachable, match="0 of 1 replicas"):
        await store.commit([beginning("r1")])
    with pytest.raises(StoreUnreachable, match="0 of 1 replicas"):
        await store.commit([])


async def test_with_a_replica_at_hand_writes_pass_and_are_there(
    new_store: NewStore, redis_server: RedisServer, redis_replica: RedisServer
) -> None:
    store = new_store(replicas=1)
    assert await store.commit([beginning("r1")]) == [True]
    assert await store.commit([]) == []
    replica = RedisStore(redis_replica.url, KEYS, timeout=5.0)
    try:
        found = await replica._client.exists(f"{KEYS.tag_of('r1')}:run:r1")
    finally:
        await replica.close()
    assert found == 1


async def test_the_disk_can_be_waited_for(redis_url: str) -> None:
    store = RedisStore(redis_url, KEYS, timeout=5.0, durability=Durability(fsync=True, patience=4.0))
    try:
        await store.watermark.require_commands()
        assert await store.commit([beginning("r1")]) == [True]
    finally:
        await store.close()


async def test_a_redis_without_append_only_file_cannot_be_waited_for_and_nothing_is_to_blame(
    redis_url: str,
) -> None:
    store = RedisStore(redis_url, KEYS, timeout=5.0, durability=Durability(fsync=True, patience=0.05))
    await store._client.config_set("appendonly", "no")
    try:
        with pytest.raises(StoreUnreachable, match="WAITAOF"):
            await store.commit([beginning("r1")])
    finally:
        await store._client.config_set("appendonly", "yes")
        await store.close()
