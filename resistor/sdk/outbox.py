"""Answers on their way to the broker: published together, and their actions acknowledged together after that.

One of them for each runner. While one batch waits for its confirmations the next one gathers, so there is no
timer and no waiting for company.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

import msgspec

from resistor.bus.consuming import QueueLane
from resistor.ports import Bus, Delivery, Outcome, Publish

log = logging.getLogger(__name__)

REFUSED_PAUSE_SECONDS = 1.0
NOBODY_IN_PARTICULAR: Mapping[str, str] = MappingProxyType({})
TRACE_HEADERS = frozenset({"traceparent", "tracestate"})


@dataclass(slots=True, eq=False)
class Outgoing:
    """One answer. Where `delivery` is set, `lane` acknowledges it once the answer is confirmed."""

    publish: Publish
    lane: QueueLane
    delivery: Delivery | None
    settled: asyncio.Future[Outcome] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )


class Outbox:
    """Publishes answers. `run` does the work until it is cancelled."""

    def __init__(self, bus: Bus, users: Mapping[str, str] = NOBODY_IN_PARTICULAR) -> None:
        """Publish on `bus`. `users`: as whom of the broker's users a module answers, where that counts."""
        self.users = users
        self._bus = bus
        self._waiting: list[Outgoing] = []
        self._news = asyncio.Event()
        self._is_refused = False

    async def answer(self, publish: Publish, lane: QueueLane, delivery: Delivery) -> None:
        """Publish the last answer to `delivery`, again until it is confirmed, and acknowledge `delivery`.

        One that was refused goes without its trace headers from then on. They came with the action, from
        wherever, and may be what nobody can send; a result matters more than a trace.
        """
        outcome = await self._send(Outgoing(publish, lane, delivery))
        while outcome is not Outcome.CONFIRMED:
            await asyncio.sleep(REFUSED_PAUSE_SECONDS)
            if outcome is Outcome.REFUSED:
                publish = _untraced(publish)
            outcome = await self._send(Outgoing(publish, lane, delivery))

    async def report(self, publish: Publish, lane: QueueLane) -> None:
        """Publish a progress; one that no queue takes is not missed."""
        await self._send(Outgoing(publish, lane, None))

    async def run(self) -> None:
        """Publish whatever is there, again and again."""
        while True:
            await self._news.wait()
            self._news.clear()
            batch, self._waiting = self._waiting, []
            outcomes = await self._bus.publish([each.publish for each in batch])
            await self._acknowledge(batch, outcomes)
            self._note(outcomes)
            for each, outcome in zip(batch, outcomes, strict=True):
                if not each.settled.done():
                    each.settled.set_result(outcome)

    async def _send(self, outgoing: Outgoing) -> Outcome:
        self._waiting.append(outgoing)
        self._news.set()
        return await outgoing.settled

    async def _acknowledge(self, batch: Sequence[Outgoing], outcomes: Sequence[Outcome]) -> None:
        done: dict[QueueLane, list[Delivery]] = {}
        for each, outcome in zip(batch, outcomes, strict=True):
            if outcome is Outcome.CONFIRMED and each.delivery is not None:
                done.setdefault(each.lane, []).append(each.delivery)
        for lane, deliveries in done.items():
            await lane.ack(deliveries)

    def _note(self, outcomes: Sequence[Outcome]) -> None:
        refused = [outcome for outcome in outcomes if outcome is not Outcome.CONFIRMED]
        if bool(refused) is self._is_refused:
            return
        self._is_refused = bool(refused)
        if refused:
            log.warning("results are %s, trying again", refused[0], extra={"action": "results_refused"})
        else:
            log.warning("results are taken again", extra={"action": "results_taken"})


def _untraced(publish: Publish) -> Publish:
    envelope = publish.envelope
    headers = {name: value for name, value in envelope.headers.items() if name not in TRACE_HEADERS}
    return msgspec.structs.replace(publish, envelope=msgspec.structs.replace(envelope, headers=headers))
