"""Functions on numbers: CEL's `math` library, and `sum` and `avg`."""

from __future__ import annotations

import math
from typing import Any

from resistor.engine.expressions.equality import compare
from resistor.engine.expressions.evaluation import Evaluation
from resistor.engine.expressions.library.function import ANY, DOUBLE, INT, LIST, NUMBER, WHOLE, Function
from resistor.engine.expressions.mistakes import Fault
from resistor.engine.expressions.operators import add
from resistor.engine.expressions.values import GREATEST_UINT, UInt, do_not_go, integer, unsigned

_NUMBERS = (int, float, UInt)


def _greatest(ev: Evaluation, *given: Any) -> Any:
    return _extreme(ev, "math.greatest", given, 1)


def _least(ev: Evaluation, *given: Any) -> Any:
    return _extreme(ev, "math.least", given, -1)


def _extreme(ev: Evaluation, name: str, given: tuple[Any, ...], wanted: int) -> Any:
    values = given[0] if len(given) == 1 and given[0].__class__ is list else given
    ev.spend(len(values))
    if not values:
        raise Fault(f"{name} of an empty list")
    found = values[0]
    for value in values:
        if value.__class__ not in _NUMBERS:
            raise do_not_go(name, value)
        if compare(ev, name, value, found) == wanted:
            found = value
    return found


def _sum(ev: Evaluation, values: list[Any]) -> Any:
    ev.spend(len(values))
    total: Any = 0
    for value in values:
        if value.__class__ not in _NUMBERS:
            raise do_not_go("sum", value)
        total = add(ev, total, int(value) if value.__class__ is UInt else value)
    return total


def _avg(ev: Evaluation, values: list[Any]) -> float:
    if not values:
        raise Fault("avg of an empty list")
    return float(_sum(ev, values)) / len(values)


def _round(_: Evaluation, value: float) -> float:
    """Round half away from zero, as CEL does; Python rounds half to even."""
    if not math.isfinite(value) or abs(value) >= 2**52:
        return value
    below = math.floor(abs(value))
    return math.copysign(below + (abs(value) - below >= 0.5), value)


def _whole(rounding: Any) -> Any:
    def run(_: Evaluation, value: float) -> float:
        return math.copysign(float(rounding(value)), value) if math.isfinite(value) else value

    return run


def _abs(_: Evaluation, value: Any) -> Any:
    return (
        integer(abs(value)) if value.__class__ is int else abs(value) if value.__class__ is float else value
    )


def _sign(_: Evaluation, value: Any) -> Any:
    if value != value:  # noqa: PLR0124 - NaN has no sign
        return value
    return value.__class__((value > 0) - (value < 0))


def _sqrt(_: Evaluation, value: Any) -> float:
    return math.sqrt(value) if value >= 0 else math.nan


def _bitwise(name: str, run: Any) -> Function:
    def both(_: Evaluation, left: int, right: int) -> int:
        if left.__class__ is not right.__class__:
            raise do_not_go(name, left, right)
        return UInt(run(left, right)) if left.__class__ is UInt else int(run(left, right))

    return Function((WHOLE, WHOLE), both)


def _shifted(value: int, by: int, *, left: bool) -> int:
    if by < 0:
        raise Fault("a shift is not negative")
    if by > 63:
        return value.__class__(0)
    bits = int(value) & GREATEST_UINT
    moved = (bits << by) & GREATEST_UINT if left else bits >> by
    if value.__class__ is UInt:
        return UInt(moved)
    return moved - 2**64 if moved >= 2**63 else moved


def _shift_left(_: Evaluation, value: int, by: int) -> int:
    return _shifted(value, by, left=True)


def _shift_right(_: Evaluation, value: int, by: int) -> int:
    return _shifted(value, by, left=False)


def _bit_not(_: Evaluation, value: int) -> int:
    return unsigned(GREATEST_UINT ^ value) if value.__class__ is UInt else ~value


FUNCTIONS = {
    "sum": Function((LIST,), _sum),
    "avg": Function((LIST,), _avg),
    "math.@max": Function((ANY,), _greatest),
    "math.@min": Function((ANY,), _least),
    "math.ceil": Function((DOUBLE,), _whole(math.ceil)),
    "math.floor": Function((DOUBLE,), _whole(math.floor)),
    "math.trunc": Function((DOUBLE,), _whole(math.trunc)),
    "math.round": Function((DOUBLE,), _round),
    "math.abs": Function((NUMBER,), _abs),
    "math.sign": Function((NUMBER,), _sign),
    "math.sqrt": Function((NUMBER,), _sqrt),
    "math.isInf": Function((DOUBLE,), lambda _, value: math.isinf(value)),
    "math.isNaN": Function((DOUBLE,), lambda _, value: math.isnan(value)),
    "math.isFinite": Function((DOUBLE,), lambda _, value: math.isfinite(value)),
    "math.bitAnd": _bitwise("math.bitAnd", lambda left, right: left & right),
    "math.bitOr": _bitwise("math.bitOr", lambda left, right: left | right),
    "math.bitXor": _bitwise("math.bitXor", lambda left, right: left ^ right),
    "math.bitNot": Function((WHOLE,), _bit_not),
    "math.bitShiftLeft": Function((WHOLE, INT), _shift_left),
    "math.bitShiftRight": Function((WHOLE, INT), _shift_right),
}
