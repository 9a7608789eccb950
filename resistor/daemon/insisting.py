"""A run that is to end with its parent, and has not begun yet: the order is tried again a little later.

The order and the start travel by the same queue and may be taken by two daemons, so the order may be first.
"""

from __future__ import annotations

import msgspec

from resistor.bus.names import Names
from resistor.errors import Reason, RejectedMessage
from resistor.messages.command import CancelRun, TerminateRun, command_from_envelope, command_to_envelope
from resistor.ports import Delivery, Publish

BUCKET = "1s"
MOST_TRIES = 60
_NO_LIMIT = 1 << 30  # it was read with the real one when it came


def told_later(names: Names, delivery: Delivery, why: RejectedMessage) -> Publish | None:
    """Return the same order for a little later; None for what is no such order, or was tried often enough."""
    if why.reason is not Reason.UNKNOWN_RUN or delivery.queue != names.commands_queue:
        return None
    command = command_from_envelope(delivery.envelope, limit=_NO_LIMIT)
    if not isinstance(command, CancelRun | TerminateRun) or command.parent is None:
        return None
    if command.tries >= MOST_TRIES:
        return None
    again = msgspec.structs.replace(command, tries=command.tries + 1)
    envelope = command_to_envelope(
        again,
        message_id=f"{delivery.envelope.message_id}-{again.tries}",
        now=delivery.envelope.timestamp or 0.0,
    )
    return Publish(exchange=names.retry, routing_key=BUCKET, envelope=envelope)
