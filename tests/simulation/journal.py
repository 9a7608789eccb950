"""A journal in memory: what a stream behind the events exchange keeps."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence

from resistor.bus.names import Names
from resistor.ports import Delivery, Publish


class MemoryJournal:
    """Every event, by when it came."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """Begin empty; `clock` says the broker's time."""
        self._clock = clock
        self._kept: list[tuple[float, Publish]] = []

    def keep(self, event: Publish) -> None:
        """Add an event."""
        self._kept.append((self._clock(), event))

    async def since(self, at: float) -> AsyncIterator[Sequence[Delivery]]:
        """Give all events from `at` on, in one page."""
        queue = Names().events_queue
        yield [
            Delivery(
                envelope=event.envelope,
                exchange=event.exchange,
                routing_key=event.routing_key,
                queue=queue,
                tag=0,
                generation=0,
                redelivered=True,
            )
            for came, event in self._kept
            if came >= at
        ]
