"""`map`, `filter`, `all`, `exists`, `exists_one`, `cel.bind`: known by the shape that their macros leave.

A round costs the evaluation the weight of the loop's body. The loops of the other macros (`sortBy`, `optMap`)
are made of these.
"""

from __future__ import annotations

from typing import Any

from resistor.engine.expressions.evaluation import Code, Evaluation
from resistor.engine.expressions.mistakes import BadExpression, Fault
from resistor.engine.expressions.planning.scheme import Bound, Scheme
from resistor.engine.expressions.tree import Call, Const, ListOf, Loop, Name, Node, weight
from resistor.engine.expressions.values import said
from resistor.errors import ExpressionError

_UNUSED = "#unused"
_UNSET = object()


def plan_loop(node: Loop, scheme: Scheme, bound: Bound) -> Code:
    """Return what a loop does. Raises `BadExpression` for a shape that no macro leaves."""
    if node.variable == _UNUSED:
        return _bind(node, scheme, bound)
    step, accumulator = node.step, node.accumulator
    match step:
        case Call(function="_&&_" | "_||_", args=(Name(name=name), body)) if name == accumulator:
            return _quantifier(node, body, scheme, bound)
        case Call(function="_+_", args=(Name(name=name), ListOf(items=(item,)))) if name == accumulator:
            return _map(node, None, item, scheme, bound)
        case Call(function="_?_:_", args=(condition, Call(function="_+_", args=(Name(), grown)), Name())):
            if isinstance(grown, ListOf) and len(grown.items) == 1:
                return _map(node, condition, grown.items[0], scheme, bound)
            if isinstance(grown, Const) and grown.value == 1:
                return _only_one(node, condition, scheme, bound)
    raise BadExpression("this kind of loop is not known here", node.at)


def _bind(node: Loop, scheme: Scheme, bound: Bound) -> Code:
    """`cel.bind(name, start, result)`: `start` is evaluated when it is first read, once, also if it fails."""
    slot, start = scheme.slot(), scheme.code(node.start, bound)

    def read(ev: Evaluation) -> Any:
        value = ev.locals[slot]
        if value is _UNSET:
            try:
                value = start(ev)
            except ExpressionError as error:
                value = _Failure(error)
            ev.locals[slot] = value
        if value.__class__ is _Failure:
            raise value.error.with_traceback(None)
        return value

    result = scheme.code(node.result, {**bound, node.accumulator: read})

    def bind(ev: Evaluation) -> Any:
        ev.locals[slot] = _UNSET
        return result(ev)

    return bind


class _Failure:
    """What `cel.bind` keeps of a value that could not be computed."""

    __slots__ = ("error",)

    def __init__(self, error: ExpressionError) -> None:
        self.error = error


def _inside(node: Loop, scheme: Scheme, bound: Bound) -> tuple[int, Bound]:
    slot = scheme.slot()

    def read(ev: Evaluation) -> Any:
        return ev.locals[slot]

    return slot, {**bound, node.variable: read}


def _quantifier(node: Loop, body: Node, scheme: Scheme, bound: Bound) -> Code:
    """`all`, `exists`: an element that decides it outweighs one that fails, whichever comes first."""
    over, cost = scheme.code(node.over, bound), weight(body)
    slot, inside = _inside(node, scheme, bound)
    is_true, decisive = scheme.code(body, inside), isinstance(node.start, Const) and node.start.value is False

    def decide(ev: Evaluation) -> bool:
        failed: ExpressionError | None = None
        for item in _items(over(ev)):
            ev.spend(cost)
            ev.locals[slot] = item
            try:
                found = _truth(is_true(ev))
            except ExpressionError as error:
                failed = failed or error
                continue
            if found is decisive:
                return decisive
        if failed is not None:
            raise failed
        return not decisive

    return decide


def _map(node: Loop, condition: Node | None, item: Node, scheme: Scheme, bound: Bound) -> Code:
    """`map`, `filter`, and `map` with a condition: a list that grows in place."""
    over = scheme.code(node.over, bound)
    cost = weight(item) + (0 if condition is None else weight(condition))
    slot, inside = _inside(node, scheme, bound)
    make = scheme.code(item, inside)
    is_wanted = None if condition is None else scheme.code(condition, inside)

    def collect(ev: Evaluation) -> list[Any]:
        items = _items(over(ev))
        ev.spend(cost * len(items))
        made = []
        for each in items:
            ev.locals[slot] = each
            if is_wanted is None or _truth(is_wanted(ev)):
                made.append(make(ev))
        return made

    return collect


def _only_one(node: Loop, condition: Node, scheme: Scheme, bound: Bound) -> Code:
    over, cost = scheme.code(node.over, bound), weight(condition)
    slot, inside = _inside(node, scheme, bound)
    is_wanted = scheme.code(condition, inside)

    def count(ev: Evaluation) -> bool:
        items = _items(over(ev))
        ev.spend(cost * len(items))
        found = 0
        for each in items:
            ev.locals[slot] = each
            found += _truth(is_wanted(ev))
        return found == 1

    return count


def _items(value: Any) -> list[Any]:
    if value.__class__ is list or value.__class__ is dict:
        return list(value)
    raise Fault(f"only a list or a mapping can be gone through, not {said(value)}")


def _truth(value: Any) -> bool:
    if value.__class__ is bool:
        return bool(value)
    raise Fault(f"a condition is true or false, not {said(value)}")
