"""Lists of runs, for people."""

from __future__ import annotations

import msgspec

from resistor.engine.run import RunStatus
from resistor.store import RedisStore
from resistor.store import keys as names
from resistor.store.reading import RunFilter
from tests.contract.store.samples import KEYS, NOW, change, ended, new_run, whole


async def _begin(store: RedisStore, *run_ids: str, **fields: object) -> None:
    runs = [msgspec.structs.replace(new_run(run_id, **fields)) for run_id in run_ids]  # type: ignore[arg-type]
    await store.commit([change(None, run) for run in runs])


async def _end(store: RedisStore, run_id: str) -> None:
    run = await whole(store, run_id)
    await store.commit([change(run, ended(run))])


async def _listed(store: RedisStore, **filters: object) -> list[str]:
    return [run.id for run in await store.list_runs(msgspec.convert(filters, RunFilter))]


async def test_runs_are_listed_the_latest_first_by_status_workflow_and_time(store: RedisStore) -> None:
    for number in range(30):
        await _begin(store, f"r{number:02}", now=NOW + number)
    await _end(store, "r05")
    assert await _listed(store, limit=3) == ["r29", "r28", "r27"]
    assert await _listed(store, statuses=["completed"]) == ["r05"]
    of_workflow = {"namespace": "shop", "workflow": "order.placed"}
    assert await _listed(store, **of_workflow, until=NOW + 4, limit=2) == ["r04", "r03"]
    assert await _listed(store, since=NOW + 28) == ["r29", "r28"]
    assert await _listed(store, namespace="outlet") == []
    assert len(await _listed(store, limit=1000)) == 30


async def test_many_runs_of_the_same_moment_are_all_listed(store: RedisStore) -> None:
    await _begin(store, *(f"r{number:03}" for number in range(120)))
    assert len(set(await _listed(store, limit=120))) == 120
    await _end(store, "r000")
    [found] = await store.list_runs(RunFilter(limit=7, namespace="shop", statuses=(RunStatus.COMPLETED,)))
    assert found.id == "r000"


async def test_a_rare_run_is_found_behind_many_that_do_not_fit(store: RedisStore) -> None:
    await _begin(store, *(f"r{number:03}" for number in range(120)))
    await _begin(store, "x", namespace="outlet")
    assert await _listed(store, limit=2, namespace="outlet") == ["x"]


async def test_runs_are_listed_by_their_labels_all_of_which_must_match(store: RedisStore) -> None:
    await _begin(store, *(f"g{number}" for number in range(20)), labels={"tier": "gold"})
    await _begin(store, "a", labels={"tier": "gold", "customer": "c 1=ü"})
    await _begin(store, "b", labels={"tier": "basic", "customer": "c 1=ü"}, now=NOW + 1)
    assert await _listed(store, labels={"customer": "c 1=ü"}) == ["b", "a"]
    assert await _listed(store, labels={"tier": "gold", "customer": "c 1=ü"}) == ["a"]
    assert await _listed(store, labels={"tier": "gold", "customer": "nobody"}) == []
    assert len(await _listed(store, labels={"tier": "gold"})) == 21
    await _end(store, "a")
    assert await _listed(store, labels={"customer": "c 1=ü"}, statuses=["completed"]) == ["a"]
    assert await _listed(store, labels={"customer": "c 1=ü"}, since=NOW + 1) == ["b"]


async def test_a_list_by_label_reads_the_label_s_index_only(store: RedisStore) -> None:
    await _begin(store, "a", "b", labels={"tier": "gold"})
    for partition in range(KEYS.partitions):
        await store._client.delete(names.by_status(KEYS.tag(partition), RunStatus.RUNNING))
    assert sorted(await _listed(store, labels={"tier": "gold"})) == ["a", "b"]


async def test_labels_as_long_as_anybody_likes_make_no_long_keys(store: RedisStore) -> None:
    await _begin(store, "a", labels={"note": "x" * 10_000})
    await _begin(store, "b", labels={"note": "x" * 10_001})
    assert await _listed(store, labels={"note": "x" * 10_000}) == ["a"]
    assert max([len(key) async for key in store._client.scan_iter()]) < 200
