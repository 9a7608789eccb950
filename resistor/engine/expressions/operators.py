"""What the operators compute: `+ - * / %`, comparison, equality, `in`, negation.

Called by `planning/calls.py` through `BINARY`. Integer and double mix; integers have 64 bits; integer
division cuts off, as in C.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from resistor.engine.expressions.equality import NUMBERS, compare, contains, equal
from resistor.engine.expressions.evaluation import Evaluation
from resistor.engine.expressions.mistakes import Fault
from resistor.engine.expressions.moments import duration, timestamp
from resistor.engine.expressions.values import (
    GREATEST_INT,
    LEAST_INT,
    Duration,
    Timestamp,
    UInt,
    do_not_go,
    integer,
    unsigned,
)

Binary = Callable[[Evaluation, Any, Any], Any]


def add(ev: Evaluation, left: Any, right: Any) -> Any:
    """`left + right`: numbers, text, bytes, lists, moments."""
    kind, other = left.__class__, right.__class__
    if kind is int and other is int:
        total = left + right
        return total if LEAST_INT <= total <= GREATEST_INT else integer(total)
    if kind is other and kind in (str, bytes):
        ev.spend_text(len(left) + len(right))
        return left + right
    if kind is list and other is list:
        ev.spend(len(left) + len(right))
        return left + right
    if kind is Timestamp and other is Duration:
        return timestamp(left.nanos + right.nanos)
    if kind is Duration and other in (Timestamp, Duration):
        return (timestamp if other is Timestamp else duration)(left.nanos + right.nanos)
    return _arithmetic("+", left, right, lambda a, b: a + b)


def subtract(_: Evaluation, left: Any, right: Any) -> Any:
    """`left - right`: numbers and moments."""
    kind, other = left.__class__, right.__class__
    if kind is Timestamp and other in (Timestamp, Duration):
        return (duration if other is Timestamp else timestamp)(left.nanos - right.nanos)
    if kind is Duration and other is Duration:
        return duration(left.nanos - right.nanos)
    return _arithmetic("-", left, right, lambda a, b: a - b)


def multiply(_: Evaluation, left: Any, right: Any) -> Any:
    """`left * right`."""
    return _arithmetic("*", left, right, lambda a, b: a * b)


def divide(_: Evaluation, left: Any, right: Any) -> Any:
    """`left / right`: integers give an integer; a double divided by zero is infinite."""
    return _arithmetic("/", left, right, _quotient)


def modulo(_: Evaluation, left: Any, right: Any) -> Any:
    """`left % right` of integers; the sign is the left one's."""
    if left.__class__ is float or right.__class__ is float:
        raise do_not_go("%", left, right)
    return _arithmetic("%", left, right, _remainder)


def negate(_: Evaluation, value: Any) -> Any:
    """`-value`."""
    if value.__class__ is int:
        return integer(-value)
    if value.__class__ is float:
        return -value
    raise do_not_go("-", value)


def is_in(ev: Evaluation, sought: Any, among: Any) -> bool:
    """`sought in among`: an element of a list, or a key of a mapping."""
    if among.__class__ is list:
        return contains(ev, among, sought)
    if among.__class__ is dict:
        return sought.__class__ in (str, int, UInt, bool) and sought in among
    raise do_not_go("in", sought, among)


def _arithmetic(name: str, left: Any, right: Any, run: Callable[[Any, Any], Any]) -> Any:
    kind, other = left.__class__, right.__class__
    if kind not in NUMBERS or other not in NUMBERS or (kind is not other and UInt in (kind, other)):
        raise do_not_go(name, left, right)
    if float in (kind, other):
        return run(_as_double(left), _as_double(right))
    return unsigned(run(int(left), int(right))) if kind is UInt else integer(run(left, right))


def _as_double(value: float) -> float:
    try:
        return float(value)
    except OverflowError:  # data may hold integers of any size
        raise Fault("the integer is too large for a double") from None


def _quotient(left: Any, right: Any) -> Any:
    if left.__class__ is float:
        return left / right if right else _divided_by_zero(left, right)
    if right == 0:
        raise Fault("division by zero")
    found = abs(left) // abs(right)
    return found if (left < 0) == (right < 0) else -found


def _divided_by_zero(left: float, zero: float) -> float:
    """IEEE 754, as CEL has it; Python raises."""
    if left == 0 or math.isnan(left):
        return math.nan
    return math.copysign(math.inf, left) * math.copysign(1, zero)


def _remainder(left: int, right: int) -> int:
    if right == 0:
        raise Fault("division by zero")
    found = abs(left) % abs(right)
    return -found if left < 0 else found


def _ordering(name: str, wanted: tuple[int, ...]) -> Binary:
    def run(ev: Evaluation, left: Any, right: Any) -> bool:
        return compare(ev, name, left, right) in wanted

    return run


def _unequal(ev: Evaluation, left: Any, right: Any) -> bool:
    return not equal(ev, left, right)


BINARY: dict[str, Binary] = {
    "_+_": add,
    "_-_": subtract,
    "_*_": multiply,
    "_/_": divide,
    "_%_": modulo,
    "_==_": equal,
    "_!=_": _unequal,
    "_<_": _ordering("<", (-1,)),
    "_<=_": _ordering("<=", (-1, 0)),
    "_>_": _ordering(">", (1,)),
    "_>=_": _ordering(">=", (0, 1)),
    "@in": is_in,
}
"""The operators of two values, by their names in a tree."""

SPECIAL = frozenset(
    {"_&&_", "_||_", "_?_:_", "!_", "-_", "_[_]", "_?._", "_[?_]", "or", "orValue", "@not_strictly_false"}
)
"""The other operators: those that do not always evaluate all that they are given, or read from a value."""
