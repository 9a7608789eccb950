"""Who listens for what: `ports.Topics` on Redis.

A topic is an event's name, with or without a business key; it lives in the partition that its name gives.
Called by the daemon, for runs that begin and cease to listen and for events that come.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from resistor.ports import Arrival, Early, Remaining, Subscription, Waiter, Waiters
from resistor.store import keys as names
from resistor.store.connection import Client, pipelined
from resistor.store.keys import Keys
from resistor.store.scripts import ARRIVE, SUBSCRIBE, Argument
from resistor.store.watermark import RedisWatermark

GRACE_SECONDS = 60.0  # between a run's commit and its subscription: a daemon may have died there
MOST_EVENTS = 1_000  # kept of a topic
MOST_BYTES = 4 * 1024 * 1024  # … together
PAGE = 1_000  # waiters in one answer: the runs are loaded and decided on together


class RedisTopics:
    """The topics of one installation."""

    def __init__(self, client: Client, keys: Keys, watermark: RedisWatermark, *, page: int = PAGE) -> None:
        """Take the connection, how keys are called, and what makes events safe before they are acknowledged.

        `page`: how many waiters one answer names.
        """
        self._client = client
        self._watermark = watermark
        self._keys = keys
        self._page = page

    async def subscribe(self, items: Sequence[Subscription]) -> Sequence[Sequence[Early]]:
        """Add waiters; returns for each the kept events that came at or after `since`, oldest first."""
        commands = []
        for item in items:
            tag, topic = self._place(item.namespace, item.event, item.key)
            keys = [names.waiting(tag, topic), names.early(tag, topic), names.payloads(tag, topic)]
            commands.append(SUBSCRIBE.call(keys, [_member(item.run, item.address), item.since]))
        replies = await pipelined(self._client, commands)
        return [tuple(_early(reply)) for reply in replies]

    async def unsubscribe(self, items: Sequence[Subscription]) -> None:
        """Take waiters out."""
        commands: list[tuple[Argument, ...]] = []
        for item in items:
            tag, topic = self._place(item.namespace, item.event, item.key)
            commands.append(("ZREM", names.waiting(tag, topic), _member(item.run, item.address)))
        await pipelined(self._client, commands)

    async def arrive(self, items: Sequence[Arrival]) -> Sequence[Waiters]:
        """Keep events; returns for each who waits for it, a page of each key."""
        commands = [self._arrive(item, key) for item in items for key in item.keys]
        replies = iter(await self._watermark.guarded(commands))
        return [
            _together(self._page_of(item.namespace, item.event, key, next(replies)) for key in item.keys)
            for item in items
        ]

    async def waiters(self, remaining: Sequence[Remaining]) -> Sequence[Waiters]:
        """Return the next page of each."""
        commands: list[tuple[Argument, ...]] = []
        for each in remaining:
            tag, topic = self._place(each.namespace, each.event, each.key)
            after = f"({_member(each.after.run, each.after.address)}"
            commands.append(("ZRANGEBYLEX", names.waiting(tag, topic), after, "+", "LIMIT", 0, self._page))
        replies = await pipelined(self._client, commands)
        return [
            self._page_of(each.namespace, each.event, each.key, reply)
            for each, reply in zip(remaining, replies, strict=True)
        ]

    def _place(self, namespace: str, event: str, key: str | None) -> tuple[str, str]:
        topic = names.topic(namespace, event, key)
        return self._keys.tag_of(topic), topic

    def _arrive(self, item: Arrival, key: str | None) -> tuple[Argument, ...]:
        tag, topic = self._place(item.namespace, item.event, key)
        keep = max(item.keep_seconds, GRACE_SECONDS)
        return ARRIVE.call(
            [names.waiting(tag, topic), names.early(tag, topic), names.payloads(tag, topic)],
            [item.id, item.payload, keep, MOST_EVENTS, MOST_BYTES, self._page],
        )

    def _page_of(self, namespace: str, event: str, key: str | None, reply: Sequence[bytes]) -> Waiters:
        found = tuple(_waiter(member) for member in reply)
        if len(found) < self._page:
            return Waiters(found)
        return Waiters(found, (Remaining(namespace, event, key, found[-1]),))


def _member(run: str, address: str) -> str:
    """A run's id has no space in it."""
    return f"{run} {address}"


def _waiter(member: bytes) -> Waiter:
    run, _, address = member.decode().partition(" ")
    return Waiter(run, address)


def _early(reply: Sequence[Any]) -> Iterable[Early]:
    triples = zip(reply[0::3], reply[1::3], reply[2::3], strict=True)
    return (Early(id_.decode(), payload, float(received_at)) for id_, payload, received_at in triples)


def _together(pages: Iterable[Waiters]) -> Waiters:
    """Put the pages of an event's keys together; a step that waits under two of them is named once."""
    found: dict[Waiter, None] = {}
    remaining: list[Remaining] = []
    for page in pages:
        found.update(dict.fromkeys(page.found))
        remaining += page.remaining
    return Waiters(tuple(found), tuple(remaining))
