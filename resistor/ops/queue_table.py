"""`resistor queue list` as rows: depth, consumers, and what else can be known without disturbing a queue.

What nobody can tell stays None, and a note says why: AMQP has no rates, and looking at the head of a module's
queue would count a delivery of the action there, of which it has few.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from resistor.bus import AmqpBus
from resistor.config import Settings
from resistor.errors import EnvironmentFault, NotFound
from resistor.ops.dead.choosing import Choice
from resistor.ops.dead.letters import letter_of
from resistor.ops.dead.reading import tally
from resistor.ops.management import Rates, rates
from resistor.ops.queues import inspect_queues

NO_RATES = "in and out: AMQP does not tell; RESISTOR_MANAGEMENT_URL says where RabbitMQ's management API is"
NO_DETAILS = "oldest and dead: with --details, which looks into the queues"
NO_HEADS = "oldest: not of modules' queues, where a look would count as a delivery; else what senders say"


@dataclass(slots=True)
class QueueTable:
    """Reads the queues, again and again: `change` is between two readings."""

    bus: AmqpBus
    settings: Settings
    modules: Iterable[str]
    with_details: bool = False
    notes: list[str] = field(default_factory=list)
    _before: dict[str, tuple[float, int]] = field(default_factory=dict)

    async def read(self) -> list[dict[str, Any]]:
        """Return a row for each queue there should be; `notes` says what could not be known."""
        self.notes = []
        rows = await inspect_queues(self.bus, self.modules, partitions=self.settings.result_partitions)
        into_and_out = await self._rates()
        dead = await self._dead()
        for row in rows:
            queue = row["queue"]
            found = into_and_out.get(queue, Rates(None, None))
            row["in_rate"], row["out_rate"] = found.into, found.out
            row["change_rate"] = self._change(row)
            row["oldest_seconds"] = await self._oldest(row) if self.with_details else None
            row["dead"] = None if dead is None else dead[queue]
        self.notes.append(NO_HEADS if self.with_details else NO_DETAILS)
        return rows

    def _change(self, row: Mapping[str, Any]) -> float | None:
        """Return messages a second that a queue has grown by since the last reading."""
        now, queue = time.monotonic(), row["queue"]
        before, self._before[queue] = self._before.get(queue), (now, row["messages"])
        if before is None or now <= before[0]:
            return None
        return float((row["messages"] - before[1]) / (now - before[0]))

    async def _rates(self) -> Mapping[str, Rates]:
        url = self.settings.broker.management_url
        if url is None:
            self.notes.append(NO_RATES)
            return {}
        try:
            return await rates(url, self.settings.broker.url)
        except EnvironmentFault as fault:
            self.notes.append(f"in and out: {fault}")
            return {}

    async def _dead(self) -> Counter[str] | None:
        """Return how many letters died in which queue."""
        if not self.with_details:
            return None
        try:
            counted = await tally(self.bus, Choice())
        except NotFound:
            return None
        by_queue: Counter[str] = Counter()
        for (_, queue), count in counted.by_kind.items():
            by_queue[queue] += count
        return by_queue

    async def _oldest(self, row: Mapping[str, Any]) -> float | None:
        """Return the age of the message at the head in seconds, as far as it says itself when it was made."""
        names, queue = self.bus.names, row["queue"]
        is_safe = queue in (names.dead_queue, names.events_queue, names.commands_queue)
        if not row["messages"] or not (is_safe or names.has_results(queue)):
            return None
        async with self.bus.browse(queue) as browser:
            head = await browser.head()
        if head is None:
            return None
        at = letter_of(names, head).died_at if queue == names.dead_queue else head.envelope.timestamp
        return None if at is None else max(0.0, time.time() - at)


def without_buckets(rows: Sequence[dict[str, Any]], retry: str) -> list[dict[str, Any]]:
    """Leave out the delay buckets, whose queues begin with `retry` and a dot."""
    return [row for row in rows if not row["queue"].startswith(f"{retry}.")]
