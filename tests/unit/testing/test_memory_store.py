"""A store in memory goes back in time, and each is a world of its own."""

from __future__ import annotations

from typing import Any

from resistor.engine.run import EVERYTHING, RunStatus
from resistor.ports import (
    Acquire,
    Arrival,
    Entry,
    Passer,
    SlotName,
    Store,
    Subscription,
)
from resistor.testing.store import MemoryStore
from tests.contract.store.samples import NOW, change, ended, new_run

PASSER = Passer("r1", "charge", 1)
OTHER = Passer("r2", "charge", 1)
SUBSCRIPTION = Subscription(run="r1", address="hear", namespace="shop", event="paid", key=None)
ARRIVAL = Arrival(namespace="shop", event="paid", keys=(None,), id="e1", payload=b"{}")
SLOT = SlotName("r1", "shop", "order", "a", 1)


async def touch_everything(store: Store) -> None:
    """Let something change in every corner, of what is there already too."""
    [run] = (await store.load([("r1", EVERYTHING)])).runs
    if run is None:
        await store.commit([change(None, new_run("r1"), send=("charge",), timers={"charge": NOW})])
    else:
        await store.commit([change(run, ended(run, RunStatus.FAILED), settled=("charge",))])
    await store.topics.subscribe([SUBSCRIPTION])
    await store.topics.arrive([ARRIVAL])
    await store.slots.acquire([Acquire(SLOT, "queue")])
    await store.gates.enter([Entry(gate="m", passer=each, limit=1) for each in (PASSER, OTHER)])
    await store.pauses.pause("m", "broken")
    await store.pauses.hold([("m", PASSER, 0)])
    await store.schedules.sync({"shop/a": ("1", NOW)})
    await store.catalogue.register_all({"shop/a@1": ("1", b"a")}, {"shop/a": (1,)})


async def undo_everything(store: Store) -> None:
    """Change all of it again."""
    await touch_everything(store)
    await store.topics.unsubscribe([SUBSCRIPTION])
    await store.slots.release([SLOT])
    await store.gates.leave([("m", PASSER)])
    await store.pauses.unhold([("m", PASSER)])
    await store.pauses.resume("m")
    await store.schedules.sync({})
    await store.catalogue.register_all({}, {"shop/a": ()})


async def test_a_store_goes_back_to_what_it_was_at_a_snapshot() -> None:
    store = MemoryStore(lambda: NOW)
    await touch_everything(store)
    then = store.snapshot()
    untouched = {name for name, kept in vars(then).items() if not kept}
    assert untouched == {"expiring", "releasing", "suspects"}
    await undo_everything(store)
    assert store.snapshot() != then
    store.restore(then)
    assert store.snapshot() == then
    assert (await store.load([("r1", EVERYTHING)])).runs[0].unconfirmed == {"charge"}  # type: ignore[union-attr]
    assert await store.claim_due(limit=5, lease=1.0) == ["r1"]


async def test_what_comes_after_a_snapshot_does_not_change_it() -> None:
    store, again = MemoryStore(lambda: NOW), MemoryStore(lambda: NOW)
    await touch_everything(store)
    await touch_everything(again)
    then = store.snapshot()
    store.restore(then)
    await undo_everything(store)
    assert then == again.snapshot()


async def test_what_is_read_is_nobody_elses() -> None:
    store = MemoryStore(lambda: NOW)
    await touch_everything(store)
    [run] = (await store.load([("r1", EVERYTHING)])).runs
    assert run is not None
    parts: Any = run.parts
    parts.clear()
    assert (await store.load([("r1", EVERYTHING)])).runs[0] != run


async def test_the_clock_is_the_tests() -> None:
    now = NOW
    store = MemoryStore(lambda: now)
    await touch_everything(store)
    now = NOW + 59.0
    assert (await store.load([])).now == now
    [[early]] = await store.topics.subscribe([SUBSCRIPTION])
    assert early.received_at == NOW
    now = NOW + 60.0
    assert await store.topics.subscribe([SUBSCRIPTION]) == [()]
