"""The server itself: away, without memory, restarted, or badly set up."""

from __future__ import annotations

import pytest

from resistor.engine.run import Reads
from resistor.errors import StoreUnreachable
from resistor.store import Durability, RedisStore
from tests.contract.store.samples import KEYS, beginning
from tests.servers import RedisServer


async def test_too_few_replicas_are_an_absence_and_nobody_s_mistake(store: RedisStore) -> None:
    await store._client.config_set("min-replicas-to-write", 1)
    try:
        with pytest.raises(StoreUnreachable, match="NOREPLICAS"):
            await store.commit([beginning("r1")])
    finally:
        await store._client.config_set("min-replicas-to-write", 0)


async def test_credentials_that_were_changed_are_an_absence(store: RedisStore, redis_url: str) -> None:
    await store.ping()
    await store._client.config_set("requirepass", "changed")
    stranger = RedisStore(redis_url, KEYS, timeout=5.0)
    try:
        with pytest.raises(StoreUnreachable):
            await stranger.load([("r1", Reads())])
    finally:
        await stranger.close()
        await store._client.config_set("requirepass", "")


async def test_the_generated_secret_is_the_same_for_everybody(store: RedisStore) -> None:
    first = await store.generated_token_secret()
    assert first == await store.generated_token_secret()
    assert len(first) == 64


async def test_scripts_that_redis_forgot_are_loaded_again(store: RedisStore) -> None:
    await store.commit([beginning("r1")])
    await store._client.script_flush()
    assert await store.commit([beginning(run_id) for run_id in ("r1", "r2")]) == [False, True]


async def test_a_store_that_is_away_says_so_and_is_used_again_when_it_is_back(
    store: RedisStore, redis_server: RedisServer
) -> None:
    await store.commit([beginning("r1")])
    redis_server.kill()
    with pytest.raises(StoreUnreachable):
        await store.load([("r1", Reads())])
    redis_server.start()
    assert (await store.load([("r1", Reads())])).runs[0] is not None


async def test_a_redis_without_memory_is_away_and_not_wrong(store: RedisStore) -> None:
    await store._client.config_set("maxmemory", 1)
    try:
        with pytest.raises(StoreUnreachable):
            await store.commit([beginning("r1")])
    finally:
        await store._client.config_set("maxmemory", 0)
    assert await store.commit([beginning("r1")]) == [True]


async def test_health_says_what_would_lose_runs(store: RedisStore) -> None:
    assert (await store.health()).warnings == ()
    await store._client.config_set("maxmemory-policy", "allkeys-lru")
    try:
        assert "noeviction" in (await store.health()).warnings[0]
    finally:
        await store._client.config_set("maxmemory-policy", "noeviction")


async def test_replicas_that_nothing_waits_for_are_warned_of(
    store: RedisStore, redis_url: str, redis_replica: RedisServer
) -> None:
    [warning] = (await store.health()).warnings
    assert "RESISTOR_REDIS_REPLICAS" in warning
    waiting = RedisStore(redis_url, KEYS, timeout=5.0, durability=Durability(replicas=1))
    try:
        [warning] = (await waiting.health()).warnings
        assert "min-replicas-to-write" in warning
        redis_replica.kill()
        await waiting._client.config_set("min-replicas-to-write", 1)
        assert any("nothing goes on" in each for each in (await waiting.health()).warnings)
    finally:
        await waiting._client.config_set("min-replicas-to-write", 0)
        await waiting.close()
