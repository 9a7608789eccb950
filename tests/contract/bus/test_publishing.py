"""Publishing: what each outcome means, and that it is told of the right message."""

from __future__ import annotations

import asyncio

import aiormq
import pytest
from pamqp.common import FieldValue

from resistor.bus import AmqpBus, Names
from resistor.bus.encoding import content_header
from resistor.messages import Envelope
from resistor.ports import Outcome, Publish
from tests.contract.bus.post import PATIENCE_S, bodies, letter, take

HEADER_BYTES = 131_072 - 8
"""What fits into one frame: RabbitMQ's default frame_max and the dev broker's, less what surrounds it."""


async def test_a_batch_is_confirmed_and_stays_in_order(bus: AmqpBus, names: Names) -> None:
    outcomes = await bus.publish([letter(names.events, "shop.placed", b"%d" % n) for n in range(1500)])
    assert outcomes == [Outcome.CONFIRMED] * 1500
    lane = bus.lane(names.events_queue, prefetch=2000)
    assert bodies(await take(lane, 1500)) == [b"%d" % n for n in range(1500)]


async def test_nothing_to_publish_is_done_at_once(bus: AmqpBus) -> None:
    assert await bus.publish([]) == []


async def test_what_no_queue_takes_comes_back_as_unroutable(bus: AmqpBus, names: Names) -> None:
    outcomes = await bus.publish(
        [
            letter(names.actions, "payments"),
            letter(names.actions, "nobody"),
            letter(names.actions, "stock"),
            letter(names.actions, "nobody"),
        ]
    )
    confirmed, unroutable = Outcome.CONFIRMED, Outcome.UNROUTABLE
    assert outcomes == [confirmed, unroutable, confirmed, unroutable]


async def test_outcomes_are_not_mixed_up_when_two_messages_have_one_id(bus: AmqpBus, names: Names) -> None:
    twins = [
        letter(names.actions, "nobody", message_id="same"),
        letter(names.actions, "payments", message_id="same"),
        letter(names.actions, "nobody", message_id="same"),
    ]
    batches = await asyncio.gather(*(bus.publish(twins) for _ in range(5)))
    expected = [Outcome.UNROUTABLE, Outcome.CONFIRMED, Outcome.UNROUTABLE]
    assert batches == [expected] * 5


async def test_a_missing_exchange_fails_its_own_message_and_no_other(bus: AmqpBus, names: Names) -> None:
    messages = [letter(names.actions, "payments", b"%d" % n) for n in range(20)]
    messages[7] = letter("nowhere", "payments")
    others = [letter(names.actions, "stock") for _ in range(20)]
    outcomes, beside = await asyncio.gather(bus.publish(messages), bus.publish(others))
    assert outcomes == [Outcome.UNROUTABLE if n == 7 else Outcome.CONFIRMED for n in range(20)]
    assert beside == [Outcome.CONFIRMED] * 20


async def test_a_full_queue_refuses(bus: AmqpBus, names: Names, stranger: aiormq.Channel) -> None:
    arguments: dict[str, FieldValue] = {
        "x-queue-type": "quorum",
        "x-max-length": 1,
        "x-overflow": "reject-publish",
    }
    await stranger.queue_declare("tiny", durable=True, arguments=arguments)
    await stranger.queue_bind("tiny", names.actions, "tiny")
    outcomes: list[Outcome] = []
    while Outcome.REFUSED not in outcomes:
        outcomes += await bus.publish([letter(names.actions, "tiny")])
        assert len(outcomes) < 50
    assert outcomes[0] is Outcome.CONFIRMED


async def test_a_large_body_and_an_empty_one_arrive_whole(bus: AmqpBus, names: Names) -> None:
    large = bytes(range(256)) * 4096 * 3
    await bus.publish([letter(names.events, "a.b", large), letter(names.events, "a.b", b"")])
    lane = bus.lane(names.events_queue, prefetch=10)
    assert bodies(await take(lane, 2)) == [large, b""]


def with_header_of(size: int, names: Names) -> Publish:
    """Give a message whose header frame has exactly so many bytes."""
    bare = letter(names.events, "a.b", tracestate="", message_id="m" * 32)
    used = len(content_header(bare.envelope, "m" * 32))
    return letter(names.events, "a.b", tracestate="x" * (size - used))


async def test_headers_that_fit_into_a_frame_to_the_byte_are_sent(bus: AmqpBus, names: Names) -> None:
    assert await bus.publish([with_header_of(HEADER_BYTES, names)]) == [Outcome.CONFIRMED]


async def test_headers_that_no_frame_holds_are_refused_unsent_and_hold_up_nobody(
    bus: AmqpBus, names: Names, caplog: pytest.LogCaptureFixture
) -> None:
    messages = [letter(names.actions, "payments") for _ in range(600)]
    for place in (7, 550):
        messages[place] = with_header_of(HEADER_BYTES + 1, names)
    huge = [letter(names.events, "a.b", message_id="same", tracestate="x" * 1_000_000) for _ in range(2)]
    beside = [letter(names.actions, "stock") for _ in range(20)]
    async with asyncio.timeout(PATIENCE_S):
        first, second, third = await asyncio.gather(
            bus.publish(messages), bus.publish(huge), bus.publish(beside)
        )
    assert first == [Outcome.REFUSED if n in (7, 550) else Outcome.CONFIRMED for n in range(600)]
    assert second == [Outcome.REFUSED] * 2
    assert third == [Outcome.CONFIRMED] * 20
    said = [getattr(record, "action", None) for record in caplog.records]
    assert said == ["publish_refused"] * 4


async def test_what_amqp_cannot_carry_is_the_callers_mistake_and_nothing_is_sent(
    bus: AmqpBus, names: Names
) -> None:
    long_key = letter(names.events, "x" * 256)
    long_id = Publish(exchange=names.events, routing_key="a.b", envelope=Envelope(correlation_id="é" * 128))
    for wrong in (long_key, long_id):
        with pytest.raises(ValueError, match="255 bytes"):
            await bus.publish([letter(names.events, "a.b"), wrong])
    info = await bus.inspect(names.events_queue)
    assert info is not None
    assert info.messages == 0


async def test_all_properties_of_an_envelope_go_through(bus: AmqpBus, names: Names) -> None:
    envelope = Envelope(
        body=b"{}",
        headers={"text": "é", "number": 2**40, "nothing": None, "table": {"list": [1, "two"]}},
        message_id="m",
        correlation_id="c",
        reply_to="0",
        type="charge",
        content_type="application/cloudevents+json",
        content_encoding="utf-8",
        timestamp=1_780_000_000.0,
        app_id="resistor",
    )
    await bus.publish([Publish(exchange=names.events, routing_key="a.b", envelope=envelope)])
    (delivery,) = await take(bus.lane(names.events_queue, prefetch=1), 1)
    assert delivery.envelope == envelope


async def test_a_cancelled_publish_leaves_the_others_alone(bus: AmqpBus, names: Names) -> None:
    async with asyncio.TaskGroup() as tasks:
        doomed = tasks.create_task(bus.publish([letter(names.events, "a.b") for _ in range(50)]))
        kept = tasks.create_task(bus.publish([letter(names.actions, "payments") for _ in range(50)]))
        await asyncio.sleep(0)
        doomed.cancel()
    assert doomed.cancelled()
    assert kept.result() == [Outcome.CONFIRMED] * 50
