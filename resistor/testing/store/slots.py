"""The slots of concurrency keys in memory: `ports.Slots`, as lua/acquire_slot and lua/release_slot do it.

Used by memory_store.py. Dictionaries keep the order in which runs came: that is all that scores say there.
"""

from __future__ import annotations

from collections.abc import Sequence

from resistor.ports import Acquire, SlotAnswer, SlotName, SlotOutcome, SlotsView
from resistor.store import keys as names
from resistor.testing.store.state import KeptSlots, State


class MemorySlots:
    """The slots of one store."""

    def __init__(self, state: State) -> None:
        """Take what the store keeps."""
        self._state = state

    async def acquire(self, items: Sequence[Acquire]) -> Sequence[SlotAnswer]:
        """Ask for slots."""
        return [_acquire(self._at(item.slot), item) for item in items]

    async def release(self, items: Sequence[SlotName]) -> Sequence[Sequence[str]]:
        """Give back slots, or places in the queue; returns for each the runs to be told of theirs."""
        return [_release(self._at(item), item) for item in items]

    async def look(self, items: Sequence[SlotName]) -> Sequence[SlotsView]:
        """Return who is there."""
        found = (self._at(item) for item in items)
        return [SlotsView(tuple(each.holders), tuple(each.queue), tuple(each.leaving)) for each in found]

    def _at(self, item: SlotName) -> KeptSlots:
        name = names.slots(item.namespace, item.workflow, item.key)
        return self._state.slots.setdefault(name, KeptSlots())


def _acquire(kept: KeptSlots, item: Acquire) -> SlotAnswer:
    run, limit = item.slot.run, item.slot.limit
    if run in kept.leaving:
        return SlotAnswer(SlotOutcome.GRANTED)
    if run not in kept.holders:
        held = len(kept.holders)
        before = list(kept.queue).index(run) if run in kept.queue else len(kept.queue)
        if held + before >= limit and item.on_conflict == "reject":
            return SlotAnswer(SlotOutcome.DENIED)
        if held + before >= limit and item.on_conflict == "queue":
            kept.queue.setdefault(run)
            return SlotAnswer(SlotOutcome.QUEUED)
        if held >= limit:
            for oldest in list(kept.holders)[: held - limit + 1]:
                del kept.holders[oldest]
                kept.leaving.setdefault(oldest)
        kept.queue.pop(run, None)
        kept.holders[run] = None
    to_cancel = tuple(kept.leaving) if item.on_conflict == "cancel_running" else ()
    return SlotAnswer(SlotOutcome.GRANTED, to_cancel)


def _release(kept: KeptSlots, item: SlotName) -> Sequence[str]:
    places = (kept.holders, kept.queue, kept.leaving)
    had_any = any(item.run in place for place in places)
    for place in places:
        place.pop(item.run, None)
    granted = list(kept.queue)[: max(item.limit - len(kept.holders), 0)]
    for run in granted:
        del kept.queue[run]
        kept.holders[run] = None
    return tuple(granted if had_any else kept.holders)
