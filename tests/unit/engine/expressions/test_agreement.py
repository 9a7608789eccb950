"""Our evaluation agrees with CEL's own, where that can be trusted with the values (`planning/__init__.py`).

Where the two differ on purpose, the difference is in the last table.
"""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import pytest
from cel_expr_python import cel

from resistor.engine.expressions import BadExpression, compile_expression
from resistor.engine.expressions.checking import LIBRARIES
from resistor.errors import ExpressionError
from tests.unit.engine.expressions.agreed import AGREED
from tests.unit.engine.expressions.lending import Lender

DATA: dict[str, Any] = {
    "i": 7, "f": 2.5, "s": "Hello, Wörld😀", "l": [3, 1, 2], "m": {"a": 1}, "w": ["b", "a", "b"], "t": True,
    "neg": -7, "e": [], "es": "", "nest": [[1, 2], [3, [4]]],
}  # fmt: skip
CONFIG = cel.NewEnvConfigFromYaml("extensions:\n" + "".join(f"- name: {name}\n" for name in LIBRARIES))
ENVIRONMENT = cel.NewEnv(config=CONFIG, variables={"input": cel.Type.DYN})


def by_cel(text: str) -> Any:
    """Evaluate with CEL's own runtime; an error is the word "error"."""
    try:
        result = ENVIRONMENT.compile(text).eval(data={"input": DATA})
    except RuntimeError:
        return "error"
    value = "error" if result.type().name() == "ERROR" else result.plain_value()
    return b64encode(value).decode() if isinstance(value, bytearray) else value


def by_us(text: str) -> Any:
    """Evaluate with ours; an error is the word "error"."""
    try:
        return compile_expression(text, {"input"}).evaluate(Lender(input=DATA))
    except (ExpressionError, BadExpression):
        return "error"


@pytest.mark.parametrize("text", AGREED)
def test_it_is_what_cel_gives(text: str) -> None:
    ours = by_us(text)
    assert ours == by_cel(text)
    assert type(ours) is type(by_cel(text))


@pytest.mark.parametrize(
    ("text", "ours"),
    [
        ("'%s'.format([[1, 2]])", "[1,2]"),  # lists in text are JSON, as in `${…}`
        ("'%d'.format([1.5])", "error"),  # CEL: 1.500000
        ("lists.range(-1)", []),  # CEL: a C++ exception
        ("int(' 42')", "error"),  # CEL trims
        ("double('inf')", "error"),  # not a number of JSON
        ("string(123456789.0)", "123456789"),  # CEL: 1.23456789e+08
        ("timestamp('2024-01-01T23:59:60Z') == timestamp('2024-01-02T00:00:00Z')", "error"),  # leap seconds
        ("[1.5, 1].sort()", [1, 1.5]),  # CEL: one type only
        ("(-9223372036854775807 - 1) % -1", 0),  # CEL: an overflow of the machine
        ("has(input.x.y)", False),  # CEL: there is no input.x
        ("input.f * 2", 5.0),  # CEL: no overload
        ("input.i < 7.5 && 1 < 1.5", True),  # CEL: the second one does not compile
        ("string('a\\u0000b')", "a\0b"),
    ],
)
def test_it_differs_from_cel_on_purpose(text: str, ours: Any) -> None:
    assert by_us(text) == ours
