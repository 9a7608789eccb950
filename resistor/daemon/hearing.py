"""Events → the runs that listen for them.

An event is told to everyone who waits for it under one of its keys, before it is acknowledged; and it is kept
for a while for those who begin to wait later. Called by the pipeline for a batch, and by errands.py for what
came early.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import msgspec

from resistor.daemon.patience import Patience
from resistor.daemon.told import Told
from resistor.engine.decision import Subscribe, Unsubscribe
from resistor.engine.inbound import Heard
from resistor.engine.kinds.listening import keys_of_event
from resistor.engine.workflow import Listen
from resistor.messages.event import Event
from resistor.ports import Arrival, Delivery, Early, Remaining, Store


class _Kept(msgspec.Struct, frozen=True, array_like=True):
    """An event as it waits for those who listen later."""

    data: msgspec.Raw
    source: str | None = None
    time: float | None = None


_kept = msgspec.json.Decoder(_Kept).decode
_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Arrived:
    """An event that somebody may listen for."""

    delivery: Delivery
    event: Event
    arrival: Arrival


def arrived_for(listens: Sequence[Listen], delivery: Delivery, event: Event, once: str) -> Arrived | None:
    """Return the event under every key that these give it; None where nobody listens.

    `once` names this delivery: it is the id of an event that has none.
    """
    if not listens:
        return None
    event_id = event.id or once
    arrival = Arrival(
        namespace=event.namespace,
        event=event.name,
        keys=keys_of_event(listens, event, event_id),
        id=event_id,
        payload=_encode(_Kept(msgspec.Raw(event.data), event.source, event.time)),
        keep_seconds=max(listen.buffer for listen in listens),
    )
    return Arrived(delivery, msgspec.structs.replace(event, id=event_id), arrival)


def early(run: str, subscription: Subscribe, kept: Early) -> Told:
    """Return what an event that came early tells the step that has just begun to wait."""
    body = _kept(kept.payload)
    event = Event(
        namespace=subscription.namespace,
        name=subscription.event,
        data=bytes(body.data),
        id=kept.id,
        source=body.source,
        time=body.time,
    )
    return Told(run, None, Heard(subscription.address, kept.id, event), "early", is_echo=True)


@dataclass(frozen=True, slots=True)
class Rest:
    """Those who wait for an event and were not named yet."""

    arrived: Arrived
    remaining: tuple[Remaining, ...]


class Hearing:
    """Finds who listens for events."""

    def __init__(self, store: Store, patience: Patience) -> None:
        """Take where topics are kept, and how to wait for it."""
        self._store = store
        self._patience = patience

    async def arrive(self, arrived: Sequence[Arrived]) -> tuple[list[Told], list[Rest]]:
        """Keep these events for those who will wait; return what they tell those who do, and the rest.

        The rest are the further pages of topics that very many wait for: each is turned by `turn`.
        """
        if not arrived:
            return [], []
        arrivals = [each.arrival for each in arrived]
        pages = await self._patience.with_store(partial(self._store.topics.arrive, arrivals))
        told = [
            _heard(each, waiter.run, waiter.address)
            for each, page in zip(arrived, pages, strict=True)
            for waiter in page.found
        ]
        rest = [
            Rest(each, page.remaining) for each, page in zip(arrived, pages, strict=True) if page.remaining
        ]
        return told, rest

    async def turn(self, rest: Rest) -> tuple[list[Told], Rest | None]:
        """Return what the next page is told, and what is left then."""
        pages = await self._patience.with_store(partial(self._store.topics.waiters, rest.remaining))
        told = [_heard(rest.arrived, each.run, each.address) for page in pages for each in page.found]
        remaining = tuple(each for page in pages for each in page.remaining)
        return told, Rest(rest.arrived, remaining) if remaining else None


def _heard(arrived: Arrived, run: str, address: str) -> Told:
    arrival = arrived.arrival
    gone = tuple(
        Unsubscribe(name="", namespace=arrival.namespace, event=arrival.event, key=key, address=address)
        for key in arrival.keys
    )
    return Told(run, None, Heard(address, arrival.id, arrived.event), arrived.delivery.queue, if_gone=gone)
