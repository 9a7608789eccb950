"""Blocks are sixteen deep at most."""

from __future__ import annotations

from typing import Any

from resistor.catalog.checks.nesting import check_nesting
from resistor.catalog.checks.survey import Survey


def nested(depth: int) -> dict[str, Any]:
    steps: list[Any] = [{"wait": "1s"}]
    for _ in range(depth):
        steps = [{"try": steps}]
    return {"steps": steps}


def test_sixteen_blocks_inside_each_other_are_allowed() -> None:
    assert list(check_nesting(Survey(nested(16)))) == []


def test_the_seventeenth_is_named_and_what_is_inside_it_is_not() -> None:
    for depth in (17, 18, 200):
        (finding,) = check_nesting(Survey(nested(depth)))
        assert finding.path == ("steps", *(0, "try") * 17)
        assert finding.message == "blocks are nested deeper than 16 here"
