"""What the engine lets out that no message carries: subscriptions, slots, ways, kept by actors in the store.

Each may be done twice. What an actor answers is told to the runs that it concerns, at once; only when they
have been told is the errand taken out of its run's outbox, so that a crash in between does it again.
Called by the sender, for a whole batch.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import msgspec

from resistor.daemon.hearing import early
from resistor.daemon.letting_out import GateErrand, LettingOut
from resistor.daemon.patience import Patience
from resistor.daemon.pausing import Pausing
from resistor.daemon.told import Told
from resistor.engine.decision import AcquireSlot, ReleaseSlot, Subscribe, Unsubscribe
from resistor.engine.inbound import Cancel, Denied, Granted
from resistor.ports import Acquire, SlotAnswer, SlotName, SlotOutcome, Store, Subscription

Errand = Subscribe | Unsubscribe | AcquireSlot | ReleaseSlot | GateErrand

QUEUE = "actors"  # what the metrics call this source of messages


class Errands:
    """Runs errands."""

    def __init__(self, store: Store, patience: Patience, pausing: Pausing) -> None:
        """Take where the actors are, how to wait for it, and which modules are paused."""
        self._store = store
        self._patience = patience
        self._letting_out = LettingOut(store, patience, pausing)

    async def run(self, errands: Sequence[tuple[str, Errand]]) -> list[Told]:
        """Run errands, each for a run, in an order in which none undoes another; returns who is told what."""
        subscribed = [(run, each) for run, each in errands if isinstance(each, Subscribe)]
        unsubscribed = [(run, each) for run, each in errands if isinstance(each, Unsubscribe)]
        acquired = [(run, each) for run, each in errands if isinstance(each, AcquireSlot)]
        released = [(run, each) for run, each in errands if isinstance(each, ReleaseSlot)]
        told = await self._subscribe(subscribed) if subscribed else []
        if unsubscribed:
            items = [_subscription(run, each) for run, each in unsubscribed]
            await self._patience.with_store(partial(self._store.topics.unsubscribe, items))
        told += await self._acquire(acquired) if acquired else []
        told += await self._release(released) if released else []
        told += await self._letting_out.run([(run, e) for run, e in errands if isinstance(e, GateErrand)])
        return told

    async def _subscribe(self, wanted: Sequence[tuple[str, Subscribe]]) -> list[Told]:
        items = [_subscription(run, each, each.since) for run, each in wanted]
        kept = await self._patience.with_store(partial(self._store.topics.subscribe, items))
        return [
            early(run, subscription, event)
            for (run, subscription), events in zip(wanted, kept, strict=True)
            for event in events
        ]

    async def _acquire(self, wanted: Sequence[tuple[str, AcquireSlot]]) -> list[Told]:
        items = [Acquire(_slot(run, each), each.on_conflict) for run, each in wanted]
        answers = await self._patience.with_store(partial(self._store.slots.acquire, items))
        told = []
        for (run, each), answer in zip(wanted, answers, strict=True):
            told += _answered(run, each, answer)
        return told

    async def _release(self, given: Sequence[tuple[str, ReleaseSlot]]) -> list[Told]:
        items = [_slot(run, each) for run, each in given]
        granted = await self._patience.with_store(partial(self._store.slots.release, items))
        return [_granted(run, each) for (_, each), runs in zip(given, granted, strict=True) for run in runs]


def _answered(run: str, asked: AcquireSlot, answer: SlotAnswer) -> list[Told]:
    told = [
        Told(other, None, Cancel(why=f"run {run} takes its place"), QUEUE, if_gone=(_back(asked),))
        for other in answer.to_cancel
    ]
    if answer.outcome is SlotOutcome.GRANTED:
        # An answer to its own question: were it to repeat what is unconfirmed, it would ask again, for ever.
        told.append(msgspec.structs.replace(_granted(run, asked), is_echo=True))
    elif answer.outcome is SlotOutcome.DENIED:
        why = f"{asked.limit} run(s) with the same concurrency key are open already"
        told.append(Told(run, None, Denied(why), QUEUE, is_echo=True))
    return told


def _granted(run: str, slot: AcquireSlot | ReleaseSlot) -> Told:
    return Told(run, None, Granted(), QUEUE, if_gone=(_back(slot),))


def _back(slot: AcquireSlot | ReleaseSlot) -> ReleaseSlot:
    return ReleaseSlot(
        name="", namespace=slot.namespace, workflow=slot.workflow, key=slot.key, limit=slot.limit
    )


def _slot(run: str, each: AcquireSlot | ReleaseSlot) -> SlotName:
    return SlotName(run, each.namespace, each.workflow, each.key, each.limit)


def _subscription(run: str, each: Subscribe | Unsubscribe, since: float = 0.0) -> Subscription:
    return Subscription(
        run=run,
        address=each.address,
        namespace=each.namespace,
        event=each.event,
        key=each.key,
        since=since,
    )
