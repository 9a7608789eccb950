"""No expression holds up the daemon or fills its memory: each of these is out to do so, and ends at once."""

from __future__ import annotations

import contextlib
import time
import tracemalloc

import pytest

from resistor.engine.expressions import BadExpression
from resistor.errors import ExpressionError
from tests.unit.engine.expressions.lending import Lender, compiled, value_of

MOST_SECONDS = 1.0
"""They end in 0.3 s on an idle core; the tests of other people run on the same two."""

MOST_MEMORY = 32 << 20

DATA = {
    "numbers": list(range(50_000)),
    "rows": [{"id": each, "text": f"row {each}", "in": {"list": [1, 2, 3]}} for each in range(5_000)],
    "text": "x" * 250_000,
    "ab": "ab" * 125_000,
    "words": ["x" * 50 + str(each) for each in range(4_000)],
}


def doubled(form: str, first: str, times: int = 28) -> str:
    """`cel.bind` upon `cel.bind`, each made of the one before, twice."""
    binds = [
        f"cel.bind(a{each}, {form.replace('@', f'a{each - 1}') if each else first}, " for each in range(times)
    ]
    return "".join(binds) + f"a{times - 1}" + ")" * times


HOSTILE = {
    "a text doubled": doubled("@ + @", "'xxxxxxxx'"),
    "a list doubled": doubled("@ + @", "[1]"),
    "a list of itself twice": doubled("[@, @]", "[1]"),
    "such lists compared": f"{doubled('[@, @]', '[1]')} == {doubled('[@, @]', '[1]')}",
    "such a list as text": f"input.numbers.exists(n, text({doubled('[@, @]', '[1]', 25)}) == 'x')",
    "such a list formatted": f"'%s'.format([{doubled('[@, @]', '[1]', 25)}])",
    "such a list flattened": f"({doubled('[@, @]', '[1]')}).flatten(100).size()",
    "an error doubled": doubled("@ || @", "1 / 0 == 1"),
    "three nested loops": "input.numbers.map(a, input.numbers.map(b, input.numbers.map(c, a * b * c)))",
    "nested exists": "input.numbers.exists(a, input.numbers.exists(b, a * b < 0))",
    "nested exists of errors": "input.numbers.exists(a, input.numbers.exists(b, a / 0 == 0))",
    "a range without end": "lists.range(9223372036854775807)",
    "ranges of ranges": "lists.range(100000).map(a, lists.range(100000))",
    "text joined in a loop": "input.numbers.map(a, (input.text + input.text).size())",
    "text compared in a loop": "input.numbers.exists(a, input.text + 'a' == input.text + 'b')",
    "text replaced by more": "input.text.replace('', input.text)",
    "text split in a loop": "input.numbers.map(a, input.text.split('').size())",
    "text joined by text": "input.words.join(input.text)",
    "data as text in a loop": "input.numbers.exists(a, text(input.rows) == 'x')",
    "too much data as text": "input.numbers.exists(a, text([input.rows, input.rows, input.rows]) == 'x')",
    "JSON in a loop": "input.numbers.exists(a, json(text(input.rows)) == 1)",
    "mappings told apart": "input.rows.distinct().size()",
    "sorting in a loop": "input.numbers.map(a, input.words.sort().size())",
    "sets in a loop": "input.rows.exists(a, sets.equivalent(input.rows, input.rows.reverse()) && false)",
    "merging in a loop": "input.numbers.map(a, merge(input, {'a': a}))",
    "grouping in a loop": "input.numbers.map(a, input.rows.group_by('id').size())",
    "hashing in a loop": "input.numbers.map(a, sha256(input.text))",
    "formatting in a loop": "input.numbers.map(a, '%.100f'.format([1.5]))",
    "moments in a loop": "input.numbers.map(a, string(event.time + duration('1h')))",
    "time zones in a loop": "input.numbers.map(a, event.time.getHours('Europe/Berlin'))",
    "uuids in a loop": "input.numbers.map(a, uuid())",
    "a pattern that backtracks elsewhere": "input.numbers.exists(a, input.text.matches('(x+x+)+y'))",
    "a large pattern in a loop": "input.numbers.exists(a, 'x'.matches('(a{1000}){1}b{1000}c{1000}'))",
    "a pattern of classes": "input.numbers.exists(a, 'x'.matches('\\\\pL{500}\\\\pN{400}'))",
    "nested repetitions": "input.numbers.exists(a, 'x'.matches('(((a{10}){10}){10}){10}'))",
    "many states": "input.numbers.exists(a, input.ab.matches('(.*a.{14}b.{13}a)*c'))",
    "many matches": "regex.extractAll(input.ab, 'a.*?c|b')",
    "many matches in a loop": "input.numbers.map(a, regex.extractAll(input.ab.substring(0, 5000), 'a.*?c'))",
    "replaced matches": "input.numbers.map(a, regex.replace(input.ab.substring(0, 9000), 'a.*?c', 'x'))",
    "a long body": f"input.numbers.map(x, [{'[],' * 2600}1]).size()",
}  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
@pytest.mark.bad_input(42)
def test_a_hostile_expression_ends_in_an_error_and_soon(text: str) -> None:
    expression = compiled(text)
    scope = Lender(input=DATA)
    began = time.process_time()
    with pytest.raises(ExpressionError):
        expression.evaluate(scope)
    assert time.process_time() - began < MOST_SECONDS


