"""What the author of a definition is told, and where: every expression is refused when it is loaded."""

from __future__ import annotations

import re

import pytest

from resistor.engine.expressions import BadExpression, compile_expression
from tests.unit.engine.expressions.lending import KNOWN


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("inpt.a", "inpt", "`inpt` is not known; did you mean input?"),
        ("1 + inpt.a", "inpt", "`inpt` is not known; did you mean input?"),
        ("input.list.map(x, inpt.a)", "inpt", "did you mean input?"),
        ("zzz", "zzz", "`zzz` is not known; there is event, index, input, item, run, steps, vars"),
        ("error.type == 'a'", "error", "`error` is not known; there is event,"),
        ("input.first-name", "name", 'a key with a dash is written a["b-c"]'),
        ("foo(1)", "foo", "`foo` is not a function here"),
        ("input.name.startWith('a')", "startWith", "not a function here; did you mean startsWith?"),
        ("math.cell(1.5)", "math.cell", "`math.cell` is not a function here; did you mean math.ceil?"),
        ("1 + 'a'", "+", "`+` does not take an integer and text"),
        ("size(1)", "(1)", "`size` does not take an integer"),
        ("1 ? 2 : 3", "? 2", "`?:` does not take an integer and an integer and an integer"),
        ("!1", "!1", "`!` does not take an integer"),
        ("1 == null", "==", "`==` does not take an integer and null"),
        ("{'a': [1]} == 'x'", "==", "`==` does not take a mapping and text"),
        ("now() + 1", "+", "`+` does not take a timestamp and an integer"),
        ("1 +", "", "the expression ends too early"),
        ("(1", "", "the expression ends too early"),
        ("", "", "there is no expression"),
        ("  ", "", "there is no expression"),
        ("${}", "}", "there is no expression"),
        ("1 2", "2", "unexpected `2`"),
        ("input.a and true", "and", "unexpected `and`: `and` is written &&"),
        ("input.a or true", "or", "`or` is written ||"),
        ("input.a & true", "&", "`and` is written &&"),
        ("input.a = 1", "=", "equality is written =="),
        ("input.a # x", "#", "unexpected `#"),
        ("'abc", "'abc", "this text has no closing quote"),
        ('input.a == "abc', '"abc', "this text has no closing quote"),
        ("input.list.0 + 1", ".0", "inside a longer expression a position is written [0]"),
        ("99999999999999999999", "999", "invalid int literal"),
        ("has(input)", "input)", "has() argument must be a field selection"),
        ("input.list.map(1, 2)", "1", "map() variable name must be a simple identifier"),
        ("google.protobuf.Timestamp{seconds: 1}", "google", "is a protobuf message"),
        ("input.?a", "", "the expression ends in an optional: add .orValue(…)"),
        ("input.name ==\n  'é' + 1", "+ 1", "`+` does not take text and an integer"),
        ("'😀' + inpt.a", "inpt", "did you mean input?"),
        ("${ inpt.a }", "inpt", "did you mean input?"),
        ("  ${1 + inpt.a}", "inpt", "did you mean input?"),
        ("steps", "steps", "`steps` is followed by the id of a step"),
        ("steps.size() > 1", "steps", "`steps` is followed by the id of a step"),
        ("steps[input.name]", "steps", "`steps` is followed by the id of a step"),
        ("input.list.map(x, steps[x])", "steps", "`steps` is followed by the id of a step"),
        ("steps.0", "steps", "`steps` is followed by the id of a step"),
        ("steps.charge.outputs", "outputs", "a step has no outputs; did you mean output?"),
        ("1 + steps.charge.outputs.x", "outputs", "did you mean output?"),
        ("steps.?charge.zzz", "zzz", "a step has no zzz; a step has attempt, error, output, status"),
        ("true" + " && true" * 1200, "", "an expression has at most 8192 characters"),
        ("(" * 50 + "1" + ")" * 50, "((", "nested deeper than 32 levels"),
        ("input" + "[0].a" * 40, "input", "nested deeper than 32 levels"),
        ("optional.of(1)" + ".optMap(x, x)" * 14 + ".value()", "optional", "at most 8 optMap"),
        ("\ud800", "\ud800", "this is no expression"),
    ],
)  # fmt: skip
def test_a_bad_expression_is_refused_with_its_place(text: str, place: str, message: str) -> None:
    with pytest.raises(BadExpression, match=re.escape(message)) as caught:
        compile_expression(text, KNOWN)
    if "at most" not in message:
        assert text[caught.value.offset :].startswith(place)
    assert 0 <= caught.value.offset <= len(text)
    assert "INVALID_ARGUMENT" not in str(caught.value)


def test_only_the_variables_that_are_lent_are_known() -> None:
    for text in ("input.a + 1", "input.a"):
        with pytest.raises(BadExpression, match="`input` is not known; there is event"):
            compile_expression(text, {"event"})
    for text in ("steps.a.output + 1", "steps.a.output"):
        with pytest.raises(BadExpression, match="`steps` is not known"):
            compile_expression(text, {"event"})


def test_a_loop_may_give_its_item_any_name() -> None:
    assert compile_expression("order.id + line.id", {"order", "line"}).roots == {"order", "line"}
    with pytest.raises(BadExpression, match="`order` is not known; there is line"):
        compile_expression("order.id + line.id", {"line"})
