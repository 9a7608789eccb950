"""What keys are called."""

from __future__ import annotations

import re

import pytest

from resistor.store import keys as names
from resistor.store.keys import WITHOUT_TTL, Keys

KEYS = Keys("rs", partitions=8)


def test_every_key_of_a_run_is_in_one_slot() -> None:
    tag = KEYS.tag_of("r1")
    assert re.fullmatch(r"rs:\{[0-7]\}", tag)
    assert names.run(tag, "r1") == f"{tag}:run:r1"
    assert names.timers(tag, "r1") == f"{tag}:timers:r1"
    assert names.by_label(tag, "a", "}{b") == f"{tag}:runs:label:a=}}{{b"


def test_what_one_script_touches_of_an_installation_is_in_one_slot() -> None:
    tags = [
        {re.findall(r"\{(.*?)\}", key)[0] for key in group}
        for group in (
            (KEYS.schedules, KEYS.schedules_due),
            (KEYS.versions, KEYS.offers, KEYS.catalogue_revision),
        )
    ]
    assert tags == [{"schedules"}, {"catalogue"}]


def test_a_topic_without_a_key_is_none_with_one() -> None:
    topics = {
        names.topic("shop", "paid", None),
        names.topic("shop", "paid", ""),
        names.topic("shop", "paid", "null"),
        names.topic("shop", "paid", '"null"'),
        names.topic("shop", "paid.late", None),
    }
    assert len(topics) == 5


@pytest.mark.parametrize("length", [201, 100_000])
def test_long_keys_get_short_names_of_their_own(length: int) -> None:
    one, other = "x" * length, "x" * (length - 1) + "y"
    assert names.topic("shop", "paid", one) != names.topic("shop", "paid", other)
    assert len(names.topic("shop", "paid", one)) < 120


def test_nobody_can_write_the_short_name_of_a_long_key() -> None:
    long = names.slots("shop", "paid", "x" * 300)
    assert names.slots("shop", "paid", long.partition("=")[2]) != long


def test_what_has_no_ttl_has_a_reason() -> None:
    documented = set(re.findall(r"P:(?:\{\w+\}:)?([\w-]+)", names.__doc__ or ""))
    assert WITHOUT_TTL.keys() <= documented
    assert documented - WITHOUT_TTL.keys() == {"early", "payloads", "begun"}
    assert all(WITHOUT_TTL.values())
