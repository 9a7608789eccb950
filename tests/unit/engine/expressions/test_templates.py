"""`${…}` in a JSON value: types kept, text formatted, braces found."""

from __future__ import annotations

import re
from typing import Any

import pytest

from resistor.engine.expressions import BadExpression, compile_template
from resistor.errors import ExpressionError
from tests.unit.engine.expressions.lending import KNOWN, Lender


@pytest.mark.parametrize(
    ("written", "made"),
    [
        ("plain", b'"plain"'),
        (None, b"null"),
        ("${input.amount}", b"12"),
        ("${ input.amount + 1 }", b"13"),
        ("${input.lines.0.sku}", b'"tea"'),
        ("${input.map}", b'{"z":1,"a":2,"m":{"deep":[1]}}'),
        ("${input.none}", b"null"),
        ("${input.huge}", b"12345678901234567890123"),
        ("${event.time}", b'"2026-01-31T12:00:00.500Z"'),
        ("a ${input.none} b ${input.empty} c ${input.list}", b'"a null b {} c [3,1,2]"'),
        ("${input.amount}${input.price}${input.yes}", b'"122.5true"'),
        ("${input.amount / 5.0}/${input.amount / 5}", b'"2.4/2"'),
        ("at ${event.time}, ${duration('90s')}", b'"at 2026-01-31T12:00:00.500Z, 90s"'),
        ("$${input.amount}", b'"${input.amount}"'),
        ("$$${input.amount}", b'"$${input.amount}"'),
        ("$${a} ${input.amount} $${b}", b'"${a} 12 ${b}"'),
        ("cost: $5 {x} $ {y}", b'"cost: $5 {x} $ {y}"'),
        ("${ {'a': 1}.a }", b"1"),
        ("${{'a': {'b': 2}}}", b'{"a":{"b":2}}'),
        ("${ '}' }${ \"}\" }${ r'\\}' }", b'"}}\\\\}"'),
        ("${ '\\'}' }", b'"\'}"'),
        ("${ '''a'}b''' }", b'"a\'}b"'),
        ("${ 1 // } not the end\n + 1 }", b"2"),
        ("${ input.`first-name` }", b'"Ann"'),
        ("${'${nested}'}", b'"${nested}"'),
        ({"a": ["${event.id}", 1, None, True, 1.5]}, b'{"a":["o-1",1,null,true,1.5]}'),
        ({"${input.amount}": "${input.amount}"}, b'{"${input.amount}":12}'),
        ({}, b"{}"),
    ],
)
def test_a_template_gives(written: Any, made: bytes) -> None:
    assert compile_template(written, KNOWN).render(Lender()) == made


@pytest.mark.parametrize(
    ("written", "path", "offset", "message"),
    [
        ("a ${input.amount", (), 2, "`${` is not closed by `}`"),
        ("${ {'a': 1 }", (), 0, "`${` is not closed by `}`"),
        ("${ 'a }", (), 3, "this text has no closing quote"),
        ("a ${} b", (), 4, "there is no expression"),
        ({"k": ["x", "a ${1 + inpt.a}"]}, ("k", 1), 8, "`inpt` is not known"),
        ({"k": {"l": "a ${inpt}"}}, ("k", "l"), 4, "`inpt` is not known"),
        (["${input.?a}"], (0,), 10, "the expression ends in an optional"),
        ("${" + "1 " * 5000 + "}", (), 0, "no end of `${` within 8192 characters"),
    ],
)
def test_a_bad_template_names_the_string_and_the_place(
    written: Any, path: tuple[str | int, ...], offset: int, message: str
) -> None:
    with pytest.raises(BadExpression, match=re.escape(message)) as caught:
        compile_template(written, KNOWN)
    assert (caught.value.path, caught.value.offset) == (path, offset)


def test_an_error_names_the_expression_of_a_template() -> None:
    with pytest.raises(ExpressionError, match=r"^`input.nope \+ 1`: there is no input.nope$"):
        compile_template({"a": "${input.amount}", "b": "x ${input.nope + 1}"}, KNOWN).render(Lender())


def test_each_call_of_a_template_draws_anew_and_a_replay_the_same() -> None:
    template = compile_template({"a": "${uuid()}", "b": "${uuid()} ${uuid()}", "c": ["${random()}"]}, KNOWN)
    made = template.evaluate(Lender())
    assert len({made["a"], *made["b"].split()}) == 3
    assert template.render(Lender()) == template.render(Lender())


def test_a_large_value_is_handed_on_as_it_is() -> None:
    large = {"x": "y" * 1_000_000}
    assert compile_template({"a": "${input}"}, KNOWN).evaluate(Lender(input=large))["a"] is large
    assert len(compile_template("a ${input.x}", KNOWN).evaluate(Lender(input=large))) == 1_000_002


@pytest.mark.parametrize("written", [["${input}"] * 100, "${input}" * 100, ["${input.x}"] * 100])
def test_a_template_cannot_multiply_its_data_without_bound(written: Any) -> None:
    with pytest.raises(ExpressionError, match="more than 16 MiB"):
        compile_template(written, KNOWN).render(Lender(input={"x": "y" * 1_000_000}))
