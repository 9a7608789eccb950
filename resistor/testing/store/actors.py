"""Topics and slots. The counterparts of subscribe.lua, arrive.lua, acquire_slot.lua and release_slot.lua."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from resistor.ports import (
    Acquire,
    Arrival,
    Early,
    Remaining,
    SlotAnswer,
    SlotName,
    SlotOutcome,
    SlotsView,
    Subscription,
    Waiter,
    Waiters,
)
from resistor.store.topics import GRACE_SECONDS, MOST_BYTES, MOST_EVENTS

Key = tuple[str, str, str | None]


@dataclass(slots=True)
class _Topic:
    waiting: dict[tuple[str, str], None] = field(default_factory=dict)
    early: dict[str, Early] = field(default_factory=dict)
    keep: float = 0.0


@dataclass(slots=True)
class MemoryTopics:
    """Who listens for what, and the events that came early."""

    clock: Callable[[], float]
    topics: dict[Key, _Topic] = field(default_factory=dict)

    async def subscribe(self, items: Sequence[Subscription]) -> Sequence[Sequence[Early]]:
        """Add waiters; returns for each the kept events that count, oldest first."""
        found = []
        for item in items:
            topic = self._topic(item.namespace, item.event, item.key)
            topic.waiting[(item.run, item.address)] = None
            kept = sorted(topic.early.values(), key=lambda early: early.received_at)
            found.append(tuple(early for early in kept if early.received_at >= item.since))
        return found

    async def unsubscribe(self, items: Sequence[Subscription]) -> None:
        """Take waiters out."""
        for item in items:
            self._topic(item.namespace, item.event, item.key).waiting.pop((item.run, item.address), None)

    async def arrive(self, items: Sequence[Arrival]) -> Sequence[Waiters]:
        """Keep events; returns for each who waits for it."""
        return [self._arrive(item) for item in items]

    async def waiters(self, remaining: Sequence[Remaining]) -> Sequence[Waiters]:
        """Return the next page of each: there is one page."""
        return [Waiters(()) for _ in remaining]

    def _arrive(self, item: Arrival) -> Waiters:
        found: dict[Waiter, None] = {}
        for key in item.keys:
            topic = self._topic(item.namespace, item.event, key)
            if item.id not in topic.early:
                self._keep(topic, item)
            found |= {Waiter(*each): None for each in sorted(topic.waiting, key=" ".join)}
        return Waiters(tuple(found))

    def _keep(self, topic: _Topic, item: Arrival) -> None:
        now = self.clock()
        topic.keep = max(topic.keep, item.keep_seconds, GRACE_SECONDS)
        topic.early[item.id] = Early(item.id, item.payload, now)
        while len(topic.early) > 1:
            oldest = next(iter(topic.early.values()))
            size = sum(len(early.payload) for early in topic.early.values())
            is_over = oldest.received_at <= now - topic.keep
            if not (is_over or len(topic.early) > MOST_EVENTS or size > MOST_BYTES):
                break
            del topic.early[oldest.id]

    def _topic(self, namespace: str, event: str, key: str | None) -> _Topic:
        return self.topics.setdefault((namespace, event, key), _Topic())


@dataclass(slots=True)
class _Slots:
    holders: list[str] = field(default_factory=list)
    queue: list[str] = field(default_factory=list)
    leaving: list[str] = field(default_factory=list)


@dataclass(slots=True)
class MemorySlots:
    """The slots of concurrency keys."""

    slots: dict[tuple[str, str, str], _Slots] = field(default_factory=dict)

    async def acquire(self, items: Sequence[Acquire]) -> Sequence[SlotAnswer]:
        """Ask for slots."""
        return [self._acquire(self._at(item.slot), item) for item in items]

    async def release(self, items: Sequence[SlotName]) -> Sequence[Sequence[str]]:
        """Give back slots, or places in the queue; returns for each the runs to be told of theirs."""
        return [self._release(self._at(item), item) for item in items]

    async def look(self, items: Sequence[SlotName]) -> Sequence[SlotsView]:
        """Return who is there."""
        found = [self._at(item) for item in items]
        return [SlotsView(tuple(at.holders), tuple(at.queue), tuple(at.leaving)) for at in found]

    def _at(self, item: SlotName) -> _Slots:
        return self.slots.setdefault((item.namespace, item.workflow, item.key), _Slots())

    def _acquire(self, at: _Slots, item: Acquire) -> SlotAnswer:
        run, limit = item.slot.run, item.slot.limit
        if run in at.leaving:
            return SlotAnswer(SlotOutcome.GRANTED)
        if run not in at.holders:
            held = len(at.holders)
            before = at.queue.index(run) if run in at.queue else len(at.queue)
            if held + before >= limit and item.on_conflict == "reject":
                return SlotAnswer(SlotOutcome.DENIED)
            if held + before >= limit and item.on_conflict == "queue":
                at.queue += [] if run in at.queue else [run]
                return SlotAnswer(SlotOutcome.QUEUED)
            if held >= limit:
                at.leaving += at.holders[: held - limit + 1]
                del at.holders[: held - limit + 1]
            at.queue = [each for each in at.queue if each != run]
            at.holders.append(run)
        is_cancelling = item.on_conflict == "cancel_running"
        return SlotAnswer(SlotOutcome.GRANTED, tuple(at.leaving) if is_cancelling else ())

    def _release(self, at: _Slots, item: SlotName) -> tuple[str, ...]:
        had = False
        for members in (at.holders, at.queue, at.leaving):
            if item.run in members:
                members.remove(item.run)
                had = True
        granted: list[str] = []
        while len(at.holders) < item.limit and at.queue:
            granted.append(at.queue.pop(0))
            at.holders.append(granted[-1])
        return tuple(granted if had else at.holders)
