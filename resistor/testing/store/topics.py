"""Who listens for what, in memory: `ports.Topics`, as lua/subscribe and lua/arrive do it.

Used by memory_store.py. One call is one moment here: a server may take calls of others between the topics of
one call, which no caller may rely on.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from math import ceil

from resistor.ports import Arrival, Early, Remaining, Subscription, Waiter, Waiters
from resistor.store import keys as names
from resistor.store.topics import GRACE_SECONDS, MOST_BYTES, MOST_EVENTS, PAGE
from resistor.testing.store.state import Clock, KeptEvents, State, ordered


class MemoryTopics:
    """The topics of one store."""

    def __init__(self, state: State, clock: Clock, *, page: int = PAGE) -> None:
        """Take what the store keeps, and its clock. `page`: how many waiters one answer names."""
        self._state = state
        self._clock = clock
        self._page = page

    async def subscribe(self, items: Sequence[Subscription]) -> Sequence[Sequence[Early]]:
        """Add waiters; returns for each the kept events that came at or after `since`, oldest first."""
        return [self._subscribe(item) for item in items]

    async def unsubscribe(self, items: Sequence[Subscription]) -> None:
        """Take waiters out."""
        for item in items:
            topic = names.topic(item.namespace, item.event, item.key)
            self._state.waiting.get(topic, set()).discard(f"{item.run} {item.address}")

    async def arrive(self, items: Sequence[Arrival]) -> Sequence[Waiters]:
        """Keep events; returns for each who waits for it, a page of each key."""
        return [_together([self._arrive(item, key) for key in item.keys]) for item in items]

    async def waiters(self, remaining: Sequence[Remaining]) -> Sequence[Waiters]:
        """Return the next page of each."""
        return [
            self._page_of(each, after=f"{each.after.run} {each.after.address}", key=each.key)
            for each in remaining
        ]

    def _subscribe(self, item: Subscription) -> Sequence[Early]:
        topic = names.topic(item.namespace, item.event, item.key)
        self._state.waiting.setdefault(topic, set()).add(f"{item.run} {item.address}")
        kept = self._early(topic)
        return tuple(
            Early(id_, kept.payloads[id_], kept.came_at[id_])
            for id_ in ordered(kept.came_at)
            if kept.came_at[id_] >= item.since
        )

    def _arrive(self, item: Arrival, key: str | None) -> Waiters:
        topic = names.topic(item.namespace, item.event, key)
        kept, now = self._early(topic), self._clock()
        if item.id not in kept.came_at:
            kept.keep = max(item.keep_seconds, GRACE_SECONDS, kept.keep)
            last = max(kept.came_at.values(), default=0.0)
            kept.came_at[item.id] = now if now > last else last + 0.000001
            kept.payloads[item.id] = item.payload
            _trim(kept, item.id, now)
            kept.gone_at = now + ceil(kept.keep)
            self._state.early[topic] = kept
        return self._page_of(item, after="", key=key)

    def _early(self, topic: str) -> KeptEvents:
        kept = self._state.early.get(topic)
        return KeptEvents() if kept is None or kept.gone_at <= self._clock() else kept

    def _page_of(self, item: Arrival | Remaining, *, after: str, key: str | None) -> Waiters:
        waiting = sorted(self._state.waiting.get(names.topic(item.namespace, item.event, key), ()))
        start = bisect_right(waiting, after)
        found = tuple(_waiter(member) for member in waiting[start : start + self._page])
        if len(found) < self._page:
            return Waiters(found)
        return Waiters(found, (Remaining(item.namespace, item.event, key, found[-1]),))


def _trim(kept: KeptEvents, newest: str, now: float) -> None:
    """Drop the oldest events that are over, or too many, or too large together; never the new one."""
    size = sum(len(payload) for payload in kept.payloads.values())
    for oldest in ordered(kept.came_at):
        is_over = kept.came_at[oldest] <= now - kept.keep
        is_much = len(kept.came_at) > MOST_EVENTS or size > MOST_BYTES
        if oldest == newest or not (is_over or is_much):
            return
        size -= len(kept.payloads.pop(oldest))
        del kept.came_at[oldest]


def _waiter(member: str) -> Waiter:
    run, _, address = member.partition(" ")
    return Waiter(run, address)


def _together(pages: Iterable[Waiters]) -> Waiters:
    """Put the pages of an event's keys together; a step that waits under two of them is named once."""
    found: dict[Waiter, None] = {}
    remaining: list[Remaining] = []
    for page in pages:
        found.update(dict.fromkeys(page.found))
        remaining += page.remaining
    return Waiters(tuple(found), tuple(remaining))
