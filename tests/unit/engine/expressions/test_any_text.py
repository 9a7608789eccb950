"""Whatever is written, whatever the data: a `BadExpression` at load, an `ExpressionError` later, no other."""

from __future__ import annotations

import contextlib
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from resistor.engine.expressions import BadExpression, Expression, compile_expression, compile_template
from resistor.errors import ExpressionError
from resistor.messages import json
from tests.unit.engine.expressions.agreed import AGREED
from tests.unit.engine.expressions.lending import KNOWN, Lender

ANY_TEXT = st.text(st.characters(codec=None), max_size=60)
LEAVES = st.none() | st.booleans() | st.integers() | st.text(max_size=9)
KEYS = st.sampled_from("ilmswtfe") | st.text(max_size=9)
JSON = st.recursive(
    LEAVES | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)
PIECES = (
    *("input", ".i", ".?l", "[0]", "[?'a']", "steps.charge", ".output", " + ", " == ", " && ", "(", ")", "{"),
    *(
        "}",
        "'a'",
        "1",
        "1.5",
        "null",
        "has(",
        ".map(x, ",
        "x",
        ", ",
        ".size()",
        "!",
        "-",
        "? ",
        " : ",
        " in ",
    ),
    *(
        "[",
        "]",
        ".orValue(",
        "cel.bind(x, ",
        "${",
        "'",
        '"',
        "\\",
        "//",
        "\n",
        "r'",
        "\0",
        "😀",
        "now()",
        "uint(",
    ),
)


def compiled_or_refused(text: str) -> Expression | None:
    """Compile; the only error is a `BadExpression` with a place in the text."""
    try:
        return compile_expression(text, KNOWN)
    except BadExpression as bad:
        is_said = bool(str(bad)) and 0 <= bad.offset <= len(text)
    assert is_said
    return None


def evaluated(expression: Expression, data: Any) -> None:
    """Evaluate; the only error is an `ExpressionError`, and a result can be written."""
    with contextlib.suppress(ExpressionError):
        json.encode(expression.evaluate(Lender(input=data)))


@given(ANY_TEXT)
@settings(max_examples=300)
def test_any_text_compiles_or_is_refused(text: str) -> None:
    compiled_or_refused(text)
    with contextlib.suppress(BadExpression):
        compile_template([f"a ${{{text}", text, {"a": f"${{{text}}}"}], KNOWN)


@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join), JSON)
@settings(max_examples=500)
def test_any_words_of_the_language_compile_or_are_refused(text: str, data: Any) -> None:
    expression = compiled_or_refused(text)
    if expression is not None:
        evaluated(expression, data)


@given(st.sampled_from(AGREED), st.data())
@settings(max_examples=300)
def test_a_valid_expression_with_a_slip_compiles_or_is_refused(text: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(text)))
    slip = data.draw(st.sampled_from(PIECES) | st.just(""))
    expression = compiled_or_refused(text[:at] + slip + text[at + data.draw(st.integers(0, 3)) :])
    if expression is not None:
        evaluated(expression, data.draw(JSON))


@given(st.sampled_from(AGREED), JSON)
@settings(max_examples=500)
def test_any_data_gives_a_result_or_an_expression_error(text: str, data: Any) -> None:
    expression = compiled_or_refused(text)
    if expression is not None:
        evaluated(expression, data)
        evaluated(
            expression, {"i": data, "f": data, "s": data, "l": data, "m": data, "w": data, "nest": data}
        )
