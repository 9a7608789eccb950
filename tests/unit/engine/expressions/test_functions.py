"""The functions beyond CEL, and those of its libraries (that these agree with CEL: `test_agreement.py`)."""

from __future__ import annotations

import re
from typing import Any

import pytest

from resistor.errors import ExpressionError
from tests.unit.engine.expressions.lending import INPUT, Lender, compiled, value_of


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("""json('{"a":[1,null,true,"x"]}')""", {"a": [1, None, True, "x"]}),
        ("'[1]'.json()[0]", 1),
        (
            "text(input.list) + text(null) + text('a') + text(1.5) + text({'a': true})",
            '[3,1,2]nulla1.5{"a":true}',
        ),
        ("text(event.time)", "2026-01-31T12:00:00.500Z"),
        ("text(duration('1m'))", "60s"),
        ("merge(input.map, {'a': 3, 'q': 4})", {"z": 1, "a": 3, "m": {"deep": [1]}, "q": 4}),
        ("input.empty.merge({'a': 1})", {"a": 1}),
        ("sum(input.list)", 6),
        ("sum([])", 0),
        ("sum([1, 2.5])", 3.5),
        ("input.lines.map(l, l.qty * l.price).sum()", 6.0),
        ("avg(input.list)", 2.0),
        ("[1, 2].avg()", 1.5),
        ("group_by(input.lines, 'sku')", {line["sku"]: [line] for line in INPUT["lines"]}),
        ("[{'k': true}, {'k': 1}, {'k': 'true'}].group_by('k').map(k, k)", ["true", "1"]),
        ("entries({'a': 1, 'b': 2})", [{"key": "a", "value": 1}, {"key": "b", "value": 2}]),
        ("input.map.entries().from_entries() == input.map", True),
        ("from_entries([{'key': 'a', 'value': 1}, {'key': 'a', 'value': 2}])", {"a": 2}),
        ("sha256('abc')", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        ("now()", "2023-11-14T22:13:20.250Z"),
        ("now() - duration('20s')", "2023-11-14T22:13:00.250Z"),
        ("'%s is %d, %.2f'.format([input.none, 7, 1.5])", "null is 7, 1.50"),
        ("'%s'.format([input.list])", "[3,1,2]"),
        ("'a-b'.split('-')", ["a", "b"]),
        ("['b', 'a'].sort().join('+')", "a+b"),
        ("input.lines.sortBy(l, l.price).map(l, l.sku)", ["tea", "cup"]),
        ("math.greatest(1, 2.5, -3)", 2.5),
        ("base64.encode(bytes('hi'))", "aGk="),
        ("regex.replace('2026-01', '([0-9]+)-([0-9]+)', '\\\\2/\\\\1')", "01/2026"),
        ("regex.extract('id=42;', 'id=([0-9]+)').orValue('')", "42"),
        ("'a.b'.matches('^[a-z][.][a-z]$')", True),
        ("sets.contains([1, 2], [2])", True),
        ("event.time.getHours() + event.time.getDayOfYear()", 42),
        ("event.time.getHours('Europe/Berlin')", 13),
        ("event.time.getMilliseconds()", 500),
    ],
)
def test_a_function_gives(text: str, value: Any) -> None:
    assert value_of(text) == value


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("json('{')", "json: not JSON"),
        ("""json('{"a":1,"a":2}')""", "stands twice"),
        ("json('')", "json: the body is empty"),
        ("sum(['a'])", "`sum` does not take text"),
        ("sum([9223372036854775807, 1])", "integer overflow"),
        ("avg([])", "avg of an empty list"),
        ("group_by(input.lines, 'nope')", "group_by: element 0 has no nope"),
        ("group_by(input.list, 'nope')", "`group_by` does not take an integer"),
        ("[{'a': [1]}].group_by('a')", "`group_by` does not take a list"),
        ("from_entries([{'key': 1}])", "from_entries: element 0 has no key and value"),
        ("from_entries([1])", "`from_entries` does not take an integer"),
        ("from_entries([{'key': null, 'value': 1}])", "`from_entries` does not take null"),
        ("input.amount.sha256()", "`sha256` does not take an integer"),
        ("'abc'.matches('[')", "matches: invalid regular expression: missing ]"),
        ("'a\\u0000'.matches('a')", "NUL"),
        ("event.time.getHours('Nowhere/City')", "getHours: Invalid timezone"),
        ("timestamp('2026-02-30T00:00:00Z')", "not a moment of the calendar"),
        ("timestamp('tomorrow')", "'tomorrow' is not a timestamp such as"),
        ("timestamp('9999-12-31T23:59:59Z') + duration('1s')", "the years 1 to 9999"),
        ("duration('5 minutes')", "is not a duration such as"),
        ("int('x')", "int: 'x' is not an integer"),
        ("int(1e30)", "integer overflow"),
        ("double('x')", "'x' is not a number"),
        ("'%d'.format(['a'])", "format: %d does not take text"),
        ("'%d %d'.format([1])", "asks for more than 1 values"),
        ("'%y'.format([1])", "there is no clause %y"),
        ("[1, 'a'].sort()", "`sort` does not take text"),
        ("'abc'.substring(2, 1)", "position 1 is outside a text of 3 characters"),
        ("string(b'\\xff')", "not UTF-8"),
    ],
)
def test_a_function_says_what_it_cannot_do(text: str, message: str) -> None:
    with pytest.raises(ExpressionError, match=re.escape(message)):
        value_of(text)


def test_chance_is_derived_and_the_same_on_every_replay() -> None:
    expression = compiled("[uuid(), uuid(), text(random()), text(random())]")
    first = expression.evaluate(Lender())
    assert expression.evaluate(Lender()) == first
    assert len(set(first)) == 4
    assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", first[0])
    assert all(0 <= float(drawn) < 1 for drawn in first[2:])


def test_chance_differs_with_the_seed_and_with_the_expression() -> None:
    other = Lender()
    other.seed = "run-2:step"
    drawn = {
        compiled("uuid()").evaluate(Lender()),
        compiled("uuid()").evaluate(other),
        value_of("[uuid()][0]"),
    }
    assert len(drawn) == 3


def test_what_an_expression_is_given_is_never_changed() -> None:
    given = {"list": [3, 1, 2], "map": {"b": 1}}
    value_of("[x.list.sort(), x.list + [4], x.list.reverse(), x.list.distinct()]", x=given)
    value_of("[merge(x.map, {'c': 1}), from_entries(x.map.entries())]", x=given)
    assert given == {"list": [3, 1, 2], "map": {"b": 1}}
