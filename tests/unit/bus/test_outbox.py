"""The outbox: a result goes out whatever came with its action."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, cast

import pytest

from resistor.bus.consuming import QueueLane
from resistor.messages import Envelope
from resistor.ports import Bus, Delivery, Outcome, Publish
from resistor.sdk import outbox
from resistor.sdk.outbox import Outbox

PATIENCE_S = 20.0
HEADERS = {"resistor-token": "t", "traceparent": "00-a", "tracestate": "a=b"}
RESULT = Publish(exchange="results", routing_key="0", envelope=Envelope(body=b"{}", headers=HEADERS))
DELIVERY = Delivery(
    envelope=Envelope(), exchange="actions", routing_key="work", queue="work", tag=1, generation=1
)


class Broker:
    """In the place of the bus and of the lane: answers with `outcomes` in turn, and notes what it gets."""

    def __init__(self, *outcomes: Outcome) -> None:
        self._outcomes = list(outcomes)
        self.published: list[Publish] = []
        self.acknowledged: list[Delivery] = []

    async def publish(self, messages: Sequence[Publish]) -> Sequence[Outcome]:
        self.published += messages
        return [self._outcomes.pop(0) for _ in messages]

    async def ack(self, deliveries: Sequence[Delivery]) -> None:
        self.acknowledged += deliveries


async def answer(broker: Broker, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Answer until it is confirmed, without pauses, and give the headers of each publish."""
    monkeypatch.setattr(outbox, "REFUSED_PAUSE_SECONDS", 0.0)
    box = Outbox(cast(Bus, broker))
    working = asyncio.create_task(box.run())
    try:
        async with asyncio.timeout(PATIENCE_S):
            await box.answer(RESULT, cast(QueueLane, broker), DELIVERY)
    finally:
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
    assert broker.acknowledged == [DELIVERY]
    assert {each.envelope.body for each in broker.published} == {b"{}"}
    return [dict(each.envelope.headers) for each in broker.published]


async def test_a_refused_result_goes_out_without_its_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    broker = Broker(Outcome.REFUSED, Outcome.REFUSED, Outcome.CONFIRMED)
    token = {"resistor-token": "t"}
    assert await answer(broker, monkeypatch) == [HEADERS, token, token]


async def test_a_result_that_no_queue_takes_yet_keeps_its_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    broker = Broker(Outcome.UNROUTABLE, Outcome.CONFIRMED)
    assert await answer(broker, monkeypatch) == [HEADERS, HEADERS]
