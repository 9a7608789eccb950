"""What a message that died says about it: the `x-death` headers, and which deaths go in circles.

Called by `topology`. Pure; the time comes in. Follows RabbitMQ's documented behaviour
(https://www.rabbitmq.com/docs/dlx), checked against a server by the contract suite.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from resistor.dev.broker.properties import Properties, encoded


class Death(StrEnum):
    """Why a message left its queue: the word in `x-death`."""

    REJECTED = "rejected"
    EXPIRED = "expired"
    MAXLEN = "maxlen"
    DELIVERY_LIMIT = "delivery_limit"


@dataclass(frozen=True, slots=True)
class Message:
    """A published message: where it was sent, its properties and body."""

    exchange: str
    routing_key: str
    properties: Properties
    body: bytes


def died(message: Message, queue: str, why: Death, now: datetime, routing_key: str | None) -> Message:
    """Give the message as it leaves `queue`; `routing_key`: the queue's own one for its dead, if it has one.

    The exchange stays the one it was published to: who dead-letters it sets the new one.
    """
    properties = message.properties
    headers = properties.headers()
    changes: dict[str, bytes | None] = {"x-death": encoded(_deaths(message, headers, queue, why, now))}
    if not _earlier(headers):
        changes |= {
            "x-first-death-reason": encoded(str(why)),
            "x-first-death-queue": encoded(queue),
            "x-first-death-exchange": encoded(message.exchange),
        }
    if routing_key is not None:
        changes["CC"] = None  # it would be routed to the old keys again
    key = message.routing_key if routing_key is None else routing_key
    return Message(
        message.exchange, key, properties.with_headers(changes).without("expiration"), message.body
    )


def goes_in_circles(message: Message, queue: str) -> bool:
    """Tell whether a dead-lettered message has been in `queue` before without anybody rejecting it since."""
    for death in _earlier(message.properties.headers()):
        if death.get("reason") == Death.REJECTED:
            return False
        if death.get("queue") == queue:
            return True
    return False


def _deaths(
    message: Message, headers: dict[str, Any], queue: str, why: Death, now: datetime
) -> list[dict[str, Any]]:
    earlier = _earlier(headers)
    same = [death for death in earlier if death.get("queue") == queue and death.get("reason") == why]
    others = [death for death in earlier if death not in same]
    if same:
        count = same[0].get("count")
        newest = {**same[0], "count": (count if isinstance(count, int) else 0) + 1}
    else:
        newest = {
            "count": 1,
            "reason": str(why),
            "queue": queue,
            "time": now,
            "exchange": message.exchange,
            "routing-keys": [message.routing_key, *carbon_copies(headers, "CC")],
        }
        if (expiration := message.properties.text("expiration")) is not None:
            newest["original-expiration"] = expiration
    return [newest, *others]


def carbon_copies(headers: dict[str, Any], name: str) -> Sequence[str]:
    """Give the further routing keys of header `name` (CC or BCC): RabbitMQ's sender-selected distribution."""
    keys = headers.get(name)
    return [key for key in keys if isinstance(key, str)] if isinstance(keys, list) else []


def _earlier(headers: dict[str, Any]) -> list[dict[str, Any]]:
    deaths = headers.get("x-death")
    return [death for death in deaths if isinstance(death, dict)] if isinstance(deaths, list) else []
