"""Envelopes and AMQP's properties: nothing is lost on the way, and nothing that arrives can raise."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pamqp import decode, encode
from pamqp.commands import Basic

from resistor.bus.envelopes import delivery_count, from_properties, to_properties
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


@given(st.dictionaries(st.text(max_size=5), values, max_size=4))
def test_whatever_the_headers_hold_they_can_be_written(headers: dict[str, Any]) -> None:
    encode.field_table(to_properties(Envelope(headers=headers)).headers or {})


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
    written = encode.field_table(to_properties(Envelope(headers=headers)).headers or {})
    assert decode.field_table(written)[1] == headers


def test_an_envelope_comes_back_as_it_was() -> None:
    envelope = Envelope(
        body=b"{}",
        headers={"a": 1},
        message_id="m",
        correlation_id="c",
        reply_to="0",
        type="charge",
        timestamp=1_780_000_000.0,
        app_id="resistor",
        user_id="guest",
    )
    properties = to_properties(envelope)
    assert properties.delivery_mode == 2
    assert from_properties(properties, b"{}") == envelope


def test_a_message_without_an_id_gets_one_of_its_own() -> None:
    first, second = (to_properties(Envelope()).message_id for _ in range(2))
    assert first
    assert first != second


@pytest.mark.parametrize("field", ["correlation_id", "reply_to", "type", "message_id", "app_id"])
def test_text_that_amqp_cannot_carry_is_refused(field: str) -> None:
    fits: dict[str, Any] = {field: "é" * 127}
    too_long: dict[str, Any] = {field: "é" * 128}
    to_properties(Envelope(**fits))
    with pytest.raises(ValueError, match="255 bytes"):
        to_properties(Envelope(**too_long))


def test_deliveries_are_counted_where_the_broker_counts_them() -> None:
    counted = Basic.Properties(headers={"x-delivery-count": 7})
    odd = Basic.Properties(headers={"x-delivery-count": "many"})
    assert delivery_count(counted, redelivered=True) == 7
    assert delivery_count(odd, redelivered=True) == 1
    assert delivery_count(Basic.Properties(), redelivered=False) == 0


def test_a_time_before_1970_is_written_as_text() -> None:
    headers = to_properties(Envelope(headers={"at": datetime(1960, 1, 1, tzinfo=UTC)})).headers
    assert headers == {"at": "1960-01-01T00:00:00+00:00"}