@pytest.mark.parametrize(
    "name", ["a text doubled", "a list doubled", "ranges of ranges", "text joined in a loop"]
)
@pytest.mark.bad_input(42)
def test_a_hostile_expression_fills_no_memory(name: str) -> None:
    expression = compiled(HOSTILE[name])
    tracemalloc.start()
    try:
        with pytest.raises(ExpressionError):
            expression.evaluate(Lender(input=DATA))
        assert tracemalloc.get_traced_memory()[1] < MOST_MEMORY
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "text",
    [
        "!" * 8000 + "true",
        "1+" * 4000 + "1",
        "[" * 8000,
        "(" * 4000 + ")" * 4000,
        "a." * 4000,
        "#" * 8000,
        "é" * 8000,
        "true&&" * 1300 + "1",
        "[" + "[]," * 2700 + "1]",
        "optional.of(1)" + ".optMap(x, x)" * 8 + ".value()",
        "optional.of(1)" + ".optMap(x, x)" * 100 + ".value()",
    ],
)
@pytest.mark.bad_input(42)
def test_a_hostile_text_is_compiled_or_refused_soon(text: str) -> None:
    began = time.process_time()
    with contextlib.suppress(BadExpression):
        compiled(text)
    assert time.process_time() - began < MOST_SECONDS


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("input.numbers.map(n, n + 1).size()", 50_000),
        ("input.rows.filter(r, r.id % 2 == 0 && r.text.startsWith('row')).map(r, r.id).sum()", 6_247_500),
        ("input.rows.map(r, {'id': r.id, 'label': r.text + '!', 'sum': r['in'].list.sum()}).size()", 5_000),
        ("input.rows.sortBy(r, -r.id)[0].id", 4_999),
        ("input.words.distinct().size()", 4_000),
        ("input.words.filter(w, w in input.words.slice(0, 100)).size()", 100),
        ("text(input.rows.slice(0, 1000)).size() > 1000", True),
        ("regex.replace(input.text.substring(0, 10000), 'x', 'y').size()", 10_000),
    ],
)
def test_an_honest_expression_over_much_data_is_within_the_budget(text: str, value: object) -> None:
    assert value_of(text, input=DATA) == value


@pytest.mark.bad_input(42)
def test_a_result_is_bounded() -> None:
    assert len(value_of("input.text + ''", input=DATA)) == 250_000
    with pytest.raises(ExpressionError, match="the result is larger than 256 KiB"):
        value_of("input.text + input.text", input=DATA)
    with pytest.raises(ExpressionError, match="the result is nested deeper than 64 levels"):
        value_of("[[[[input]]]]", input=nested(61))


def nested(levels: int) -> object:
    """A list in a list in a list …"""
    value: object = 1
    for _ in range(levels):
        value = [value]
    return value
