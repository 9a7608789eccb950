"""A refused delivery → its dead letter: the original untouched, and around it why, where from and when.

The original's own headers stay as they are, but for those that the broker adds (it would read them as its
own on the next round); ours are added beside them. `message_id` and every other property that `Envelope` has
are kept, so that a replay is the same message.
"""

from __future__ import annotations

import msgspec

from resistor.bus.names import Names
from resistor.errors import RejectedMessage
from resistor.messages.action import rfc3339
from resistor.ports import Delivery, Publish

REASON = "resistor-reason"
DETAIL = "resistor-detail"
ORIGIN_QUEUE = "resistor-origin-queue"
ORIGIN_EXCHANGE = "resistor-origin-exchange"
ORIGIN_ROUTING_KEY = "resistor-origin-routing-key"
DIED_AT = "resistor-died-at"

LEFT_OUT = "resistor-headers-left-out"

OURS = (REASON, DETAIL, ORIGIN_QUEUE, ORIGIN_EXCHANGE, ORIGIN_ROUTING_KEY, DIED_AT, LEFT_OUT)
"""What a replay takes off again."""

MAX_DETAIL_CHARACTERS = 1024
MAX_HEADER_BYTES = 64 * 1024  # all headers and properties share one frame, of 128 KiB by default, with ours

BROKERS = (
    "x-death",
    "x-first-death-",
    "x-last-death-",
    "x-delivery-count",
    "x-acquired-count",
    "CC",
    "BCC",
)
"""What the headers of a broker begin with: it adds them, or acts on them."""


def dead_letter(names: Names, delivery: Delivery, why: RejectedMessage, *, now: float) -> Publish:
    """Return the dead letter of `delivery`. `now` is in seconds since the epoch."""
    envelope = delivery.envelope
    headers = {name: value for name, value in envelope.headers.items() if not name.startswith(BROKERS)}
    if len(repr(headers).encode(errors="replace")) > MAX_HEADER_BYTES:
        headers = {LEFT_OUT: "larger than 64 KiB"}
    headers |= {
        REASON: str(why.reason),
        DETAIL: why.detail[:MAX_DETAIL_CHARACTERS],
        ORIGIN_QUEUE: delivery.queue,
        ORIGIN_EXCHANGE: delivery.exchange,
        ORIGIN_ROUTING_KEY: delivery.routing_key,
        DIED_AT: rfc3339(now),
    }
    return Publish(
        exchange=names.dead,
        routing_key=delivery.queue,
        envelope=msgspec.structs.replace(envelope, headers=headers, user_id=None),
    )
