"""The first difference between what was expected and what was seen, in one line."""

from __future__ import annotations

from typing import Any

import pytest

from resistor.testing.difference import LONGEST, first_difference, shown


@pytest.mark.parametrize(
    ("expected", "seen"),
    [
        (1, 1.0),
        ("a", "a"),
        (None, None),
        ([1, [2]], (1, (2,))),
        ({"a": {"b": 1}}, {"a": {"b": 1, "c": 2}, "d": 3}),
        ([{"a": 1}], [{"a": 1, "b": 2}]),
        ({}, {"a": 1}),
        (True, True),
    ],
)
def test_there_is_none_where_all_that_was_written_down_is_there(expected: Any, seen: Any) -> None:
    assert first_difference(expected, seen, "it") is None


@pytest.mark.parametrize(
    ("expected", "seen", "told"),
    [
        (1, 2, "it is 2, expected 1"),
        ("1", 1, 'it is 1, expected "1"'),
        (True, 1, "it is 1, expected true"),
        (0, False, "it is false, expected 0"),
        (None, 0, "it is 0, expected null"),
        ("ab", ["a", "b"], 'it is ["a","b"], expected "ab"'),
        ([], {}, "it is {}, expected []"),
        ({"a": 1}, {"a": 2}, "it.a is 2, expected 1"),
        ({"a": [1, {"b": 2}]}, {"a": [1, {"b": 3}]}, "it.a[1].b is 3, expected 2"),
        ({"b": 1}, {"a": 1}, "it has no 'b', expected 1; it has [\"a\"]"),
        ({"b": 1}, {}, "it has no 'b', expected 1; it has []"),
        ([1, 2], [1], "it ends after 1, expected 2 next"),
        ([1], [1, 2], "it goes on with 2, expected its end after 1"),
        ([], [1], "it goes on with 1, expected its end after 0"),
        ([1, 2], [3], "it[0] is 3, expected 1"),  # the first one, not the length
    ],
)
def test_it_is_named_by_its_place(expected: Any, seen: Any, told: str) -> None:
    assert first_difference(expected, seen, "it") == told


def test_mappings_may_have_more_unless_exactly_is_said() -> None:
    expected, seen = {"a": [{"b": 1}]}, {"a": [{"b": 1, "c": 2}]}
    assert first_difference(expected, seen, "it") is None
    told = first_difference(expected, seen, "it", exactly=True)
    assert told == "it.a[0] has 'c', which was not expected: 2"


def test_a_difference_counts_before_what_is_too_much() -> None:
    assert first_difference({"a": 1}, {"b": 0, "a": 2}, "it", exactly=True) == "it.a is 2, expected 1"


def test_keys_of_several_kinds_can_be_listed() -> None:
    told = first_difference({"b": 1}, {1: 2, "a": 3, None: 4}, "it")
    assert told is not None
    assert told.startswith("it has no 'b', expected 1; it has [")


def test_a_long_value_is_cut_short() -> None:
    told = first_difference("a", "b" * 10_000, "it")
    assert told is not None
    assert len(told) < LONGEST + 30
    assert told.endswith('…, expected "a"')
    assert len(shown("b" * (LONGEST - 2))) == LONGEST  # with its quotes just what fits


def test_what_is_no_json_is_shown_all_the_same() -> None:
    assert shown(object) == "<class 'object'>"
    assert shown(2**70) == str(2**70)
    assert shown("\ud800") == "'\\ud800'"
