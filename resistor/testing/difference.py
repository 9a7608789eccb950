"""Where what was seen differs from what was expected: the first place, in one line.

Mappings are compared by the keys that were written down, and may have more; lists and everything else must be
as they were written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from resistor.messages import json

LONGEST = 160  # characters of a value that is shown

_ABSENT = object()


def first_difference(expected: Any, seen: Any, where: str, *, exactly: bool = False) -> str | None:
    """Return the first difference as `where is …, expected …`, or None.

    `exactly`: mappings have no further keys.
    """
    if isinstance(expected, Mapping) and isinstance(seen, Mapping):
        return _of_mappings(expected, seen, where, exactly=exactly)
    if _is_list(expected) and _is_list(seen):
        return _of_lists(expected, seen, where, exactly=exactly)
    if isinstance(expected, bool) is not isinstance(seen, bool) or expected != seen:
        return f"{where} is {shown(seen)}, expected {shown(expected)}"
    return None


def _of_mappings(
    expected: Mapping[Any, Any], seen: Mapping[Any, Any], where: str, *, exactly: bool
) -> str | None:
    for key, value in expected.items():
        found = seen.get(key, _ABSENT)
        if found is _ABSENT:
            there = shown(sorted(seen, key=str))
            return f"{where} has no {key!r}, expected {shown(value)}; it has {there}"
        different = first_difference(value, found, f"{where}.{key}", exactly=exactly)
        if different is not None:
            return different
    more = [key for key in seen if key not in expected] if exactly else []
    return f"{where} has {more[0]!r}, which was not expected: {shown(seen[more[0]])}" if more else None


def _of_lists(expected: Sequence[Any], seen: Sequence[Any], where: str, *, exactly: bool) -> str | None:
    for number, (one, other) in enumerate(zip(expected, seen, strict=False)):
        different = first_difference(one, other, f"{where}[{number}]", exactly=exactly)
        if different is not None:
            return different
    if len(expected) > len(seen):
        return f"{where} ends after {len(seen)}, expected {shown(expected[len(seen)])} next"
    if len(expected) < len(seen):
        return f"{where} goes on with {shown(seen[len(expected)])}, expected its end after {len(expected)}"
    return None


def shown(value: Any) -> str:
    """Return a value as JSON, cut short."""
    try:
        text = json.encode(value).decode()
    except (TypeError, ValueError, OverflowError):
        text = repr(value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str | bytes)
