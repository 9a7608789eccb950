"""The seams: what the daemon needs of a broker and of a store, each with more than one kind behind it.

All calls are batch-shaped, because a round trip or a task for each message is what makes an orchestrator
slow. Implemented by `bus` and `store` (and by the test kit's doubles); called by the daemon, the SDK
and ops. Nothing here knows AMQP or Redis.

    broker.py     messages in and out
    store.py      runs
    actors.py     what belongs to no single run: topics, slots, schedules
    gates.py      … and the limits and pauses of modules
    catalogue.py  the registered workflows
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
from resistor.ports.gates import Admission, Entry, Gates, GateView, Passer, Pause, Pauses
from resistor.ports.store import Change, Loaded, Published, Released, Store

__all__ = [
    "Acquire",
    "Admission",
    "Arrival",
    "Bus",
    "Catalogue",
    "Change",
    "Delivery",
    "Early",
    "Entry",
    "GateView",
    "Gates",
    "Lane",
    "Loaded",
    "Outcome",
    "Passer",
    "Pause",
    "Pauses",
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
    "Topics",
    "Waiter",
    "Waiters",
]
