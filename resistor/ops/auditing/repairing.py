"""Mends what an audit found: makes runs due, orders them to let all out again, takes out what is left behind.

The orders go through the commands queue and the daemons, by the engine: a run lets out the same messages
with the same tokens, and a module that remembers them does nothing twice. So a repair may be repeated.
"""

from __future__ import annotations

from collections.abc import Sequence

from resistor.config import Settings
from resistor.messages.command import CancelRun, Command, ReconcileRun
from resistor.ops import servers
from resistor.ops.auditing.finding import Finding, Kind
from resistor.ops.publishing import operator, send_commands
from resistor.store import RedisStore
from resistor.store.surveying import Place

_LEFT_BEHIND = (Kind.SLOT_OF_NONE, Kind.LISTENER_OF_NONE)


async def repair(settings: Settings, findings: Sequence[Finding]) -> int:
    """Mend these; returns how many orders were given to runs.

    Raises `StoreUnreachable`, `BrokerUnreachable`, `EnvironmentFault` where no queue takes the orders.
    """
    places = [each.place for each in findings if each.kind in _LEFT_BEHIND and each.place is not None]
    due = {each.run for each in findings if each.kind is Kind.DUE_OF_NONE}
    stuck = [each for each in findings if each.kind not in (*_LEFT_BEHIND, Kind.DUE_OF_NONE)]
    async with servers.open_store(settings) as store:
        orders = await _orders(store, stuck)
        due |= {order.run for order in orders} | await _next_in_queue(store, places)
        if places:
            await store.survey.remove(places)
        if due:
            await store.survey.make_due(sorted(due))
    if orders:
        await send_commands(settings, orders)
    return len(orders)


async def _orders(store: RedisStore, stuck: Sequence[Finding]) -> list[Command]:
    """Return an order for each run that is stuck; one that should have been ended is told what it missed."""
    ids = list(dict.fromkeys(each.run for each in stuck))
    orphans = {each.run for each in stuck if each.kind is Kind.PARENT_OVER}
    orders: list[Command] = []
    for run in await store.survey.statuses(ids):
        if run is None:
            continue
        orders.append(ReconcileRun(run=run.id, by=operator()))
        parent = run.origin.parent
        if run.id in orphans and parent is not None:
            why = f"run {parent.run}, which started it, is over"
            orders.append(CancelRun(run=run.id, why=why, parent=parent.run, address=parent.address))
    return orders


async def _next_in_queue(store: RedisStore, places: Sequence[Place]) -> set[str]:
    """Return who waits for the slots that are given back: they ask again when they are looked at."""
    keys = {place.key.replace(":holders:", ":queue:").replace(":leaving:", ":queue:") for place in places}
    found: set[str] = set()
    async for page in store.survey.slots():
        found.update(place.run for place in page if place.key in keys)
    return found - {place.run for place in places}
