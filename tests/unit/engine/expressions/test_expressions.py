"""What CEL expressions give, and what is said where they give nothing."""

from __future__ import annotations

import re
from typing import Any

import pytest

from resistor.errors import ExpressionError
from tests.unit.engine.expressions.lending import Lender, compiled, value_of


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        ("null", None),
        ("input.amount + 1", 13),
        ("input.amount * input.price", 30.0),
        ("input.price - 1", 1.5),
        ("1 / 2", 0),
        ("-7 / 2", -3),
        ("-7 % 3", -1),
        ("1 / 2.0", 0.5),
        ("1 == 1.0 && 1 < 1.5 && input.price >= 2", True),
        ("input.yes == true && input.none == null", True),
        ("input.list.map(x, x * 1.0) == input.list && dyn(true) != 1", True),
        ("input['first-name']", "Ann"),
        ("input.`first-name`", "Ann"),
        ("input.lines[1].sku", "cup"),
        ("input.lines.map(l, l.qty * l.price)", [3.0, 3]),
        ("input.lines.filter(l, l.qty > 1).map(l, l.sku)", ["tea"]),
        ("input.lines.map(l, l.qty > 1, l.sku)", ["tea"]),
        ("input.lines.exists(l, l.sku == 'cup') && input.lines.all(l, l.qty > 0)", True),
        ("input.lines.exists_one(l, l.qty == 1)", True),
        ("input.map.map(key, key)", ["z", "a", "m"]),
        ("cel.bind(x, input.amount + 1, x * x)", 169),
        ("{'b': 1, 'a': [input.amount]}", {"b": 1, "a": [12]}),
        ("{?'a': input.?amount, ?'b': input.?nope}", {"a": 12}),
        ("[?input.?nope, 1]", [1]),
        ("{1: 'a', 2u: 'b'}", {"1": "a", "2": "b"}),
        ("{true: 'a'}", {"true": "a"}),
        ("18446744073709551615u", 18446744073709551615),
        ("b'abc'", "YWJj"),
        ("duration('90s')", "90s"),
        ("duration('1h') + duration('1ms')", "3600.001s"),
        ("event.time", "2026-01-31T12:00:00.500Z"),
        ("event.time - run.started_at", "0.500s"),
        ("event.time + duration('24h')", "2026-02-01T12:00:00.500Z"),
        ("event.time > timestamp('2026-01-01T00:00:00Z')", True),
        ("event", {"id": "o-1", "source": None, "time": "2026-01-31T12:00:00.500Z"}),
        ("[event]", [{"id": "o-1", "source": None, "time": "2026-01-31T12:00:00.500Z"}]),
        ("type(event.time) == google.protobuf.Timestamp && type(input.list) == list", True),
        ("input.huge > 1 && input.huge == input.huge", True),
        ("'😀é'.size()", 2),
        ("input.name + '!'", "Tée😀!"),
        ("'a\\u0000b'", "a\0b"),
        ("// the answer\n 6 * 7", 42),
    ],
)
def test_an_expression_gives(text: str, value: Any) -> None:
    found = value_of(text)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("input.?amount.orValue(0)", 12),
        ("input.?nope.orValue(0)", 0),
        ("input.?nope.?deeper.deepest.orValue(0)", 0),
        ("input.?none.?x.orValue(1)", 1),
        ("input.?amount.?x.orValue(1)", 1),
        ("input.list[?0].orValue(9) + input.list[?9].orValue(9)", 12),
        ("input.?nope.or(input.?amount).value()", 12),
        ("input.?amount.optMap(a, a + 1).orValue(0)", 13),
        ("has(input.amount)", True),
        ("has(input.nope)", False),
        ("has(input.none)", True),
        ("has(input.nope.deeper.deepest)", False),
        ("has(input.amount.x)", False),
        ("has(input.lines[9].sku)", False),
    ],
)
def test_optional_forms_cope_with_what_is_missing(text: str, value: Any) -> None:
    assert value_of(text) == value


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("input.nope + 1", "`input.nope + 1`: there is no input.nope"),
        ("input.lines.map(l, l.cost)", "there is no l.cost"),
        ("input.lines[7].sku", "there is no input.lines[7]"),
        ("input.lines[input.amount]", "there is no element 12 in a list of 2"),
        ("input[input.name]", "there is no key 'Tée😀'"),
        ("{'a': 1}.b", "there is no key 'b'"),
        ("input.name + 1", "`+` does not take text and an integer"),
        ("input.name < 1", "`<` does not take text and an integer"),
        ("-input.name", "`-` does not take text"),
        ("input.amount && true", "`&&` does not take an integer"),
        ("input.amount ? 1 : 2", "`?:` needs a condition that is true or false, not an integer"),
        ("input.amount.map(x, x)", "only a list or a mapping can be gone through, not an integer"),
        ("input.lines.filter(l, l.qty)", "a condition is true or false, not an integer"),
        ("input.amount.startsWith('a')", "`startsWith` does not take an integer and text"),
        ("1 / 0", "division by zero"),
        ("1 % 0", "division by zero"),
        ("9223372036854775807 + 1", "integer overflow"),
        ("input.huge + 1", "integer overflow"),
        ("1u - 2u", "integer overflow"),
        ("input.huge * 1.0e300", "the result is inf, which JSON cannot say"),
        ("0.0 / 0.0", "the result is nan"),
        ("1.0 / 0.0", "the result is inf"),
        ("1e999", "the result is inf"),
        ("[input.?amount]", "an optional is not a value that can be kept (end it with .orValue(…))"),
        ("[int]", "a type is not a value"),
        ("optional.none().value() == 1", "the optional has no value"),
        ("{'a': 1, input.?nope.orValue('a'): 2}", "the key 'a' stands twice"),
        ("{1: 'a', '1': 'b'}", "two keys of a mapping are the same text"),
        ("{input.none: 1}", "a mapping's key"),
    ],
)
def test_what_cannot_be_computed_is_said_in_words(text: str, message: str) -> None:
    with pytest.raises(ExpressionError, match=re.escape(message)):
        value_of(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("input.nope == 1 && false", False),
        ("false && input.nope == 1", False),
        ("input.nope == 1 || true", True),
        ("true || input.nope == 1", True),
        ("true ? 1 : input.nope", 1),
        ("input.list.exists(x, x / 0 == 1 || x == 2)", True),
        ("input.list.all(x, x / 0 == 1 && x == 9)", False),
        ("cel.bind(x, input.nope, true || x == 1)", True),
    ],
)
def test_what_decides_outweighs_an_error_on_the_other_side(text: str, value: Any) -> None:
    assert value_of(text) is value


