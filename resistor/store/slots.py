"""The slots of concurrency keys: `ports.Slots` on Redis.

A concurrency key's slots live in the partition that its name gives. Called by the daemon, for runs that begin
and end; `look` by ops as well.
"""

from __future__ import annotations

from collections.abc import Sequence

from resistor.ports import Acquire, SlotAnswer, SlotName, SlotOutcome, SlotsView
from resistor.store import keys as names
from resistor.store.connection import Client, pipelined
from resistor.store.keys import Keys
from resistor.store.scripts import ACQUIRE_SLOT, RELEASE_SLOT


class RedisSlots:
    """The slots of one installation."""

    def __init__(self, client: Client, keys: Keys) -> None:
        """Take the connection, and how keys are called."""
        self._client = client
        self._keys = keys

    async def acquire(self, items: Sequence[Acquire]) -> Sequence[SlotAnswer]:
        """Ask for slots."""
        replies = await pipelined(
            self._client,
            [
                ACQUIRE_SLOT.call(self._places(item.slot), [item.slot.run, item.slot.limit, item.on_conflict])
                for item in items
            ],
        )
        return [
            SlotAnswer(SlotOutcome(outcome.decode()), _decoded(to_cancel)) for outcome, *to_cancel in replies
        ]

    async def release(self, items: Sequence[SlotName]) -> Sequence[Sequence[str]]:
        """Give back slots, or places in the queue; returns for each the runs to be told of theirs."""
        replies = await pipelined(
            self._client, [RELEASE_SLOT.call(self._places(item), [item.run, item.limit]) for item in items]
        )
        return [_decoded(reply) for reply in replies]

    async def look(self, items: Sequence[SlotName]) -> Sequence[SlotsView]:
        """Return who is there."""
        replies = await pipelined(
            self._client, [("ZRANGE", key, 0, -1) for item in items for key in self._places(item)]
        )
        members = [_decoded(reply) for reply in replies]
        return [SlotsView(*each) for each in zip(members[0::3], members[1::3], members[2::3], strict=True)]

    def _places(self, item: SlotName) -> list[str]:
        slots = names.slots(item.namespace, item.workflow, item.key)
        tag = self._keys.tag_of(slots)
        return [names.holders(tag, slots), names.queue(tag, slots), names.leaving(tag, slots)]


def _decoded(members: Sequence[bytes]) -> tuple[str, ...]:
    return tuple(member.decode() for member in members)
