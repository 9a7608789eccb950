"""The seams: what the daemon needs of a broker and of a store, each with more than one kind behind it.

All calls are batch-shaped, because a round trip or a task for each message is what makes an orchestrator
slow. Implemented by `bus` and `store` (and by the test kit's doubles); called by the daemon, the SDK
and ops. Nothing here knows AMQP or Redis.

    broker.py     messages in and out
    store.py      runs
    actors.py     what belongs to no single run: topics, slots, schedules
    gates.py      … and the limits and pauses of modules
    catalogue.py  the registered workflows
    survey.py     everything in the store, page by page
    watermark.py  whether the store went back in time
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
from resistor.ports.broker import Bus, Delivery, Journal, Lane, Outcome, Publish
from resistor.ports.catalogue import Catalogue, Registered, Registration
from resistor.ports.gates import Admission, Entry, Gates, GateView, Passer, Pause, Pauses
from resistor.ports.store import Change, Loaded, Published, Released, Store
from resistor.ports.survey import Survey
from resistor.ports.suspects import Suspects
from resistor.ports.watermark import Recovery, Tick, Watermark

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
    "Journal",
    "Lane",
    "Loaded",
    "Outcome",
    "Passer",
    "Pause",
    "Pauses",
    "Publish",
    "Published",
    "Recovery",
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
    "Survey",
    "Suspects",
    "Tick",
    "Topics",
    "Waiter",
    "Waiters",
    "Watermark",
]
