"""A dotted path is a walk: no CEL, the value as it is, and an error that names what it missed."""

from __future__ import annotations

import re
from typing import Any

import pytest

from resistor.errors import ExpressionError
from tests.unit.engine.expressions.lending import INPUT, STEPS, Lender, compiled, value_of


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("input", INPUT),
        ("input.amount", 12),
        ("input.huge", 12345678901234567890123),
        ("input.none", None),
        ("input.lines.1.sku", "cup"),
        ("input.list.0", 3),
        ("${input.amount}", 12),
        ("  ${ input.amount }  ", 12),
        ("steps.charge.output.lines.0.id", 7),
        ("steps.charge.status", "completed"),
        ("steps.charge.attempt", 2),
        ("steps.ship.error.type", "timeout"),
        ("steps.quiet.output", None),
        ("steps.charge", STEPS["charge"]),
        ("event.time", "2026-01-31T12:00:00.500Z"),
        ("run.started_at", "2026-01-31T12:00:00Z"),
        ("run", {"id": "r", "version": 3, "started_at": "2026-01-31T12:00:00Z", "labels": {}}),
        ("index", 0),
    ],
)
def test_a_path_gives_what_it_leads_to(text: str, value: Any) -> None:
    assert value_of(text) == value


def test_a_value_is_handed_on_and_not_copied() -> None:
    assert value_of("input.map") is INPUT["map"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("input.custmer.email", "there is no input.custmer"),
        ("input.lines.2.sku", "there is no input.lines.2"),
        ("input.amount.x", "there is no input.amount.x"),
        ("input.none.x", "there is no input.none.x"),
        ("steps.pack.output.id", "steps.pack has not run"),
        ("steps.pack.status", "steps.pack has not run"),
        ("steps.pack", "steps.pack has not run"),
        ("steps.ship.output", "steps.ship has no output"),
        ("steps.charge.output.nope", "there is no steps.charge.output.nope"),
    ],
)
def test_what_is_missing_is_named_by_a_path_and_by_cel_alike(text: str, message: str) -> None:
    with pytest.raises(ExpressionError, match=f"^`{text}`: {message}$"):
        value_of(text)
    indexed = re.sub(r"\.([0-9]+)", r"[\1]", text)
    with pytest.raises(ExpressionError, match=re.escape(re.sub(r"\.([0-9]+)", r"[\1]", message))):
        value_of(f"[{indexed}]")


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("input.lines.sku", "input.lines.sku"),
        ("input.lines.99999999999999999999", "input.lines.99999999999999999999"),
        ("input.name.0", "input.name.0"),
    ],
)
def test_a_list_has_positions_and_text_has_none(text: str, missing: str) -> None:
    with pytest.raises(ExpressionError, match=f"there is no {missing}$"):
        value_of(text)


def test_a_path_asks_for_nothing_but_what_it_names() -> None:
    scope = Lender()
    compiled("steps.charge.output.receipt").evaluate(scope)
    assert scope.asked == ["steps.charge.output"]


def test_a_long_expression_is_cut_in_the_message() -> None:
    with pytest.raises(ExpressionError) as caught:
        value_of("input." + "a." * 500 + "b")
    assert len(str(caught.value)) < 200
