"""Events, results and actions, and their form as bytes.

Called by the bus's users (the daemon and the SDK) at the door, before anything else looks at a
message. What is not exactly as the contract says raises `RejectedMessage` with the reason; nothing
here knows RabbitMQ, Redis or what a workflow means.

    envelope.py   a message as any AMQP client sees it: body, headers, properties
    json.py       the one strict JSON reader
    event.py      Event      ⇄ envelope (plain, CloudEvents binary and structured)
    result.py     Result     ⇄ envelope
    action.py     Action     ⇄ envelope
    names.py      what a namespace, a module, an event may be called
"""

from resistor.messages.action import Action, action_from_envelope, action_to_envelope
from resistor.messages.envelope import Envelope
from resistor.messages.event import Event, event_from_envelope, event_to_envelope
from resistor.messages.result import (
    Answer,
    Completed,
    Failed,
    Failure,
    Later,
    Progress,
    answer_from_envelope,
    answer_to_envelope,
)

__all__ = [
    "Action",
    "Answer",
    "Completed",
    "Envelope",
    "Event",
    "Failed",
    "Failure",
    "Later",
    "Progress",
    "action_from_envelope",
    "action_to_envelope",
    "answer_from_envelope",
    "answer_to_envelope",
    "event_from_envelope",
    "event_to_envelope",
]