@pytest.mark.parametrize(
    ("text", "value"), [("input.amount > 1", True), ("input.yes", True), ("!input.yes", False)]
)
def test_a_condition_is_a_boolean(text: str, value: bool) -> None:
    assert compiled(text).test(Lender()) is value


@pytest.mark.parametrize(
    ("text", "kind"), [("input.amount", "an integer"), ("input.none", "null"), ("input.name + ''", "text")]
)
def test_a_condition_that_is_none_says_what_it_is(text: str, kind: str) -> None:
    with pytest.raises(ExpressionError, match=f"is {kind}; a condition is true or false"):
        compiled(text).test(Lender())


class LoadMore(Exception):
    """What the engine's scope raises to say that something must be loaded first."""


@pytest.mark.parametrize(
    "text",
    ["input", "input.a + 1", "has(input.a)", "input.?a.orValue(1)", "true || input.a", "steps.x.output + 1"],
)
@pytest.mark.parametrize("error", [LoadMore("x"), ExpressionError("the scope's own"), ZeroDivisionError()])
def test_whatever_the_scope_raises_passes_through(text: str, error: Exception) -> None:
    class Raising(Lender):
        def variable(self, name: str) -> Any:
            raise error

        def step(self, step: str, part: str) -> Any:
            raise error

        def has_step(self, step: str) -> bool:
            return True

    if text.startswith("true"):
        assert compiled(text).test(Raising())
        return
    with pytest.raises(type(error)) as caught:
        compiled(text).evaluate(Raising())
    assert caught.value is error
