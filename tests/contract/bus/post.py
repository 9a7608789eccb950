"""What the bus's contract tests say often: a message to publish, and so many messages taken."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any
from uuid import uuid4

from resistor.bus.consuming import QueueLane
from resistor.messages import Envelope
from resistor.ports import Delivery, Publish

PATIENCE_S = 20.0  # for what should come at once, on a busy machine


def letter(
    exchange: str, routing_key: str, body: bytes = b"{}", message_id: str | None = None, **headers: Any
) -> Publish:
    """Give a message to publish, with an id of its own unless one is given."""
    envelope = Envelope(body=body, message_id=message_id or uuid4().hex, headers=headers)
    return Publish(exchange=exchange, routing_key=routing_key, envelope=envelope)


async def take(lane: QueueLane, count: int) -> list[Delivery]:
    """Take exactly so many messages."""
    taken: list[Delivery] = []
    async with asyncio.timeout(PATIENCE_S):
        while len(taken) < count:
            taken += await lane.take(count - len(taken))
    return taken


def bodies(deliveries: Sequence[Delivery]) -> list[bytes]:
    """Give the bodies, in order."""
    return [delivery.envelope.body for delivery in deliveries]


async def until(condition: Callable[[], object]) -> None:
    """Wait until `condition` holds: for what a broker tells nobody."""
    async with asyncio.timeout(PATIENCE_S):
        while not condition():  # noqa: ASYNC110 - nobody could set an event for it
            await asyncio.sleep(0.01)
