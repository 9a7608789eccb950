"""Throwing dead letters away, for good. Called by `resistor dead drop`, after it has asked."""

from __future__ import annotations

from resistor.bus import AmqpBus
from resistor.ops.dead.choosing import Choice
from resistor.ops.dead.reading import chosen


async def drop(bus: AmqpBus, choice: Choice) -> int:
    """Throw the letters away that are meant; returns how many. Raises `BrokerUnreachable`."""
    dropped = 0
    async with bus.browse(bus.names.dead_queue) as browser:
        async for page in chosen(bus, browser, choice):
            await browser.remove([letter.delivery for letter in page])
            dropped += len(page)
    return dropped
