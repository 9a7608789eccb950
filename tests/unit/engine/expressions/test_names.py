"""What an expression says that it reads: the engine loads that and nothing else."""

from __future__ import annotations

import pytest

from resistor.engine.expressions import StepRef, compile_template
from tests.unit.engine.expressions.lending import KNOWN, Lender, compiled


@pytest.mark.parametrize(
    ("text", "roots"),
    [
        ("input.a", {"input"}),
        ("input.a + event.b", {"input", "event"}),
        ("'input' + \"event\" + r'run' + '''vars'''", set()),
        ("1 // input.a", set()),
        ("[1].map(input, input + 1)", set()),
        ("input.list.map(item, item)", {"input"}),
        ("item.list.map(item, item)", {"item"}),
        ("[1].map(x, item)", {"item"}),
        ("cel.bind(run, vars.x, run)", {"vars"}),
        ("{'input': vars}.input", {"vars"}),
        ("input.event.run", {"input"}),
        ("input.sortBy(event, event.a)", {"input"}),
        ("steps.a.output + 1", set()),
        ("type(1) == int", set()),
    ],
)
def test_an_expression_knows_its_variables(text: str, roots: set[str]) -> None:
    assert compiled(text).roots == roots


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("steps.a.output", [("a", "output", False, 0)]),
        ("steps.a", [("a", None, False, 0)]),
        (" ${ steps.a.output.x }", [("a", "output", False, 4)]),
        ("1 + steps.a.output.x", [("a", "output", False, 4)]),
        ("steps['a'].output == 1", [("a", "output", False, 0)]),
        ("steps.a['output'] == 1", [("a", "output", False, 0)]),
        ("steps.a.?output.orValue(1)", [("a", "output", False, 0)]),
        ("steps.?a.output.orValue(1)", [("a", "output", True, 0)]),
        ("steps[?'a'].output.orValue(1)", [("a", "output", True, 0)]),
        ("steps.?a.orValue({})", [("a", None, True, 0)]),
        ("has(steps.a)", [("a", "status", True, 4)]),
        ("has(steps.a.output)", [("a", "output", True, 4)]),
        ("has(steps.a.output.x.y)", [("a", "output", True, 4)]),
        ("has(steps.a) ? steps.a.output : 1", [("a", "status", True, 4), ("a", "output", True, 15)]),
        ("has(steps.a) ? steps.b.output : 1", [("a", "status", True, 4), ("b", "output", False, 15)]),
        ("cel.bind(s, steps.a, s.status)", [("a", None, False, 12)]),
        ("input.list.map(steps, steps.a.output)", []),
        ("'steps.a.output' + \"steps.b\"", []),
    ],
)
def test_an_expression_knows_its_steps(text: str, steps: list[tuple[str, str | None, bool, int]]) -> None:
    assert compiled(text).steps == tuple(StepRef(*each) for each in steps)


@pytest.mark.parametrize(
    ("text", "is_static"),
    [
        ("1 + 1", True),
        ("[1].map(x, x)", True),
        ("'input'", True),
        ("input", False),
        ("input.a + 1", False),
        ("has(steps.a)", False),
        ("now()", False),
        ("[1].map(x, uuid())", False),
        ("random() < 0.5", False),
    ],
)
def test_an_expression_knows_whether_it_is_always_the_same(text: str, is_static: bool) -> None:
    assert compiled(text).is_static is is_static


def test_a_template_knows_all_that_its_expressions_read_and_where() -> None:
    template = compile_template(
        {
            "a": "x ${steps.x.output} ${1 + steps.?y.output.orValue(1)}",
            "b": ["${input}", {"c": "${steps.x}"}],
        },
        KNOWN,
    )
    assert template.roots == {"input"}
    assert template.steps == (
        StepRef("x", "output", is_guarded=False, offset=4, path=("a",)),
        StepRef("y", "output", is_guarded=True, offset=26, path=("a",)),
        StepRef("x", None, is_guarded=False, offset=2, path=("b", 1, "c")),
    )
    assert not template.is_static
    assert compile_template({"a": ["x", "${1 + 1}", 1]}, KNOWN).is_static


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("input.amount + vars.count", ["input", "vars"]),
        ("input.list.map(x, x + vars.count)", ["input", "vars"]),
        ("true || input.amount == 1", []),
        ("has(steps.charge)", []),
        ("steps.?pack.output.orValue(input.amount)", ["input"]),
        ("steps.charge.status + 'x'", ["steps.charge.status"]),
    ],
)
def test_an_evaluation_asks_for_what_it_needs_once(text: str, asked: list[str]) -> None:
    scope = Lender()
    compiled(text).evaluate(scope)
    assert scope.asked == asked


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("has(steps.pack)", False),
        ("has(steps.pack.output.total)", False),
        ("has(steps.charge.output.receipt)", True),
        ("has(steps.ship.output)", False),
        ("has(steps.ship.error)", True),
        ("has(steps.quiet.output)", True),
        ("has(steps.pack) ? steps.pack.output : 'none'", "none"),
        ("steps.?pack.output.total.orValue(7)", 7),
        ("steps.?ship.output.orValue(7)", 7),
        ("steps.ship.?output.orValue(7)", 7),
        ("steps.?charge.output.receipt.orValue('')", "r-1"),
        ("steps.?charge.status.orValue('')", "completed"),
        ("steps.?pack.hasValue()", False),
        ("cel.bind(s, steps.ship, s.error.type + s.status)", "timeoutfailed"),
    ],
)
def test_a_step_that_may_not_have_run_can_be_asked_for(text: str, value: object) -> None:
    assert compiled(text).evaluate(Lender()) == value
