"""The seams: what the daemon needs of a broker and of a store, each with more than one kind behind it.

All calls are batch-shaped, because a round trip or a task for each message is what makes an orchestrator
slow. Implemented by `bus` and `store` (and by the test kit's doubles); called by the daemon, the SDK
and ops. Nothing here knows AMQP or Redis.

    broker.py     messages in and out
    store.py      runs
    actors.py     what belongs to no single run: topics, slots, schedules
    catalogue.py  the registered workflows
    suspects.py   messages that a daemon may have died of
"""

from resistor.ports.actors import (
    Acquire,
    Arrival,
    Early,
    Remaining,
    Schedules,
    ScheduleState,
    SlotAnswer,
    SlotName,
    SlotOutcome,
    Slots,
    SlotsView,
    Subscription,
    Topics,
    Waiter,
    Waiters,
)
from resistor.ports.broker import Bus, Delivery, Lane, Outcome, Publish
from resistor.ports.catalogue import Catalogue, Registered, Registration
from resistor.ports.store import Change, Loaded, Published, Released, Store
from resistor.ports.suspects import Suspects

__all__ = [
    "Acquire",
    "Arrival",
    "Bus",
    "Catalogue",
    "Change",
    "Delivery",
    "Early",
    "Lane",
    "Loaded",
    "Outcome",
    "Publish",
    "Published",
    "Registered",
    "Registration",
    "Released",
    "Remaining",
    "ScheduleState",
    "Schedules",
    "SlotAnswer",
    "SlotName",
    "SlotOutcome",
    "Slots",
    "SlotsView",
    "Store",
    "Subscription",
    "Suspects",
    "Topics",
    "Waiter",
    "Waiters",
]
