"""A duration is read as its author meant it, or refused with a word that helps."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resistor.catalog import BadDuration, parse_duration
from resistor.catalog.durations import LONGEST, PATTERN


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("250ms", 0.25),
        ("500ms", 0.5),
        ("30s", 30),
        ("1m", 60),
        ("1h30m", 5400),
        ("1m500ms", 60.5),
        ("2d", 172_800),
        ("1w", 604_800),
        ("1w2d3h4m5s6ms", 788_645.006),
        ("1.5s", 1.5),
        ("0.1s0.2ms", 0.1002),
        ("0s", 0),
        ("PT30S", 30),
        ("PT0.5S", 0.5),
        ("P1DT2H", 93_600),
        ("P2W", 1_209_600),
        ("PT1H30M", 5400),
        ("36525d", LONGEST),
    ],
)
def test_a_duration_in_seconds(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds
    assert re.match(PATTERN, text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "30",
        "30 s",
        "s",
        "-1s",
        "1s2s",
        "30m1h",
        "1S",
        "1e3s",
        "P",
        "PT",
        "P1DT",
        "PT1",
        "p1d",
        "1s\n",
        "٣s",
    ],
)
@pytest.mark.bad_input(43)
def test_what_is_no_duration_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(BadDuration, match="it must be a duration such as 30s, 1h30m or PT30S"):
        parse_duration(text)


@pytest.mark.parametrize("text", ["P1Y", "P3M", "P1Y2M", "1y", "3mo", "2months"])
def test_a_month_has_no_length(text: str) -> None:
    with pytest.raises(BadDuration, match="no fixed length"):
        parse_duration(text)


@pytest.mark.parametrize("text", ["36526d", "5300w", "999999999999999w", "P999999999999999W"])
@pytest.mark.bad_input(43)
def test_nothing_lasts_longer_than_a_hundred_years(text: str) -> None:
    with pytest.raises(BadDuration, match="100 years at most"):
        parse_duration(text)


def refused(text: str) -> bool:
    try:
        return not 0 <= parse_duration(text) <= LONGEST
    except BadDuration:
        return True


@given(st.text(st.sampled_from("0123456789.wdhmsPTHMS "), max_size=12))
@pytest.mark.bad_input(43)
def test_whatever_is_written_is_a_duration_for_editors_too_or_refused(text: str) -> None:
    assert refused(text) or re.match(PATTERN, text)
