"""What the store promises, on a real Valkey or Redis."""

from __future__ import annotations

from collections.abc import AsyncIterator

import msgspec
import pytest

from resistor.engine import Decision, Reads, Run, RunStatus, Start, advance
from resistor.engine.inbound import Answered, Wake
from resistor.engine.run import EVERYTHING
from resistor.errors import StoreUnreachable
from resistor.messages.event import Event
from resistor.messages.result import Completed, Later, Progress
from resistor.ports import Change, Published, Released
from resistor.store import RedisStore
from resistor.store import keys as names
from resistor.store.keys import Keys
from resistor.store.reading import RunFilter
from tests.servers import RedisServer
from tests.unit.engine.workflows import step, workflow

NOW = 1_700_000_000.0
FLOW = workflow(step("charge"), step("ship", with_={"r": "${steps.charge.output}"}))
KEYS = Keys(partitions=4)


@pytest.fixture
async def store(redis_url: str) -> AsyncIterator[RedisStore]:
    store = RedisStore(redis_url, KEYS, timeout=5.0)
    yield store
    await store.close()


def started(run_id: str, data: bytes = b'{"a":[],"big":12345678901234567}', now: float = NOW) -> Decision:
    event = Event(namespace="shop", name="order.placed", id=run_id, data=data)
    return advance(FLOW, None, Start(run_id, event), now=now)


def change_of(
    before: Run | None, decision: Decision, *, due_at: float = NOW, retention: float = 60.0
) -> Change:
    return Change(
        before=before,
        after=decision.run,
        facts=decision.facts,
        send=tuple(each.step for each in decision.outgoing),
        due_at=due_at,
        unconfirmed_due_at=due_at,
        retention=retention,
    )


async def whole(store: RedisStore, run_id: str) -> Run | None:
    return (await store.load([(run_id, EVERYTHING)])).runs[0]


async def test_what_is_written_is_read_byte_for_byte(store: RedisStore) -> None:
    decision = started("r1", b'{"a":[],"b":{},"n":12345678901234567,"f":1.0,"nul":"\\u0000"}')
    assert await store.commit([change_of(None, decision)]) == [True]
    run = await whole(store, "r1")
    assert run == msgspec.structs.replace(decision.run, revision=1, unconfirmed=frozenset({"charge"}))


async def test_a_run_is_created_once(store: RedisStore) -> None:
    changes = [change_of(None, started("r1")), change_of(None, started("r1", b'{"other":1}'))]
    assert await store.commit(changes) == [True, False]
    run = await whole(store, "r1")
    assert run is not None
    assert run.input == b'{"a":[],"big":12345678901234567}'
    assert len(await store.history("r1")) == 2


async def test_only_one_of_two_that_read_the_same_revision_writes(store: RedisStore) -> None:
    await store.commit([change_of(None, started("r1"))])
    run = await whole(store, "r1")
    first, second = (
        advance(FLOW, run, Answered("charge", 1, Completed(output)), now=NOW) for output in (b"1", b"2")
    )
    assert await store.commit([change_of(run, second), change_of(run, first)]) == [True, False]
    after = await whole(store, "r1")
    assert after is not None
    assert (after.revision, after.outputs, after.inputs) == (2, {"charge": b"2"}, {"ship": b'{"r":2}'})


async def test_a_conflict_spoils_none_of_its_neighbours(store: RedisStore) -> None:
    await store.commit([change_of(None, started("r1"))])
    changes = [change_of(None, started(run_id)) for run_id in ("r0", "r1", "r2")]
    assert await store.commit(changes) == [True, False, True]


async def test_a_load_reads_the_parts_that_were_asked_for(store: RedisStore) -> None:
    await store.commit([change_of(None, started("r1"))])
    run = await whole(store, "r1")
    await store.commit([change_of(run, advance(FLOW, run, Answered("charge", 1, Completed(b"1")), now=NOW))])
    wanted = [
        ("r1", Reads(steps=frozenset({"ship"}))),
        ("nobody", Reads()),
        ("r1", Reads(outputs=frozenset({"charge"}))),
    ]
    loaded = await store.load(wanted)
    first, missing, last = loaded.runs
    assert missing is None
    assert first is not None
    assert last is not None
    assert (set(first.steps), dict(first.outputs)) == ({"ship"}, {})
    assert (set(last.steps), dict(last.outputs)) == (set(), {"charge": b"1"})
    assert loaded.now > NOW


