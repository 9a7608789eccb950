"""The dev broker's pure parts: topic patterns, confirms, properties as raw bytes."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pamqp.commands import Basic

from resistor.dev.broker.confirms import Confirms
from resistor.dev.broker.exchanges import topic_matches
from resistor.dev.broker.properties import Properties, encoded

words = st.lists(st.sampled_from(["a", "b", ""]), max_size=5)
patterns = st.lists(st.sampled_from(["a", "b", "*", "#"]), min_size=1, max_size=5)


def naive(pattern: list[str], key: list[str]) -> bool:
    """The definition of a topic pattern, word by word."""
    if not pattern:
        return not key
    if pattern[0] == "#":
        return naive(pattern[1:], key) or (bool(key) and naive(pattern, key[1:]))
    return bool(key) and pattern[0] in ("*", key[0]) and naive(pattern[1:], key[1:])


@given(patterns, words)
def test_topic_patterns_match_as_they_are_defined(pattern: list[str], key: list[str]) -> None:
    text = ".".join(key)
    assert topic_matches(".".join(pattern), text) is naive(pattern, text.split(".") if text else [])


def answers(outcomes: list[bool], confirms: Confirms) -> list[tuple[str, int, bool]]:
    """What the confirms say after these outcomes."""
    for taken in outcomes:
        confirms.add(taken=taken)
    return [(frame.name, frame["delivery_tag"], frame["multiple"]) for frame in confirms.take()]  # type: ignore[misc]


def test_confirms_are_answered_in_stretches() -> None:
    confirms = Confirms()
    ack, nack = Basic.Ack.name, Basic.Nack.name
    assert answers([True], confirms) == [(ack, 1, False)]
    assert answers([True, True, False, True], confirms) == [(ack, 3, True), (nack, 4, False), (ack, 5, False)]
    assert answers([], confirms) == []


numbers = st.integers(-(2**63), 2**63 - 1)


@given(st.dictionaries(st.text(max_size=10), numbers | st.text() | st.booleans(), max_size=4))
def test_changing_one_header_leaves_the_rest_as_it_was(table: dict[str, Any]) -> None:
    sent = Basic.Properties(message_id="m", headers=table or None, expiration="5")
    changed = Properties(sent.marshal()).with_headers({"new": encoded(1), "gone": None})
    assert changed.headers() == {**table, "new": 1}
    assert (changed.text("message_id"), changed.text("expiration")) == ("m", "5")
    assert changed.without("expiration").text("expiration") is None


@pytest.mark.parametrize("raw", [b"", b"\x20", b"\x20\x00", b"\x20\x00\x00\x00\x00\x09", b"\x00\x01\x00\x00"])
def test_torn_properties_are_refused(raw: bytes) -> None:
    with pytest.raises(ValueError, match="truncated"):
        Properties(raw)


def test_headers_that_cannot_be_read_count_as_none() -> None:
    assert Properties(b"\x20\x00\x00\x00\x00\x03\x01a?").headers() == {}
