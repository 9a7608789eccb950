"""When a run is looked at: what is unconfirmed, timers, claims."""

from __future__ import annotations

import asyncio

import msgspec

from resistor.engine.run import Reads, RunStatus
from resistor.store import RedisStore
from resistor.store import keys as names
from tests.contract.store.samples import (
    FAR,
    KEYS,
    PAST,
    beginning,
    change,
    due_at,
    ended,
    finish,
    grown,
    keys_of,
    new_run,
    published,
    released,
    whole,
)


async def test_confirmed_messages_leave_the_outbox_and_move_the_due_time(store: RedisStore) -> None:
    await store.commit([beginning("r1")])
    await store.published([published("r1", 1, "charge")])
    assert (await whole(store, "r1")).unconfirmed == frozenset()
    assert await store.claim_due(limit=10, lease=60) == []


async def test_what_is_unconfirmed_yet_keeps_a_run_due(store: RedisStore) -> None:
    await store.commit([beginning("r1", send=("a", "b"), due_at=FAR, unconfirmed_due_at=100.0)])
    assert await due_at(store, "r1") == 100.0
    await store.published([published("r1", 1, "a", unconfirmed_due_at=200.0)])
    assert await due_at(store, "r1") == 200.0
    await store.published([published("r1", 1, "a", "b", unconfirmed_due_at=300.0)])
    assert await due_at(store, "r1") == FAR


async def test_confirming_an_older_commit_leaves_a_newer_ones_due_time(store: RedisStore) -> None:
    await store.commit([beginning("r1")])
    run = await whole(store, "r1")
    await store.commit([change(run, grown(run, o_charge=b"1"), settled=("charge",), send=("ship",))])
    await store.published([published("r1", 1, "charge", "ship")])
    assert await due_at(store, "r1") == PAST
    assert (await whole(store, "r1")).unconfirmed == {"ship"}


async def test_a_late_confirmation_leaves_a_message_that_was_sent_again(store: RedisStore) -> None:
    await store.commit([beginning("r1")])
    run = await whole(store, "r1")
    await store.commit([change(run, run, settled=("charge",), send=("charge",))])
    await store.published([published("r1", 1, "charge")])
    assert (await whole(store, "r1")).unconfirmed == {"charge"}
    await store.published([published("r1", 2, "charge")])
    assert (await whole(store, "r1")).unconfirmed == frozenset()


async def test_what_is_unconfirmed_is_overdue_when_its_time_to_be_confirmed_has_passed(
    store: RedisStore,
) -> None:
    await store.commit([beginning("r1", send=("a",), unconfirmed_due_at=PAST)])
    run = await whole(store, "r1")
    assert run.overdue == {"a"}
    await store.commit([change(run, run, send=("b",), unconfirmed_due_at=FAR)])
    run = await whole(store, "r1")
    assert run.unconfirmed == {"a", "b"}
    assert run.overdue == {"a"}
    await store.commit([change(run, run, send=("a",), unconfirmed_due_at=FAR)])
    assert (await whole(store, "r1")).overdue == frozenset()


async def test_a_commit_that_sends_nothing_keeps_the_due_time_of_what_is_unconfirmed(
    store: RedisStore,
) -> None:
    await store.commit([beginning("r1")])
    run = await whole(store, "r1")
    await store.commit([change(run, grown(run, o_charge=b"1"), due_at=FAR, unconfirmed_due_at=6.0)])
    assert await due_at(store, "r1") == 5.0


async def test_the_first_timer_makes_a_run_due(store: RedisStore) -> None:
    timers = {"wait": 3.9e9, "ask/0/form": 3.8e9, "": 3.95e9}
    await store.commit([change(None, new_run("r1"), due_at=FAR, timers=timers)])
    assert await due_at(store, "r1") == 3.8e9
    run = await whole(store, "r1")
    await store.commit([change(run, run, due_at=FAR, timers={"ask/0/form": None, "wait": 3.85e9})])
    assert await due_at(store, "r1") == 3.85e9
    run = await whole(store, "r1")
    await store.commit([change(run, run, due_at=3.81e9, timers={"nothing": None})])
    assert await due_at(store, "r1") == 3.81e9
    await store.published([published("r1", 3)])
    assert await due_at(store, "r1") == 3.85e9


async def test_due_timers_are_loaded_the_longest_overdue_first(store: RedisStore) -> None:
    timers = {"late": 20.0, "": 10.0, "later": 30.0, "not yet": FAR}
    await store.commit([change(None, new_run("r1"), timers=timers)])
    [run] = (await store.load([("r1", Reads(outstanding=True))])).runs
    assert run is not None
    assert run.due == ("", "late", "later")