async def test_confirmed_actions_leave_the_outbox_and_move_the_due_time(store: RedisStore) -> None:
    await store.commit([change_of(None, started("r1"), due_at=5.0)])
    await store.published([Published(run="r1", revision=1, steps=("charge",), due_at=4e12)])
    run = await whole(store, "r1")
    assert run is not None
    assert run.unconfirmed == frozenset()
    assert await store.claim_due(limit=10, lease=60) == []


async def test_confirming_an_older_commit_leaves_a_newer_ones_due_time(store: RedisStore) -> None:
    await store.commit([change_of(None, started("r1"), due_at=5.0)])
    run = await whole(store, "r1")
    await store.commit(
        [change_of(run, advance(FLOW, run, Answered("charge", 1, Completed(b"1")), now=NOW), due_at=6.0)]
    )
    await store.published([Published(run="r1", revision=1, steps=("charge",), due_at=4e12)])
    assert await store.claim_due(limit=10, lease=60) == ["r1"]


async def test_a_late_confirmation_leaves_an_action_that_was_sent_again(store: RedisStore) -> None:
    await store.commit([change_of(None, started("r1"))])
    run = await whole(store, "r1")
    for message, now in ((Answered("charge", 1, Later(5.0)), NOW), (Wake(), NOW + 5)):
        decision = advance(FLOW, run, message, now=now)
        assert await store.commit([change_of(run, decision)]) == [True]
        run = await whole(store, "r1")
        assert run is not None
        assert run.unconfirmed == {each.step for each in decision.outgoing}
    await store.published([Published(run="r1", revision=1, steps=("charge",), due_at=4e12)])
    run = await whole(store, "r1")
    assert run is not None
    assert run.unconfirmed == {"charge"}
    await store.published([Published(run="r1", revision=3, steps=("charge",), due_at=4e12)])
    run = await whole(store, "r1")
    assert run is not None
    assert run.unconfirmed == frozenset()


async def test_a_commit_without_sends_keeps_the_due_time_of_what_is_unconfirmed(
    store: RedisStore,
) -> None:
    await store.commit([change_of(None, started("r1"), due_at=5.0)])
    run = await whole(store, "r1")
    progressed = advance(FLOW, run, Answered("charge", 1, Progress(b"1")), now=NOW)
    change = msgspec.structs.replace(change_of(run, progressed), due_at=4e12, unconfirmed_due_at=6.0)
    assert await store.commit([change]) == [True]
    assert await store.claim_due(limit=10, lease=60) == ["r1"]


async def test_thousands_of_steps_are_one_commit(store: RedisStore) -> None:
    decision = started("r1")
    many = tuple(f"s{number}" for number in range(20_000))
    assert await store.commit([msgspec.structs.replace(change_of(None, decision), send=many)]) == [True]
    await store.published([Published(run="r1", revision=1, steps=many, due_at=4e12)])
    run = await whole(store, "r1")
    assert run is not None
    assert run.unconfirmed == frozenset()


async def test_a_run_that_a_newer_version_wrote_is_unreadable_and_spoils_no_other(store: RedisStore) -> None:
    await store.commit([change_of(None, started(run_id)) for run_id in ("r1", "r2")])
    await store._client.hset(names.run(KEYS.tag_of("r1"), "r1"), "state", b'["dreaming"]')
    loaded = await store.load([("r1", EVERYTHING), ("r2", EVERYTHING)])
    assert loaded.unreadable.keys() == {"r1"}
    assert loaded.runs[0] is None
    assert loaded.runs[1] is not None


