"""Envelopes and AMQP's headers: the bytes are pamqp's, nothing is lost, nothing that arrives can raise."""

from __future__ import annotations

import struct
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pamqp import decode, encode
from pamqp.commands import Basic
from pamqp.header import ContentHeader

from resistor.bus.decoding import UNREADABLE, body_size, envelope_of
from resistor.bus.encoding import content_header, named
from resistor.bus.envelopes import delivery_count, from_properties, writable_table
from resistor.messages import Envelope

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.binary(max_size=20)
    | st.decimals(allow_nan=True)
    | st.datetimes(timezones=st.just(UTC))
    | st.complex_numbers(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
texts = st.none() | st.text(max_size=60)
headers_of_text = st.dictionaries(st.text(max_size=70), st.text(max_size=40), max_size=4).map(
    lambda headers: dict(sorted(headers.items()))  # the codec sorts them
)
envelopes = st.builds(
    Envelope,
    body=st.binary(max_size=10),
    headers=headers_of_text | st.dictionaries(st.text(max_size=5), values, max_size=4),
    message_id=st.text(min_size=1, max_size=40),
    correlation_id=texts,
    reply_to=texts,
    type=texts,
    content_type=texts,
    content_encoding=texts,
    timestamp=st.none() | st.integers(0, 2**32 - 1).map(float),
    app_id=texts,
    user_id=texts,
    priority=st.none() | st.integers(0, 255),
)


def by_pamqp(envelope: Envelope) -> bytes:
    """Encode a header as the codec does."""
    timestamp = envelope.timestamp
    properties = Basic.Properties(
        content_type=envelope.content_type,
        content_encoding=envelope.content_encoding,
        headers=writable_table(envelope.headers) or None,
        delivery_mode=2,
        priority=envelope.priority,
        correlation_id=envelope.correlation_id,
        reply_to=envelope.reply_to,
        message_id=envelope.message_id,
        timestamp=None if timestamp is None else datetime.fromtimestamp(timestamp, UTC),
        message_type=envelope.type,
        user_id=envelope.user_id,
        app_id=envelope.app_id,
    )
    return ContentHeader(properties=properties, body_size=len(envelope.body)).marshal()


def encoded(envelope: Envelope) -> bytes:
    return content_header(envelope, named(envelope))


@given(envelopes)
def test_the_bytes_are_the_codecs(envelope: Envelope) -> None:
    assert encoded(envelope) == by_pamqp(envelope)


@given(envelopes)
def test_what_the_codec_reads_is_what_we_read(envelope: Envelope) -> None:
    payload = by_pamqp(envelope)
    header = ContentHeader()
    header.unmarshal(payload)
    assert body_size(payload) == len(envelope.body)
    assert repr(envelope_of(payload, b"b")) == repr(
        from_properties(header.properties, b"b")
    )  # nan is not nan


@given(
    st.binary(max_size=80) | st.tuples(envelopes.map(by_pamqp), st.data()).map(lambda both: both[0]),
    st.data(),
)
def test_whatever_arrives_makes_an_envelope(payload: bytes, data: st.DataObject) -> None:
    changed = bytearray(payload)
    for _ in range(data.draw(st.integers(0, 3)) if changed else 0):
        changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(changed)[: data.draw(st.integers(0, len(changed)))]
    assert envelope_of(cut, b"body").body == b"body"


@example(b"\x00\x3c\x00\x00" + struct.pack(">QH", 0, 0x8000) + b"\x05abc")  # a string that ends too soon
@example(b"\x00\x3c\x00\x00" + struct.pack(">QH", 0, 0x0040) + b"\xff" * 8)  # a moment beyond time
@example(b"\x00\x3c\x00\x00" + struct.pack(">QH", 0, 0x8001) + b"\x00\x00\x01a")  # more flags
@given(st.just(b"\x00"))
def test_what_cannot_be_decoded_is_not_json(payload: bytes) -> None:
    assert envelope_of(payload, b"{}").content_type == UNREADABLE


@given(st.dictionaries(st.text(max_size=5), values, max_size=4))
def test_whatever_the_headers_hold_they_can_be_written(headers: dict[str, Any]) -> None:
    encoded(Envelope(headers=headers))


@given(
    st.dictionaries(
        st.text(st.characters(min_codepoint=97, max_codepoint=122), max_size=5),
        st.none()
        | st.booleans()
        | st.integers(-(2**63), 2**63 - 1)
        | st.floats(width=32, allow_nan=False, allow_infinity=False)
        | st.text(max_size=20).filter(lambda text: "\x00" not in text)
        | st.integers(0, 2**31 - 1).map(lambda n: Decimal(n).scaleb(-2)),
        max_size=4,
    )
)
def test_what_amqp_can_hold_arrives_as_it_left(headers: dict[str, Any]) -> None:
    assert decode.field_table(encode.field_table(writable_table(headers)))[1] == headers
    assert envelope_of(encoded(Envelope(headers=headers)), b"").headers == headers


def test_an_envelope_comes_back_as_it_was() -> None:
    envelope = Envelope(
        body=b"{}",
        headers={"a": 1, "b": "é"},
        message_id="m",
        correlation_id="c",
        reply_to="0",
        type="charge",
        timestamp=1_780_000_000.0,
        app_id="resistor",
        user_id="guest",
    )
    assert envelope_of(encoded(envelope), b"{}") == envelope


def test_a_message_without_an_id_gets_one_of_its_own() -> None:
    first, second = (named(Envelope()) for _ in range(2))
    assert first
    assert first != second


@pytest.mark.parametrize("field", ["correlation_id", "reply_to", "type", "message_id", "app_id"])
def test_text_that_amqp_cannot_carry_is_refused(field: str) -> None:
    fits: dict[str, Any] = {field: "é" * 127}
    too_long: dict[str, Any] = {field: "é" * 128}
    encoded(Envelope(**fits))
    with pytest.raises(ValueError, match="255 bytes"):
        encoded(Envelope(**too_long))


def test_deliveries_are_counted_where_the_broker_counts_them() -> None:
    assert delivery_count({"x-delivery-count": 7}) == 7
    assert delivery_count({"x-delivery-count": "many"}) == 1


def test_a_time_before_1970_is_written_as_text() -> None:
    headers = writable_table({"at": datetime(1960, 1, 1, tzinfo=UTC)})
    assert headers == {"at": "1960-01-01T00:00:00+00:00"}


@pytest.mark.parametrize(
    "inside",
    [
        b"\x01al\x00\x00\x00",  # a number of eight bytes, of which three are in the table
        b"\x01ab",
        b"\x01aS\x00\x00\x00\x09text",
        b"\x05a",
        b"\x01",
    ],
)
def test_a_table_that_ends_in_the_middle_of_a_value_is_not_read_beyond(inside: bytes) -> None:
    table = struct.pack(">I", len(inside)) + inside
    payload = struct.pack(">HHQH", 60, 0, 0, 1 << 13 | 1 << 7) + table + b"\x0f" + b"m" * 15
    assert envelope_of(payload, b"").content_type == UNREADABLE


@pytest.mark.parametrize("moment", [-1.0, 253_402_300_800.0, float("nan"), float("inf")])
def test_a_moment_that_could_not_be_read_back_is_refused(moment: float) -> None:
    with pytest.raises(ValueError, match="no time that AMQP can carry"):
        encoded(Envelope(body=b"", timestamp=moment))
