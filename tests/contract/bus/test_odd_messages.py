"""Messages that no honest client sends: they arrive, or their reader refuses them; they break no lane."""

from __future__ import annotations

import struct
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import aiormq
import pamqp.frame
import pytest
from aiormq.abc import ChannelFrame
from pamqp.commands import Basic
from pamqp.header import ContentHeader

from resistor.bus import AmqpBus, Names
from resistor.errors import RejectedMessage
from resistor.ports import Outcome, Publish
from tests.conftest import AmqpBroker
from tests.contract.bus.post import bodies, letter, take

PLACEHOLDER = b"PLACEHOLDER"
MOMENT = datetime(2020, 1, 1, tzinfo=UTC)
NESTED = b"F" + struct.pack(">I", 0)


def raw(channel: aiormq.Channel, exchange: str, key: str, properties: Basic.Properties) -> bytes:
    """Give the frames of a message without a body, to be tampered with."""
    publish = Basic.Publish(exchange=exchange, routing_key=key)
    header = ContentHeader(properties=properties)
    return pamqp.frame.marshal(publish, channel.number) + pamqp.frame.marshal(header, channel.number)


async def send(channel: aiormq.Channel, frames: bytes) -> None:
    """Write frames as they are."""
    await channel.write_queue.put(ChannelFrame(payload=frames, should_close=False))


async def test_headers_of_every_type_arrive_and_are_refused_only_where_text_is_wanted(
    bus: AmqpBus, names: Names, stranger: aiormq.Channel
) -> None:
    headers: dict[str, Any] = {
        "number": 5,
        "table": {"a": [1, {"b": None}]},
        "decimal": Decimal("1.5"),
        "time": MOMENT,
        "bytes": bytearray(b"\xff"),
        "float": 0.5,
        "bool": True,
    }
    properties = Basic.Properties(headers=dict(headers), delivery_mode=2)
    await stranger.basic_publish(b"{}", exchange=names.events, routing_key="a.b", properties=properties)
    (delivery,) = await take(bus.lane(names.events_queue, prefetch=1), 1)
    assert delivery.envelope.headers == headers
    for name in headers:
        with pytest.raises(RejectedMessage):
            delivery.envelope.text_header(name)


async def test_headers_that_amqp_would_round_or_refuse_are_published_as_text(
    bus: AmqpBus, names: Names
) -> None:
    headers: dict[str, Any] = {
        "huge": 2**70,
        "tenth": 0.1,
        "decimal": Decimal("99999999999.5"),
        "list": [2**70, "x"],
    }
    assert await bus.publish([letter(names.dead, "x", **headers)]) == [Outcome.CONFIRMED]
    (dead,) = await take(bus.lane(names.dead_queue, prefetch=1), 1)
    assert dead.envelope.headers == {
        "huge": str(2**70),
        "tenth": "0.1",
        "decimal": "99999999999.5",
        "list": [str(2**70), "x"],
    }


async def test_odd_headers_can_be_published_on_to_the_dead_letters(
    bus: AmqpBus, names: Names, stranger: aiormq.Channel
) -> None:
    headers: dict[str, Any] = {
        "decimal": Decimal("1.5"),
        "nothing": None,
        "time": MOMENT,
        "bytes": bytearray(b"\xff"),
    }
    frames = raw(stranger, names.events, "a.b", Basic.Properties(headers=dict(headers), delivery_mode=2))
    await send(stranger, frames)
    (delivery,) = await take(bus.lane(names.events_queue, prefetch=1), 1)
    onward = Publish(exchange=names.dead, routing_key="x", envelope=delivery.envelope)
    assert await bus.publish([onward]) == [Outcome.CONFIRMED]
    (dead,) = await take(bus.lane(names.dead_queue, prefetch=1), 1)
    assert dead.envelope.headers == headers


@pytest.mark.parametrize("part", ["message id", "header name", "timestamp", "deep table"])
async def test_properties_that_cannot_be_decoded_make_a_message_that_is_not_json(
    part: str, bus: AmqpBus, names: Names, stranger: aiormq.Channel
) -> None:
    text = PLACEHOLDER.decode()
    if part == "message id":
        frames = raw(stranger, names.events, "a.b", Basic.Properties(message_id=text))
        frames = frames.replace(PLACEHOLDER, b"\xff" * len(PLACEHOLDER))
    elif part == "header name":
        frames = raw(stranger, names.events, "a.b", Basic.Properties(headers={text: 1}))
        frames = frames.replace(PLACEHOLDER, b"\xc3\x28" * 5 + b"\xff")
    elif part == "timestamp":
        frames = raw(stranger, names.events, "a.b", Basic.Properties(timestamp=MOMENT))
        frames = frames.replace(struct.pack(">Q", int(MOMENT.timestamp())), b"\x7f" + b"\xff" * 7)
    else:
        table = NESTED
        while len(table) < 60_000:
            table = b"F" + struct.pack(">I", len(table) + 2) + b"\x01a" + table
        payload = struct.pack(">HHQH", 60, 0, 0, 1 << 13) + table[1:]
        publish = pamqp.frame.marshal(
            Basic.Publish(exchange=names.events, routing_key="a.b"), stranger.number
        )
        frames = publish + struct.pack(">BHI", 2, stranger.number, len(payload)) + payload + b"\xce"
    lane = bus.lane(names.events_queue, prefetch=10)
    await send(stranger, frames)
    (delivery,) = await take(lane, 1)
    with pytest.raises(RejectedMessage):
        delivery.envelope.require_json()
    await lane.ack([delivery])
    await bus.publish([letter(names.events, "a.b", b"next")])
    assert bodies(await take(lane, 1)) == [b"next"]


async def test_a_routing_key_that_is_not_utf8_is_escaped(
    amqp_broker: AmqpBroker, bus: AmqpBus, names: Names, stranger: aiormq.Channel
) -> None:
    if amqp_broker.name == "dev broker":
        pytest.skip("the dev broker refuses such a key from whoever sends it")
    lane = bus.lane(names.events_queue, prefetch=10)
    frames = raw(stranger, names.events, "PLACEHOLDER.b", Basic.Properties(message_id="m"))
    await send(stranger, frames.replace(PLACEHOLDER, b"shop\xff_______"[: len(PLACEHOLDER)]))
    (delivery,) = await take(lane, 1)
    assert delivery.routing_key == "shop\\xff______.b"
    assert delivery.envelope.message_id == "m"
