"""What the store promises of runs: whole writes, one winner, and only what was asked for."""

from __future__ import annotations

import msgspec

from resistor.engine.run import (
    EVERYTHING,
    BlockEnd,
    Counts,
    Guard,
    Parent,
    Reads,
    Rounds,
    RunStatus,
    StepRecord,
    StepStatus,
)
from resistor.messages.result import Failure
from resistor.store import RedisStore
from resistor.store import keys as names
from tests.contract.store.samples import (
    FAR,
    KEYS,
    NOW,
    STARTED,
    beginning,
    change,
    ended,
    finish,
    grown,
    new_run,
    published,
    record,
    whole,
)


async def test_what_is_written_is_read_byte_for_byte(store: RedisStore) -> None:
    run = new_run("r1", b'{"a":[],"b":{},"n":12345678901234567,"f":1.0,"nul":"\\u0000"}')
    failure = Failure("declined", "no money", details={"code": 7})
    run = grown(
        run,
        s_each=record(StepStatus.RUNNING, control=Counts(3, begun=2, failed=1, failure=failure)),
        s_guard=record(StepStatus.RUNNING, guard=Guard(block="catch-0", used={0: 2}), failure=failure),
        s_poll=record(StepStatus.WAITING, control=Rounds(4), resume_at=NOW + 5),
        i_each=b"[]",
        o_charge=b'{"a":[]}',
        o_=b"1",
        v_=b"{}",
    )
    run = msgspec.structs.replace(
        run,
        parts={**run.parts, "b:each/3": BlockEnd(failure=failure), "e:ü 1": b"hear"},
        state=msgspec.structs.replace(run.state, waiting=(Parent("r0", "call"),), undo="charge"),
    )
    assert await store.commit([change(None, run, send=("charge",), facts=STARTED)]) == [True]
    assert await whole(store, "r1") == msgspec.structs.replace(
        run, revision=1, is_whole=True, unconfirmed=frozenset({"charge"}), overdue=frozenset({"charge"})
    )
    assert tuple(await store.history("r1")) == STARTED
    assert await store.history("r1", start=1) == [STARTED[1]]


async def test_a_run_is_created_once(store: RedisStore) -> None:
    second = change(None, new_run("r1", b'{"other":1}'), facts=STARTED)
    assert await store.commit([beginning("r1"), second]) == [True, False]
    assert (await whole(store, "r1")).input == new_run("r1").input
    assert len(await store.history("r1")) == 2


async def test_only_one_of_two_that_read_the_same_revision_writes(store: RedisStore) -> None:
    await store.commit([beginning("r1")])
    run = await whole(store, "r1")
    first, second = (change(run, grown(run, o_charge=output), facts=STARTED) for output in (b"1", b"2"))
    assert await store.commit([second, first]) == [True, False]
    after = await whole(store, "r1")
    assert (after.revision, after.outputs) == (2, {"charge": b"2"})
    assert len(await store.history("r1")) == 4


async def test_a_commit_that_is_repeated_changes_nothing(store: RedisStore) -> None:
    await store.commit([beginning("r1")])
    run = await whole(store, "r1")
    again = change(
        run,
        grown(run, o_charge=b"1"),
        send=("ship",),
        settled=("charge",),
        timers={"ship": 7e9},
        facts=STARTED,
    )
    await store.commit([again])
    before = await _dump(store)
    assert await store.commit([again]) == [False]
    assert await _dump(store) == before


async def test_a_conflict_spoils_none_of_its_neighbours(store: RedisStore) -> None:
    await store.commit([beginning("r1")])
    changes = [beginning(run_id) for run_id in ("r0", "r1", "r2")]
    assert await store.commit(changes) == [True, False, True]


async def test_a_load_reads_the_parts_that_were_asked_for(store: RedisStore) -> None:
    run = grown(new_run("r1"), s_ship=record(), o_charge=b"1")
    await store.commit([change(None, run, send=("ship",), timers={"ship": NOW})])
    wanted = [
        ("r1", Reads(parts=frozenset({"s:ship", "o:nothing"}))),
        ("nobody", Reads()),
        ("r1", Reads(parts=frozenset({"o:charge"}), outstanding=True)),
        ("nobody", EVERYTHING),
    ]
    loaded = await store.load(wanted)
    first, missing, last, nobody = loaded.runs
    assert (missing, nobody) == (None, None)
    assert first is not None
    assert last is not None
    assert first.parts == {"s:ship": record(), "o:nothing": None}
    assert not first.is_whole
    assert (first.unconfirmed, first.due) == (frozenset(), ())
    assert last.parts == {"o:charge": b"1"}
    assert (last.unconfirmed, last.due) == (frozenset({"ship"}), ("ship",))
    assert loaded.now > NOW


async def test_a_part_that_is_none_is_dropped_without_having_been_loaded(store: RedisStore) -> None:
    await store.commit([change(None, grown(new_run("r1"), o_charge=b"1", v_each=b"{}"))])
    [run] = (await store.load([("r1", Reads(parts=frozenset({"s:charge"})))])).runs
    assert run is not None
    assert await store.commit([change(run, grown(run, o_charge=None, v_nothing=None))]) == [True]
    assert dict((await whole(store, "r1")).parts) == {"s:charge": record(), "v:each": b"{}"}


