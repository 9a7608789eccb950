"""Types of the forms' fields: durations, expressions, values with expressions in them, schemas.

Each lets in what the language allows in that place and hands on what compiling takes.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BeforeValidator, Field, PlainValidator, WithJsonSchema

from resistor.catalog.durations import EXAMPLES, PATTERN, BadDuration, parse_duration
from resistor.catalog.forms.form import must_be, said
from resistor.catalog.wording import quote

LARGEST_INTEGER = 2**53 - 1  # the largest that every JSON reader keeps exact

# ------------------------------------------------------------------------------------ durations

_NUMBER = re.compile(r"\d+(?:\.\d+)?\Z")


def _seconds(value: Any) -> float:
    if isinstance(value, str):
        if _NUMBER.match(value):
            raise must_be(EXAMPLES, f"with its unit: {value}s" if len(value) < 20 else None)
        try:
            return parse_duration(value)
        except BadDuration as error:
            if str(error).endswith(EXAMPLES):
                raise must_be(EXAMPLES) from None
            raise said(f"{quote(value)} is not a duration that can be used: {error}") from None
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    raise must_be(EXAMPLES, f"with its unit: {value}s" if is_number and 0 <= value < 1e9 else None)


def _not_zero(seconds: float) -> float:
    if seconds <= 0:
        raise said("a duration of nothing cannot stand here", "leave the key out, or give it a longer one")
    return seconds


_DURATION = WithJsonSchema(
    {"type": "string", "pattern": PATTERN, "examples": ["250ms", "30s", "1h30m", "PT30S"]}
)

DurationOrNothing = Annotated[float, PlainValidator(_seconds), _DURATION]
"""Seconds, 0 included."""

Duration = Annotated[float, PlainValidator(_seconds), AfterValidator(_not_zero), _DURATION]
"""Seconds, more than 0."""

# ------------------------------------------------------------------------------------ numbers and words

Count = Annotated[int, Field(ge=1, le=LARGEST_INTEGER)]

_Words = TypeVar("_Words", bound=StrEnum)

OneOf = Annotated[_Words, Field(strict=False)]
"""One of the words of an enumeration, as text."""

# ------------------------------------------------------------------------------------ expressions


def _condition(value: Any) -> Any:
    if isinstance(value, bool):  # `if: false` switches a step off
        return "true" if value else "false"
    if not isinstance(value, str):
        raise must_be("an expression")
    return value


Condition = Annotated[str, BeforeValidator(_condition), WithJsonSchema({"type": ["string", "boolean"]})]
"""A bare expression, `${}` around it or not."""

_QUOTED = re.compile(
    r"""[rRbB]{0,2}(?:\"{3}.*?\"{3}|'{3}.*?'{3}|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')|[{}]""", re.DOTALL
)


def is_one_expression(text: str) -> bool:
    """Say whether a text is one `${…}` and nothing around it (or was to be: an open brace counts)."""
    text = text.strip()
    if not text.startswith("${"):
        return False
    depth = 1
    for match in _QUOTED.finditer(text, 2):
        depth += {"{": 1, "}": -1}.get(match[0], 0)
        if depth == 0:
            return match.end() == len(text)
    return True  # not closed: it was meant to be one, and the check of expressions says what is wrong


def _mapping_or_expression(value: Any) -> Any:
    if isinstance(value, dict) or (isinstance(value, str) and is_one_expression(value)):
        return value
    hint = None
    if isinstance(value, str) and "${" not in value and re.match(r"[\w.]+\Z", value) and "." in value:
        hint = f"with braces: ${{{value}}}"
    raise must_be("a mapping, or one `${…}` and nothing around it", hint)


def _list_or_expression(value: Any) -> Any:
    if isinstance(value, list) or (isinstance(value, str) and is_one_expression(value)):
        return value
    hint = f"with braces: ${{{value}}}" if isinstance(value, str) and "${" not in value else None
    raise must_be("a list, or one `${…}` and nothing around it", hint)


_EXPRESSION = {"type": "string", "pattern": r"^\s*\$\{"}

MappingOrExpression = Annotated[
    Any, PlainValidator(_mapping_or_expression), WithJsonSchema({"anyOf": [{"type": "object"}, _EXPRESSION]})
]
ListOrExpression = Annotated[
    Any, PlainValidator(_list_or_expression), WithJsonSchema({"anyOf": [{"type": "array"}, _EXPRESSION]})
]

# ------------------------------------------------------------------------------------ schemas

Schema = Annotated[
    dict[str, Any], WithJsonSchema({"$ref": "https://json-schema.org/draft/2020-12/schema", "type": "object"})
]
"""A JSON Schema. What is wrong inside it is said by the check of schemas."""
