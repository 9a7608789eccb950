"""The tolerant reader: frames pass as they are, or are replaced by some that can be decoded."""

from __future__ import annotations

import asyncio

import pamqp.frame
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pamqp.body import ContentBody
from pamqp.commands import Basic, Connection
from pamqp.header import ContentHeader

from resistor.bus.channels import Lost
from resistor.bus.connection import why
from resistor.bus.decoding import UNREADABLE
from resistor.bus.wire import TolerantReader, losing

DELIVER = pamqp.frame.marshal(Basic.Deliver("c", 7, True, "x", "KEY"), 3)
HEADER = pamqp.frame.marshal(ContentHeader(body_size=9, properties=Basic.Properties(message_id="ID")), 3)
BODY = pamqp.frame.marshal(ContentBody(b"\xff" * 9), 3)


async def read(data: bytes) -> tuple[bytes, list[tuple[int, int]]]:
    """Read all of `data` as aiormq does, and give what comes out and what was noted."""
    noted: list[tuple[int, int]] = []
    stream = asyncio.StreamReader()
    stream.feed_data(data)
    stream.feed_eof()
    reader = TolerantReader(stream, lambda index, _: noted.append(index))
    out = b""
    while not reader.at_eof():
        head = await reader.readexactly(1) + await reader.readexactly(6)
        out += head + await reader.readexactly(int.from_bytes(head[3:7]) + 1)
    return out, noted


async def test_what_can_be_decoded_passes_byte_for_byte() -> None:
    assert await read(DELIVER + HEADER + BODY) == (DELIVER + HEADER + BODY, [])


async def test_a_header_that_cannot_be_decoded_is_replaced_and_keeps_its_size() -> None:
    out, _ = await read(HEADER.replace(b"ID", b"\xff\xff"))
    _, channel, frame = pamqp.frame.unmarshal(out)
    assert isinstance(frame, ContentHeader)
    assert (channel, frame.body_size, frame.properties.content_type) == (3, 9, UNREADABLE)
    assert frame.properties.headers == {"resistor-unreadable": "UnicodeDecodeError"}


@pytest.mark.parametrize("key", [b"\xff", b"\xff" * 255, b"a" * 254 + b"\xe9"])
async def test_a_delivery_that_cannot_be_decoded_keeps_its_tag(key: bytes) -> None:
    whole = DELIVER.replace(b"\x03KEY", bytes([len(key)]) + key)
    payload = whole[7:-1]
    out, _ = await read(b"\x01\x00\x03" + len(payload).to_bytes(4) + payload + b"\xce")
    _, channel, frame = pamqp.frame.unmarshal(out)
    assert isinstance(frame, Basic.Deliver)
    assert (channel, frame.delivery_tag, frame.consumer_tag, frame.redelivered) == (3, 7, "c", True)
    assert (frame.routing_key or "").isprintable()


@given(st.binary(max_size=200))
def test_no_properties_whatever_break_the_reader(tail: bytes) -> None:
    payload = b"\x00\x3c\x00\x00" + (5).to_bytes(8) + tail
    frame = b"\x02\x00\x01" + len(payload).to_bytes(4) + payload + b"\xce"
    out, _ = asyncio.run(read(frame))
    pamqp.frame.unmarshal(out)


async def test_what_concerns_the_connection_is_noted() -> None:
    frames = [Connection.Blocked("memory"), Connection.Unblocked(), Connection.Close(320, "bye", 0, 0)]
    _, noted = await read(b"".join(pamqp.frame.marshal(frame, 0) for frame in frames))
    assert noted == [(10, 60), (10, 61), (10, 50)]


async def test_a_cancellation_that_nobody_asked_for_is_a_lost_connection() -> None:
    with pytest.raises(Lost), losing():
        raise asyncio.CancelledError


async def test_a_real_cancellation_stays_one() -> None:
    async def wait() -> None:
        with losing():
            await asyncio.Event().wait()

    task = asyncio.create_task(wait())
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait({task})
    assert task.cancelled()


def test_every_reason_is_a_line() -> None:
    assert why(None) == "closed"
    assert why(OSError("refused")) == "refused"
    assert why(OSError()) == "OSError"
    assert "no sign of life" in why(asyncio.CancelledError())
