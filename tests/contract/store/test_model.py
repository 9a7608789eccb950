"""The actors in memory say what the real ones say, whatever they are asked and in whatever order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from resistor.ports import (
    Acquire,
    Admission,
    Arrival,
    Entry,
    Passer,
    Remaining,
    ScheduleState,
    SlotName,
    Subscription,
    Waiter,
)
from resistor.store import topics
from resistor.testing.store import topics as memory_topics
from tests.contract.store.twins import BEGINNING, GATES, Pass, Step, Twins

quick = settings(
    max_examples=30,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
Steps = Sequence[Step | Pass]


def steps(*calls: st.SearchStrategy[Step]) -> st.SearchStrategy[Steps]:
    """Return sequences of these calls, with time that passes between them."""
    passing = st.builds(Pass, st.sampled_from([1, 10, 30, 30, 60, 61]))
    return st.lists(st.one_of(*calls, *calls, passing), min_size=10, max_size=30)


def step(
    actor: str, name: str, *arguments: st.SearchStrategy[Any], **options: Any
) -> st.SearchStrategy[Step]:
    """Return calls of one operation."""
    return st.builds(
        Step, st.just(actor), st.just(name), st.tuples(*arguments), st.fixed_dictionaries(options)
    )


def some(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Sequence[Any]]:
    """Return one or two of these: calls are for batches."""
    return st.lists(values, min_size=1, max_size=2)


runs = st.sampled_from(["r1", "r2", "r10"])
leases = {"limit": st.sampled_from([1, 2, 9]), "lease": st.sampled_from([5.0, 30.0])}

# ----------------------------------------------------------------------------------------------- slots

slot = st.builds(
    SlotName, runs, st.just("shop"), st.just("order"), st.sampled_from(["a", "b"]), st.integers(1, 3)
)
acquire = st.builds(Acquire, slot, st.sampled_from(["queue", "reject", "cancel_running"]))
SLOTS = [SlotName("", "shop", "order", key, 1) for key in "ab"]


@quick
@given(steps(step("slots", "acquire", some(acquire)), step("slots", "release", some(slot))))
async def test_slots_in_memory_are_those_of_redis(twins: Twins, steps: Steps) -> None:
    await twins.follow(steps, [Step("slots", "look", (SLOTS,))])


# ---------------------------------------------------------------------------------------------- topics

events = st.sampled_from(["paid", "paid", "sent"])
keys = st.sampled_from([None, None, '"a"'])
addresses = st.sampled_from(["hear", "hear/ü", "z z"])
subscription = st.builds(
    Subscription,
    run=runs,
    address=addresses,
    namespace=st.just("shop"),
    event=events,
    key=keys,
    since=st.sampled_from([0.0, BEGINNING, BEGINNING + 30, BEGINNING + 1000]),
)
arrival = st.builds(
    Arrival,
    namespace=st.just("shop"),
    event=events,
    keys=st.sampled_from([(None,), (None,), (None, '"a"'), ('"a"',), ()]),
    id=st.sampled_from(["e1", "e2", "e3", "e4", "e5"]),
    payload=st.sampled_from([b"", b"*" * 20, b"+" * 70]),
    keep_seconds=st.sampled_from([0.0, 0.0, 0.0, 90.5]),
)
remaining = st.builds(Remaining, st.just("shop"), events, keys, st.builds(Waiter, runs, addresses))
ALL_EARLY = [
    Subscription(run="looks", address="", namespace="shop", event=event, key=key)
    for event in ("paid", "sent")
    for key in (None, '"a"')
]


@quick
@given(
    steps(
        step("topics", "subscribe", some(subscription)),
        step("topics", "unsubscribe", some(subscription)),
        step("topics", "arrive", some(arrival)),
        step("topics", "waiters", some(remaining)),
    )
)
async def test_topics_in_memory_are_those_of_redis(twins: Twins, steps: Steps) -> None:
    look = [Step("topics", name, (ALL_EARLY,)) for name in ("subscribe", "unsubscribe")]
    await twins.follow(steps, look)


@quick
@given(st.lists(arrival, min_size=5, max_size=15))
async def test_what_is_too_much_of_a_topic_goes_alike(
    twins: Twins, monkeypatch: pytest.MonkeyPatch, arrivals: Sequence[Arrival]
) -> None:
    for module in (topics, memory_topics):
        monkeypatch.setattr(module, "MOST_EVENTS", 3)
        monkeypatch.setattr(module, "MOST_BYTES", 60)
    look = [Step("topics", name, (ALL_EARLY,)) for name in ("subscribe", "unsubscribe")]
    await twins.follow([Step("topics", "arrive", ([each],)) for each in arrivals], look)


# ------------------------------------------------------------------------------------------- schedules

moments = st.sampled_from([None, BEGINNING - 5, BEGINNING, BEGINNING + 30, BEGINNING + 500])
schedules = st.sampled_from(["shop/a", "shop/b"])
schedule = st.builds(
    ScheduleState,
    name=schedules,
    digest=st.sampled_from(["1", "2"]),
    next_at=moments,
    due_at=moments,
    is_paused=st.booleans(),
    last_run=st.sampled_from([None, "r1"]),
    pending=st.sampled_from([(), (1.0, 2.5)]),
    revision=st.integers(0, 2),
)
wanted = st.dictionaries(schedules, st.tuples(st.sampled_from(["1", "2"]), moments))


@quick
@given(
    steps(
        step("schedules", "save", some(schedule)),
        step("schedules", "sync", wanted),
        step("schedules", "pause", schedules, is_paused=st.booleans()),
        step("schedules", "claim", **leases),
    )
)
async def test_schedules_in_memory_are_those_of_redis(twins: Twins, steps: Steps) -> None:
    await twins.follow(steps, [Step("schedules", "read_all")])


# ------------------------------------------------------------------------------------------- catalogue

versions = st.sampled_from(["shop/a@1", "shop/a@2", "shop/b@1"])
sources = st.tuples(st.sampled_from(["x", "x", "x", "y"]), st.sampled_from([b"one", b"two\nlines", b""]))
offers = st.dictionaries(st.sampled_from(["shop/a", "shop/b"]), st.sampled_from([(), (1,), (1, 2), (2, 1)]))


@quick
@given(
    steps(
        step("catalogue", "register_all", st.dictionaries(versions, sources), offers),
        step("catalogue", "source", versions),
    )
)
async def test_the_catalogue_in_memory_is_that_of_redis(twins: Twins, steps: Steps) -> None:
    await twins.follow(steps, [Step("catalogue", "read"), Step("catalogue", "revision")])


# ------------------------------------------------------------------------------------ gates and pauses

passer = st.builds(Passer, runs, st.sampled_from(["charge", "charge", "a b"]), st.just(1), st.integers(0, 1))
limited = st.builds(
    Entry, gate=st.just("m limit"), passer=passer, limit=st.integers(1, 2), priority=st.integers(0, 9)
)
rated = st.builds(
    Entry,
    gate=st.just("m rate"),
    passer=passer,
    interval=st.sampled_from([0.3, 1.0, 40.5]),
    priority=st.integers(0, 9),
)
gates = st.sampled_from(GATES)
admission = st.builds(Admission, gates, passer, st.just(BEGINNING))


@quick
@given(
    steps(
        step("gates", "enter", some(limited)),
        step("gates", "enter", some(rated)),
        step("gates", "leave", some(st.tuples(gates, passer))),
        step("gates", "told", some(admission)),
        step("gates", "claim", **leases),
    )
)
async def test_gates_in_memory_are_those_of_redis(twins: Twins, steps: Steps) -> None:
    await twins.follow(steps, [Step("gates", "look", (GATES,))])


modules = st.sampled_from(["pay", "pay", "mail"])


@quick
@given(
    steps(
        step("pauses", "pause", modules, st.sampled_from(["broken", "ü"])),
        step("pauses", "resume", modules),
        step("pauses", "hold", some(st.tuples(modules, passer, st.integers(0, 9)))),
        step("pauses", "unhold", some(st.tuples(modules, passer))),
        step("pauses", "released", some(st.tuples(modules, passer))),
        step("pauses", "claim", **leases),
    )
)
async def test_pauses_in_memory_are_those_of_redis(twins: Twins, steps: Steps) -> None:
    await twins.follow(steps, [Step("pauses", "paused"), Step("pauses", "held", (["pay", "mail"],))])
