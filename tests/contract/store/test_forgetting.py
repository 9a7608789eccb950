"""What goes away, and when."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from resistor.engine.run import EVERYTHING
from resistor.store import RedisStore, forgetting
from resistor.store import keys as names
from resistor.store.connection import Client, pipelined
from resistor.store.reading import RunFilter
from resistor.store.scripts import Argument
from tests.contract.store.conftest import keys_that_last
from tests.contract.store.samples import (
    KEYS,
    beginning,
    change,
    due_at,
    ended,
    finish,
    keys_of,
    new_run,
    published,
    whole,
)


async def test_an_expired_run_is_forgotten_everywhere(store: RedisStore) -> None:
    await finish(store, "r1", retention=0.0)
    await finish(store, "r2", retention=4e9)
    assert await store.forget_expired() == 1
    assert await store.forget_expired() == 0
    assert [run.id for run in await store.list_runs(RunFilter())] == ["r2"]
    of_workflow = RunFilter(namespace="shop", workflow="order.placed")
    assert [run.id for run in await store.list_runs(of_workflow)] == ["r2"]
    assert (await store.load([("r1", EVERYTHING)])).runs == (None,)
    assert await store.history("r1") == []


async def test_a_forgotten_run_leaves_no_key_behind(store: RedisStore) -> None:
    run = new_run("r1", labels={"customer": "c-1", "tier": "gold"})
    await store.commit([change(None, run, timers={"charge": 1.0})])
    run = await whole(store, "r1")
    await store.commit([change(run, ended(run), retention=0.0, send=("told 0",))])
    await store.published([published("r1", 2, "told 0", is_final=True)])
    assert await store.forget_expired() == 1
    assert await keys_of(store) == set()


async def test_a_run_that_went_by_its_ttl_leaves_no_key_behind(store: RedisStore) -> None:
    for labels in ({"customer": "c-1"}, {"customer": "c-2"}, {}):
        run = ended(new_run("r1", labels=labels))
        assert await store.commit([change(None, run, retention=0.0)]) == [True]
        tag = KEYS.tag_of("r1")
        await store._client.delete(names.run(tag, "r1"), names.history(tag, "r1"))
    assert await store.forget_expired() == 1
    assert await keys_of(store) == set()


async def test_a_run_that_begins_again_after_its_ttl_is_not_forgotten(store: RedisStore) -> None:
    await finish(store, "r1", retention=0.0)
    tag = KEYS.tag_of("r1")
    await store._client.delete(names.run(tag, "r1"), names.history(tag, "r1"))
    await store.commit([beginning("r1", send=())])
    assert await store.forget_expired() == 0
    assert (await whole(store, "r1")).revision == 1


async def test_a_run_that_begins_again_while_it_is_forgotten_stays(
    store: RedisStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    await finish(store, "r1", retention=0.0)
    tag = KEYS.tag_of("r1")
    calls = 0

    async def overtaken(client: Client, commands: Sequence[Sequence[Argument]]) -> list[Any]:
        nonlocal calls
        calls += 1
        if calls == 4:  # the time, what has expired and its labels are read; now it is dropped
            await client.delete(names.run(tag, "r1"), names.history(tag, "r1"))
            await store.commit([beginning("r1", send=())])
        return await pipelined(client, commands)

    monkeypatch.setattr(forgetting, "pipelined", overtaken)
    assert await store.forget_expired() == 0
    assert calls == 4
    assert (await whole(store, "r1")).revision == 1


async def test_a_run_that_has_something_to_tell_is_not_forgotten_yet(store: RedisStore) -> None:
    await finish(store, "r1", retention=0.0, send=("told 0",))
    assert await store.forget_expired() == 0
    assert await due_at(store, "r1") is not None
    assert (await whole(store, "r1")).unconfirmed == {"told 0"}
    await store.published([published("r1", 2, "told 0", is_final=True)])
    expiring, entry = names.expiring(KEYS.tag_of("r1")), names.expiring_entry("r1", "shop", "order.placed")
    tried_again = await store._client.zscore(expiring, entry)
    assert tried_again is not None
    assert tried_again > (await store.load([])).now  # it is not in others' way till then
    await store._client.zadd(expiring, {entry: 0})
    assert await store.forget_expired() == 1
    assert await keys_of(store) == set()


async def test_two_that_forget_at_once_count_each_run_once(store: RedisStore) -> None:
    for number in range(30):
        await finish(store, f"r{number}", retention=0.0)
    assert sum(await asyncio.gather(*(store.forget_expired() for _ in range(4)))) == 30
    assert await keys_of(store) == set()


async def test_a_key_without_a_ttl_and_without_a_reason_is_noticed(store: RedisStore) -> None:
    await finish(store, "r1", retention=60.0)
    await store.commit([beginning("r2")])
    await store.generated_token_secret()
    assert await keys_that_last(store) == set()
    strange, kept = f"{KEYS.tag(0)}:strange:x", names.run(KEYS.tag_of("r1"), "r1")
    await store._client.set(strange, 1)
    await store._client.persist(kept)
    assert await keys_that_last(store) == {strange, kept}
    await store._client.delete(strange)
    await store._client.expire(kept, 60)