async def test_a_run_that_begins_again_after_its_ttl_is_not_forgotten(
    store: RedisStore,
) -> None:
    await _finish(store, "r1", retention=0.0)
    tag = KEYS.tag_of("r1")
    await store._client.delete(names.run(tag, "r1"), names.history(tag, "r1"))
    await store.commit([change_of(None, started("r1"))])
    assert await store.forget_expired() == 0
    assert await whole(store, "r1") is not None


async def test_too_few_replicas_are_an_absence_and_nobody_s_mistake(store: RedisStore) -> None:
    await store._client.config_set("min-replicas-to-write", 1)
    try:
        with pytest.raises(StoreUnreachable, match="NOREPLICAS"):
            await store.commit([change_of(None, started("r1"))])
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


async def test_a_claim_leases_a_run_and_never_removes_it(
    store: RedisStore, redis_server: RedisServer
) -> None:
    await store.commit([change_of(None, started(run_id), due_at=5.0) for run_id in ("r1", "r2")])
    assert sorted(await store.claim_due(limit=10, lease=60)) == ["r1", "r2"]
    assert await store.claim_due(limit=10, lease=60) == []
    client = store._client
    scores = [await client.zscore(names.due(KEYS.tag_of(run_id)), run_id) for run_id in ("r1", "r2")]
    assert all(score is not None and score > NOW for score in scores)


async def test_a_release_says_when_a_run_is_due_again_unless_it_has_moved_on(store: RedisStore) -> None:
    await store.commit([change_of(None, started("r1"), due_at=4e12)])
    await store.release([Released(run="r1", revision=7, due_at=5.0)])
    assert await store.claim_due(limit=10, lease=60) == []
    await store.release([Released(run="r1", revision=1, due_at=5.0)])
    assert await store.claim_due(limit=10, lease=60) == ["r1"]


async def test_a_finished_run_has_a_ttl_and_no_due_entry(store: RedisStore) -> None:
    await _finish(store, "r1", retention=1000.0)
    client, tag = store._client, KEYS.tag_of("r1")
    assert await client.zscore(names.due(tag), "r1") is None
    for key in (names.run(tag, "r1"), names.history(tag, "r1")):
        assert 1000 < await client.ttl(key) <= 1000 + 86400
    assert not await client.exists(names.outbox(tag, "r1"))


async def test_every_key_has_a_ttl_or_is_in_the_list_of_those_that_have_none(store: RedisStore) -> None:
    await _finish(store, "r1", retention=1000.0)
    await store.register("shop/order.placed@1", "sha256:1", b"{}")
    await store.generated_token_secret()
    for key in [key.decode() async for key in store._client.scan_iter()]:
        may_stay = any(part in key for part in (":due", ":runs:", ":expiring", ":workflows", ":token-key"))
        assert may_stay or await store._client.ttl(key) > 0, key


async def test_an_expired_run_is_forgotten_everywhere(store: RedisStore) -> None:
    await _finish(store, "r1", retention=0.0)
    await _finish(store, "r2", retention=4e9)
    assert await store.forget_expired() == 1
    assert await store.forget_expired() == 0
    assert [run.id for run in await store.list_runs(RunFilter())] == ["r2"]
    assert [
        run.id for run in await store.list_runs(RunFilter(namespace="shop", workflow="order.placed"))
    ] == ["r2"]
    assert await whole(store, "r1") is None
    assert await store.history("r1") == []


async def test_runs_are_listed_the_latest_first_by_status_workflow_and_time(store: RedisStore) -> None:
    for number in range(30):
        await store.commit([change_of(None, started(f"r{number:02}", now=NOW + number))])
    run = await whole(store, "r05")
    await store.commit([change_of(run, _completed(run))])

    async def listed(**filters: object) -> list[str]:
        return [run.id for run in await store.list_runs(msgspec.convert(filters, RunFilter))]

    assert await listed(limit=3) == ["r29", "r28", "r27"]
    assert await listed(statuses=["completed"]) == ["r05"]
    assert await listed(namespace="shop", workflow="order.placed", until=NOW + 4, limit=2) == ["r04", "r03"]
    assert await listed(since=NOW + 28) == ["r29", "r28"]
    assert await listed(namespace="outlet") == []
    assert len(await listed(limit=1000)) == 30


