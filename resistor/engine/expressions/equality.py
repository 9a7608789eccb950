"""When two values are the same, and which comes first: CEL's rules, not Python's (`true` is not `1`).

Used by the operators and the library. Walking into a value costs the evaluation what it walks: two small
values can be huge when they are gone through (see `outcome.py`).
"""

from __future__ import annotations

from typing import Any

from resistor.engine.expressions.evaluation import Evaluation
from resistor.engine.expressions.values import Duration, Maybe, Timestamp, UInt, do_not_go

NUMBERS = frozenset({int, float, UInt})
_SCALARS = NUMBERS | {str}
_BOOLEAN = (0, 1)
_COST = 3  # a comparison takes some 0.5 µs
_ORDERED = frozenset({bool, str, bytes, Timestamp, Duration})


def equal(ev: Evaluation, left: Any, right: Any) -> bool:
    """Tell whether two values are the same. Values of two kinds are not, numbers excepted."""
    ev.spend(_COST)
    kind = left.__class__
    if kind is not right.__class__:
        return kind in NUMBERS and right.__class__ in NUMBERS and bool(left == right)
    if kind is list:
        return len(left) == len(right) and all(equal(ev, left[at], right[at]) for at in range(len(left)))
    if kind is dict:
        return len(left) == len(right) and all(
            key in right and equal(ev, value, right[key]) for key, value in left.items()
        )
    if kind is Maybe:
        return left.is_there == right.is_there and equal(ev, left.value, right.value)
    if kind is str:
        ev.spend(len(left) >> 8)
    return bool(left == right)


def contains(ev: Evaluation, values: list[Any], sought: Any) -> bool:
    """Tell whether one of `values` is the same as `sought`."""
    if sought.__class__ in _SCALARS and sought == sought:  # noqa: PLR0124 - NaN is in no list
        ev.spend(1 + (len(values) >> 3))
        if sought not in values:
            return False
        # Python takes true for 1 and false for 0: only these need the slower look.
        if sought.__class__ is str or sought not in _BOOLEAN:
            return True
    return any(equal(ev, value, sought) for value in values)


def compare(ev: Evaluation, name: str, left: Any, right: Any) -> int:
    """Return -1, 0 or 1; 2 where a NaN has no order. Raises `Fault` for what cannot be compared by `name`."""
    kind, other = left.__class__, right.__class__
    if (kind is not other or kind not in _ORDERED) and not (kind in NUMBERS and other in NUMBERS):
        raise do_not_go(name, left, right)
    if kind is str:
        ev.spend(len(left) >> 8)
    if left < right:
        return -1
    if left > right:
        return 1
    return 0 if left == right else 2
