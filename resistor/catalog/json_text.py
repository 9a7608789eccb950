"""Definitions written as JSON: checked as JSON, then handed to the YAML reader, which keeps the places.

JSON is YAML but for a few characters; those are written here as escapes that both understand. Without
the check a `.json` file could hold comments and trailing commas, which other tools then refuse.
"""

from __future__ import annotations

import json
import re

_PIECES = re.compile(
    r"\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})"  # a character as two surrogates
    r"|\\."  # any other escape: left alone, and so is the backslash of `\\ud83d`
    r"|[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]",  # YAML breaks lines at some of these, and refuses others
    re.DOTALL,
)
_STRING_OR_CONSTANT = re.compile(r'"(?:[^"\\]|\\.)*"|(NaN|-?Infinity)')


class NotJson(ValueError):
    """The text is not JSON."""

    def __init__(self, message: str, line: int, column: int) -> None:
        """Say what is wrong, and where, from 1."""
        super().__init__(f"this is not JSON: {message}")
        self.line = line
        self.column = column


def as_yaml(text: str) -> str:
    """Return JSON so that a YAML 1.1 parser reads the same from it. Raises `NotJson`."""
    try:
        json.loads(text, parse_int=len, parse_float=len)  # no numbers yet: the reader says where one is bad
    except json.JSONDecodeError as error:
        raise NotJson(error.msg[:1].lower() + error.msg[1:], error.lineno, error.colno) from None
    except RecursionError:
        return text  # and the reader says where it is too deep
    for match in _STRING_OR_CONSTANT.finditer(text):
        if match[1]:
            before = text[: match.start()]
            column = match.start() - before.rfind("\n")
            raise NotJson(f"it has no {match[1]}", before.count("\n") + 1, column)
    return _PIECES.sub(_escape, text)


def _escape(match: re.Match[str]) -> str:
    high, low = match[1], match[2]
    if high is not None:
        return f"\\U{0x10000 + (int(high, 16) - 0xD800) * 0x400 + int(low, 16) - 0xDC00:08x}"
    return match[0] if match[0][0] == "\\" else f"\\u{ord(match[0]):04x}"