async def test_timers_are_gone_when_none_is_left(store: RedisStore) -> None:
    await store.commit([change(None, new_run("r1"), timers={"a": 1.0, "b": 2.0})])
    run = await whole(store, "r1")
    await store.commit([change(run, run, timers={"a": None, "b": None})])
    assert names.timers(KEYS.tag_of("r1"), "r1") not in await keys_of(store)


async def test_a_claim_leases_a_run_and_never_removes_it(store: RedisStore) -> None:
    await store.commit([beginning(run_id) for run_id in ("r1", "r2")])
    assert sorted(await store.claim_due(limit=10, lease=60)) == ["r1", "r2"]
    assert await store.claim_due(limit=10, lease=60) == []
    loaded = await store.load([])
    for run_id in ("r1", "r2"):
        score = await due_at(store, run_id)
        assert score is not None
        assert loaded.now < score < loaded.now + 61


async def test_two_that_claim_at_once_get_no_run_twice(store: RedisStore) -> None:
    await store.commit([beginning(f"r{number}") for number in range(200)])
    claims = await asyncio.gather(*(store.claim_due(limit=10, lease=60) for _ in range(8)))
    claimed = [run_id for each in claims for run_id in each]
    assert len(claimed) == len(set(claimed)) > 100


async def test_a_release_says_when_a_run_is_due_again_unless_it_has_moved_on(store: RedisStore) -> None:
    await store.commit([change(None, new_run("r1"), due_at=FAR)])
    await store.release([released("r1", 7, due_at=PAST)])
    assert await due_at(store, "r1") == FAR
    await store.release([released("r1", 1, due_at=PAST)])
    assert await due_at(store, "r1") == PAST


async def test_a_release_minds_what_is_unconfirmed_and_the_timers_that_were_not_due(
    store: RedisStore,
) -> None:
    timers = {"looked at": 100.0, "just now": 100.5, "later": 200.0}
    await store.commit([beginning("r1", timers=timers)])
    await store.release([released("r1", 1, looked_at=100.0)])
    assert await due_at(store, "r1") == 100.5
    await store.release([released("r1", 1, looked_at=150.0)])
    assert await due_at(store, "r1") == 200.0
    await store.release([released("r1", 1, looked_at=150.0, unconfirmed_due_at=160.0)])
    assert await due_at(store, "r1") == 160.0
    await store.release([released("r1", 1, looked_at=250.0)])
    assert await due_at(store, "r1") == FAR


async def test_a_release_of_a_finished_run_ends_its_being_due_once_all_is_told(store: RedisStore) -> None:
    await finish(store, "r1", retention=60.0, send=("told 0",))
    await store.release([released("r1", 2, is_final=True, unconfirmed_due_at=77.0)])
    assert await due_at(store, "r1") == 77.0
    await store._client.delete(names.outbox(KEYS.tag_of("r1"), "r1"))
    await store.release([released("r1", 2, is_final=True)])
    assert await due_at(store, "r1") is None


async def test_what_is_left_of_a_run_that_is_gone_is_dropped(store: RedisStore) -> None:
    await store.commit([beginning("r1", timers={"wait": PAST})])
    await store._client.delete(names.run(KEYS.tag_of("r1"), "r1"), names.history(KEYS.tag_of("r1"), "r1"))
    for _ in range(2):
        await store.release([released("r1", 0)])
        assert {key for key in await keys_of(store) if ":runs:" not in key} == set()


async def test_an_open_run_is_always_due_some_time(store: RedisStore) -> None:
    await store.commit([beginning("r1", timers={"wait": PAST})])
    claims = [store.claim_due(limit=10, lease=0.0) for _ in range(3)]
    await asyncio.gather(*claims, store.published([published("r1", 1, "charge")]))
    assert await due_at(store, "r1") is not None
    run = await whole(store, "r1")
    over = ended(run, RunStatus.TIMED_OUT)
    await store.commit([change(run, msgspec.structs.replace(over, parts={}), timers={"wait": None})])
    assert await due_at(store, "r1") is None


async def test_the_store_says_when_the_next_run_is_due(store: RedisStore) -> None:
    assert await store.next_due_in() is None
    now = (await store.load([])).now
    await store.commit(
        [beginning("r1", send=(), due_at=now + 500), beginning("r2", send=(), due_at=now + 90)]
    )
    soon = await store.next_due_in()
    assert soon is not None
    assert 80 < soon <= 90.001
    await store.commit([beginning("r3", send=(), due_at=now - 1)])
    assert await store.next_due_in() == 0.0


async def test_a_confirmation_takes_nobody_s_word_back_that_a_run_be_looked_at(store: RedisStore) -> None:
    await store.commit([beginning("r1", send=("charge",), due_at=FAR, unconfirmed_due_at=FAR)])
    await store.survey.make_due(["r1"])
    await store.published([published("r1", 1, "charge")])
    assert await store.claim_due(limit=10, lease=60) == ["r1"]
