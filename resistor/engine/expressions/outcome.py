"""From what an expression computed to what JSON can say, within bounds.

Called once at the end of an evaluation, and wherever a value becomes text. A result can be small in memory
and huge when written (a list that holds one list twice, that holds one twice …), so that the size is counted
while it is walked.
"""

from __future__ import annotations

import math
from base64 import b64encode
from typing import Any

from resistor.engine.expressions.evaluation import Evaluation
from resistor.engine.expressions.mistakes import Fault
from resistor.engine.expressions.moments import duration_text, timestamp_text
from resistor.engine.expressions.values import Duration, Timestamp, UInt, adopted, said
from resistor.messages import json

RESULT_BYTES = 256 * 1024
"""The most that the result of one expression takes as JSON: as much as a payload has by default."""


_PLACE_COST = 6  # a walk takes some 1 µs for each value in a value


def plain(value: Any, limit: int = RESULT_BYTES) -> Any:
    """Return `value` as JSON-able Python. Raises `Fault`: too large, too deep, no such thing in JSON."""
    return _Walk(limit).value(value, json.MAX_DEPTH)


def outcome(ev: Evaluation, value: Any) -> Any:
    """Return `plain(value)`, at the evaluation's cost: a walk that fails has taken its time as well."""
    walk = _Walk(RESULT_BYTES)
    try:
        return walk.value(value, json.MAX_DEPTH)
    finally:
        ev.left -= _PLACE_COST * walk.places + (walk.taken >> 4)


def as_text(ev: Evaluation, value: Any) -> str:
    """Return text as it is and moments as RFC 3339, everything else as JSON (so null is `null`)."""
    return value if value.__class__ is str else plain_text(outcome(ev, value))


def plain_text(value: Any) -> str:
    """Return what a JSON value is inside a longer text."""
    return value if value.__class__ is str else json.encode(value).decode()


class _Walk:
    """One walk over a value, and the bytes that it may still take."""

    __slots__ = ("_limit", "places", "taken")

    def __init__(self, limit: int) -> None:
        self.places = 0
        self.taken = 0
        self._limit = limit

    def value(self, value: Any, depth: int) -> Any:
        kind = value.__class__
        if kind is str:
            return self._text(value)
        if kind is dict:
            return self._mapping(value, depth)
        if kind is list:
            self._nest(depth, len(value))
            return [self.value(each, depth - 1) for each in value]
        self._take(4)
        return value if value is None or kind is bool or kind is int else self._scalar(value)

    def _scalar(self, value: Any) -> Any:
        match value:
            case float():
                if not math.isfinite(value):
                    raise Fault(f"the result is {value}, which JSON cannot say")
                return value
            case UInt():
                return int(value)
            case bytes():
                return self._text(b64encode(value).decode())
            case Timestamp():
                return timestamp_text(value)
            case Duration():
                return duration_text(value)
        if hasattr(value, "utcoffset"):
            return timestamp_text(adopted(value))
        hint = " (end it with .orValue(…))" if said(value) == "an optional" else ""
        raise Fault(f"{said(value)} is not a value that can be kept{hint}")

    def _mapping(self, value: dict[Any, Any], depth: int) -> dict[str, Any]:
        self._nest(depth, len(value))
        made = {self._key(key): self.value(each, depth - 1) for key, each in value.items()}
        if len(made) != len(value):
            raise Fault("two keys of a mapping are the same text")
        return made

    def _key(self, key: Any) -> str:
        if key.__class__ is str:
            return self._text(key)
        return self._text(("false", "true")[key] if key.__class__ is bool else str(int(key)))

    def _text(self, text: str) -> str:
        self._take(2 + (len(text) if text.isascii() else len(text.encode(errors="replace"))))
        return text

    def _nest(self, depth: int, length: int) -> None:
        if depth <= 0:
            raise Fault(f"the result is nested deeper than {json.MAX_DEPTH} levels")
        self._take(2 + length)

    def _take(self, size: int) -> None:
        self.places += 1
        self.taken += size
        if self.taken > self._limit:
            raise Fault(f"the result is larger than {self._limit // 1024} KiB")
