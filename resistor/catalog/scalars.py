"""What an unquoted YAML scalar means: YAML 1.2's core schema, so that text stays text.

Used by the reader only. Differs from PyYAML (YAML 1.1), where `no` is false, `1:30` is 90, `012` is 10
and `2026-01-01` is a date. One thing is narrower than the core schema (https://yaml.org/spec/1.2.2/, 10.3.2):
a number with leading zeros, `012`, stays text, because it is a postcode more often than a twelve.
"""

from __future__ import annotations

import math
import re
from typing import Any

_WORDS: dict[str, Any] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]*)\Z")
_OCTAL = re.compile(r"0o[0-7]+\Z")
_HEXADECIMAL = re.compile(r"0x[0-9a-fA-F]+\Z")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]*)(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z")
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)\Z|\.(?:nan|NaN|NAN)\Z")
_FIRST_OF_NUMBER = frozenset("-+.0123456789")
_MOST_DIGITS = 1000  # more than any number that is meant as one; CPython itself stops at 4300


class BadScalar(ValueError):
    """A scalar that has no value as JSON: its message is for the author of the definition."""


def resolve(text: str) -> Any:
    """Return the value of an unquoted scalar. Raises `BadScalar`."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _FIRST_OF_NUMBER:
        return text
    return _number(text)


def _number(text: str) -> Any:
    if _NOT_FINITE.match(text):
        raise BadScalar("infinity and NaN cannot be kept as JSON")
    for pattern, base in ((_INTEGER, 10), (_OCTAL, 8), (_HEXADECIMAL, 16)):
        if pattern.match(text):
            if len(text) > _MOST_DIGITS:
                raise BadScalar(f"a number of {len(text)} digits is too long: {_MOST_DIGITS} at most")
            return int(text, base)
    if not _FLOAT.match(text):
        return text
    value = float(text)
    if not math.isfinite(value):
        raise BadScalar("the number is too large for a double")
    return value
