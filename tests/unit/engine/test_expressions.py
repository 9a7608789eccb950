"""`${…}`: what it means, and what is said of one that means nothing."""

from __future__ import annotations

from typing import Any

import pytest

from resistor.engine.expressions import BadExpression, Scope, compile_template, render
from resistor.errors import ExpressionError

SCOPE = Scope(
    input=b'{"amount":12345678901234567890,"lines":[{"sku":"tea"}],"none":null,"map":{}}',
    outputs={"charge": b'{"receipt":"r-1"}'},
    event=lambda: {"id": "o-1", "type": "order.placed", "source": None, "time": None},
    run=lambda: {"id": "run-1", "version": 3},
    statuses={"charge": ("completed", 2)},
)


@pytest.mark.parametrize(
    ("written", "made"),
    [
        ("plain", b'"plain"'),
        ("${input.amount}", b"12345678901234567890"),
        ("${ input.amount }", b"12345678901234567890"),
        ("${input.lines.0.sku}", b'"tea"'),
        ("${input.map}", b"{}"),
        ("${input.none}", b"null"),
        ("a ${input.none} b ${input.map} c ${event.id}", b'"a null b {} c o-1"'),
        ("$${input.amount}", b'"${input.amount}"'),
        ("cost: $5", b'"cost: $5"'),
        ("${steps.charge.output.receipt}", b'"r-1"'),
        ("${steps.charge.status}/${steps.charge.attempt}", b'"completed/2"'),
        ("${run.version}", b"3"),
        ({"a": ["${event.type}", 1, None, True, 1.5]}, b'{"a":["order.placed",1,null,true,1.5]}'),
    ],
)
def test_a_template_gives(written: Any, made: bytes) -> None:
    assert render(compile_template(written), SCOPE) == made


@pytest.mark.parametrize(
    ("written", "missing"),
    [
        ("${input.custmer.email}", "there is no input.custmer"),
        ("${input.lines.1.sku}", "there is no input.lines.1"),
        ("${input.amount.x}", "there is no input.amount.x"),
        ("${steps.ship.output.id}", "steps.ship has no output"),
        ("${steps.ship.status}", "steps.ship has not run"),
    ],
)
def test_what_is_not_there_is_named(written: str, missing: str) -> None:
    with pytest.raises(ExpressionError, match=missing):
        render(compile_template(written), SCOPE)


@pytest.mark.parametrize(
    ("written", "complaint"),
    [
        ("${input.amount", "no closing brace"),
        ("${input.a + 1}", "not a plain path"),
        ("${}", "not a plain path"),
        ("${inptu.a}", "reads 'inptu'; there is input, event, steps, run"),
        ("${steps.charge}", "a step is read as"),
        ("${steps.charge.outputs}", "a step is read as"),
    ],
)
def test_a_bad_expression_is_refused_when_it_is_loaded(written: str, complaint: str) -> None:
    with pytest.raises(BadExpression, match=complaint.replace(".", r"\.")):
        compile_template({"x": [written]})


def test_a_template_knows_which_steps_it_reads() -> None:
    template = compile_template({"a": "${steps.x.output}", "b": ["${steps.y.status} ${input}"]})
    assert template.steps == {"x", "y"}


def test_payloads_are_decoded_once_and_only_when_named() -> None:
    calls: list[str] = []

    def run() -> dict[str, Any]:
        calls.append("run")
        return {"id": "r"}

    scope = Scope(input=b"not even json", outputs={}, event=dict, run=run, statuses={})
    assert render(compile_template(["${run.id}", "${run.id}"]), scope) == b'["r","r"]'
    assert calls == ["run"]