async def test_many_runs_of_the_same_moment_are_all_listed(store: RedisStore) -> None:
    await store.commit([change_of(None, started(f"r{number:03}")) for number in range(120)])
    assert len({run.id for run in await store.list_runs(RunFilter(limit=120))}) == 120
    run = await whole(store, "r000")
    await store.commit([change_of(run, _completed(run))])
    [found] = await store.list_runs(RunFilter(limit=7, namespace="shop", statuses=(RunStatus.COMPLETED,)))
    assert found.id == "r000"


async def test_a_rare_run_is_found_behind_many_that_do_not_fit(store: RedisStore) -> None:
    await store.commit([change_of(None, started(f"r{number:03}")) for number in range(120)])
    elsewhere = msgspec.structs.replace(started("x").run.origin, namespace="outlet")
    odd = msgspec.structs.replace(
        started("x"), run=msgspec.structs.replace(started("x").run, origin=elsewhere)
    )
    await store.commit([change_of(None, odd)])
    assert [run.id for run in await store.list_runs(RunFilter(limit=2, namespace="outlet"))] == ["x"]


async def test_a_registered_version_keeps_its_first_content(store: RedisStore) -> None:
    assert await store.register("shop/a@1", "sha256:1", b'{"one":1}') == "sha256:1"
    assert await store.register("shop/a@1", "sha256:1", b'{"one":1}') == "sha256:1"
    assert await store.register("shop/a@1", "sha256:2", b'{"two":2}') == "sha256:1"
    assert await store.registered("shop/a@1") == b'{"one":1}'
    assert await store.registered("shop/a@2") is None
    assert await store.all_registered() == {"shop/a@1": b'{"one":1}'}


async def test_the_generated_secret_is_the_same_for_everybody(store: RedisStore) -> None:
    first = await store.generated_token_secret()
    assert first == await store.generated_token_secret()
    assert len(first) == 64


async def test_scripts_that_redis_forgot_are_loaded_again(store: RedisStore) -> None:
    await store.commit([change_of(None, started("r1"))])
    await store._client.script_flush()
    assert await store.commit([change_of(None, started(run_id)) for run_id in ("r1", "r2")]) == [False, True]


async def test_a_store_that_is_away_says_so_and_is_used_again_when_it_is_back(
    store: RedisStore, redis_server: RedisServer
) -> None:
    await store.commit([change_of(None, started("r1"))])
    redis_server.kill()
    with pytest.raises(StoreUnreachable):
        await store.load([("r1", Reads())])
    redis_server.start()
    assert (await store.load([("r1", Reads())])).runs[0] is not None


async def test_a_redis_without_memory_is_away_and_not_wrong(store: RedisStore) -> None:
    await store._client.config_set("maxmemory", 1)
    try:
        with pytest.raises(StoreUnreachable):
            await store.commit([change_of(None, started("r1"))])
    finally:
        await store._client.config_set("maxmemory", 0)
    assert await store.commit([change_of(None, started("r1"))]) == [True]


async def test_health_says_what_would_lose_runs(store: RedisStore) -> None:
    assert (await store.health()).warnings == ()
    await store._client.config_set("maxmemory-policy", "allkeys-lru")
    try:
        assert "noeviction" in (await store.health()).warnings[0]
    finally:
        await store._client.config_set("maxmemory-policy", "noeviction")


def _completed(run: Run | None) -> Decision:
    for name in ("charge", "ship"):
        run = advance(FLOW, run, Answered(name, 1, Completed(b"1")), now=NOW).run
    assert run is not None
    assert run.state.status is RunStatus.COMPLETED
    return Decision(verdict="applied", run=run)  # type: ignore[arg-type]


async def _finish(store: RedisStore, run_id: str, *, retention: float) -> None:
    await store.commit([change_of(None, started(run_id))])
    run = await whole(store, run_id)
    assert await store.commit([change_of(run, _completed(run), retention=retention)]) == [True]