async def test_what_is_not_touched_is_not_written(store: RedisStore) -> None:
    await store.commit([beginning("r1")])
    run = await whole(store, "r1")
    key = names.run(KEYS.tag_of("r1"), "r1")
    await store._client.hset(key, mapping={"s:charge": "somebody's", "state": "somebody's"})
    assert await store.commit([change(run, grown(run, o_charge=b"1"))]) == [True]
    assert await store._client.hmget(key, "s:charge", "state", "o:charge") == [b"somebody's"] * 2 + [b"1"]


async def test_thousands_of_everything_are_one_commit(store: RedisStore) -> None:
    many = {f"each/{number}/pack": NOW + number for number in range(5_001)}
    run = msgspec.structs.replace(new_run("r1"), parts={f"s:{path}": record() for path in many})
    begin = change(None, run, send=tuple(many), timers=many, facts=STARTED * 2_501)
    assert await store.commit([begin]) == [True]
    after = await whole(store, "r1")
    assert after.parts == run.parts
    assert len(after.due) == 1_000
    assert len(await store.history("r1")) == 5_002
    gone = msgspec.structs.replace(after, parts=dict.fromkeys(after.parts))
    stop = change(after, gone, settled=tuple(many), timers=dict.fromkeys(many))
    assert await store.commit([stop]) == [True]
    after = await whole(store, "r1")
    assert (after.parts, after.unconfirmed, after.due) == ({}, frozenset(), ())
    assert after.revision == 2


async def test_a_run_that_a_newer_version_wrote_is_unreadable_and_spoils_no_other(store: RedisStore) -> None:
    await store.commit([beginning(run_id) for run_id in ("r1", "r2", "r3")])
    tag = KEYS.tag_of("r1")
    await store._client.hset(names.run(tag, "r1"), "state", b'{"status":"dreaming"}')
    await store._client.hset(names.run(KEYS.tag_of("r2"), "r2"), "s:charge", b'{"status":"scheduled"}')
    loaded = await store.load([("r1", EVERYTHING), ("r2", EVERYTHING), ("r3", EVERYTHING)])
    assert loaded.unreadable.keys() == {"r1", "r2"}
    assert loaded.runs[:2] == (None, None)
    assert loaded.runs[2] is not None
    assert loaded.runs[2].unconfirmed == {"charge"}


async def test_a_finished_run_has_a_ttl_and_no_timer_and_is_not_due(store: RedisStore) -> None:
    await finish(store, "r1", retention=1000.0, timers={"late": NOW})
    client, tag = store._client, KEYS.tag_of("r1")
    assert await client.zscore(names.due(tag), "r1") is None
    for key in (names.run(tag, "r1"), names.history(tag, "r1")):
        assert 1000 < await client.ttl(key) <= 1000 + 86400
    assert not await client.exists(names.outbox(tag, "r1"), names.timers(tag, "r1"))


async def test_a_run_may_end_in_the_commit_that_begins_it(store: RedisStore) -> None:
    assert await store.commit([change(None, ended(new_run("r1")), retention=1000.0)]) == [True]
    assert await store.claim_due(limit=10, lease=60) == []
    assert (await whole(store, "r1")).state.status is RunStatus.COMPLETED


async def test_a_finished_run_is_due_until_what_it_has_to_tell_is_confirmed(store: RedisStore) -> None:
    await store.commit([beginning("r1")])
    run = await whole(store, "r1")
    end = change(run, ended(run), settled=("charge",), send=("told 0", "return slot"), due_at=FAR)
    await store.commit([end])
    assert await store.claim_due(limit=10, lease=60) == ["r1"]
    assert (await whole(store, "r1")).unconfirmed == {"told 0", "return slot"}
    assert await store._client.ttl(names.outbox(KEYS.tag_of("r1"), "r1")) > 60
    await store.published([published("r1", 2, "told 0", is_final=True, unconfirmed_due_at=7.0)])
    assert await store.claim_due(limit=10, lease=60) == ["r1"]
    for _ in range(2):
        await store.published([published("r1", 2, "return slot", is_final=True)])
        assert await store._client.zscore(names.due(KEYS.tag_of("r1")), "r1") is None
    assert not await store._client.exists(names.outbox(KEYS.tag_of("r1"), "r1"))


async def test_a_finished_run_may_change_once_more(store: RedisStore) -> None:
    await finish(store, "r1", retention=1000.0)
    run = await whole(store, "r1")
    assert await store.commit([change(run, run, send=("told 1",), retention=1000.0)]) == [True]
    assert await store.claim_due(limit=10, lease=60) == ["r1"]
    run = await whole(store, "r1")
    assert await store.commit([change(run, run, settled=("told 1",), retention=1000.0)]) == [True]
    assert await store._client.zscore(names.due(KEYS.tag_of("r1")), "r1") is None


async def test_records_hold_no_more_than_they_must(store: RedisStore) -> None:
    await store.commit([beginning("r1")])
    kept = await store._client.hget(names.run(KEYS.tag_of("r1"), "r1"), "s:charge")
    assert kept == b'{"status":"scheduled","at":1700000000.0}'
    assert msgspec.json.decode(kept, type=StepRecord) == record()


async def _dump(store: RedisStore) -> dict[bytes, bytes | None]:
    keys = [key async for key in store._client.scan_iter() if b"{watermark}" not in key]
    return {key: await store._client.dump(key) for key in keys}
