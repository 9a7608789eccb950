"""Names: the contract's, from one prefix."""

from __future__ import annotations

import pytest

from resistor.bus.names import BUCKETS, Names
from resistor.errors import OperatorMistake


def test_the_names_are_the_contracts() -> None:
    names = Names()
    exchanges = [
        names.events,
        names.actions,
        names.results,
        names.commands,
        names.retry,
        names.dead,
        names.facts,
    ]
    assert exchanges == [
        f"resistor.{each}" for each in ("events", "actions", "results", "commands", "retry", "dead", "facts")
    ]
    assert names.module_queue("payments") == "resistor.module.payments"
    assert names.retry_queue("100ms") == "resistor.retry.100ms"
    assert (names.events_queue, names.commands_queue) == ("resistor.events", "resistor.commands")
    assert names.dead_queue == "resistor.dead"


def test_results_have_a_plain_first_partition_and_numbered_further_ones() -> None:
    names = Names("x")
    assert [names.results_queue(n) for n in (0, 1, 12)] == ["x.results", "x.results.1", "x.results.12"]
    assert [names.reply_to(n) for n in (0, 12)] == ["0", "12"]


def test_a_bucket_is_called_what_it_lasts() -> None:
    units = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
    for bucket, seconds in BUCKETS.items():
        digits = bucket.rstrip("msh")
        assert float(digits) * units[bucket[len(digits) :]] == pytest.approx(seconds)
    assert list(BUCKETS.values()) == sorted(BUCKETS.values())


@pytest.mark.parametrize("prefix", ["", "a b", "1st", "a/b", "a#", "x" * 65, "{a}"])
def test_a_prefix_that_no_queue_could_bear_is_refused(prefix: str) -> None:
    with pytest.raises(OperatorMistake, match="prefix"):
        Names(prefix)
