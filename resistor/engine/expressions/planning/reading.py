"""Reading from a value: `a.b`, `a[b]`, `a.?b`, `has(a.b)`, and steps.

What is not there is `Missing`, with the path as it was written. `has(…)` is true if all of its path is there
and false if any of it is not; it never fails for that.
"""

from __future__ import annotations

from typing import Any

from resistor.engine.expressions.evaluation import Code, Evaluation
from resistor.engine.expressions.mistakes import Missing
from resistor.engine.expressions.naming import StepUse
from resistor.engine.expressions.path import step_part, whole_step
from resistor.engine.expressions.planning.scheme import Bound, Scheme
from resistor.engine.expressions.tree import Call, Node, Select, written
from resistor.engine.expressions.values import NOTHING, Maybe, UInt, do_not_go

_KEYS = frozenset({str, int, UInt, bool})


def plan_select(node: Select, scheme: Scheme, bound: Bound) -> Code:
    """`of.field`, `has(of.field)`."""
    of, field = scheme.code(node.of, bound), node.field
    if node.is_test:
        return _test(of, field)
    missing = _missing(node, field)

    def read(ev: Evaluation) -> Any:
        value = of(ev)
        if value.__class__ is dict and field in value:
            return value[field]
        if value.__class__ is Maybe:
            return _look(value, field, ".")
        raise Missing(missing)

    return read


def plan_index(node: Call, scheme: Scheme, bound: Bound) -> Code:
    """`of[key]`."""
    of, key = (scheme.code(each, bound) for each in node.args)
    path = written(node)

    def read(ev: Evaluation) -> Any:
        value, at = of(ev), key(ev)
        if value.__class__ is Maybe:
            return _look(value, at, "[]")
        found = _look(value, at, "[]")
        if found.is_there:
            return found.value
        raise Missing(f"there is no {path}" if path else _nowhere(value, at))

    return read


def plan_optional(node: Call, scheme: Scheme, bound: Bound) -> Code:
    """`of.?field`, `of[?key]`."""
    of, key = (scheme.code(each, bound) for each in node.args)
    name = ".?" if node.function == "_?._" else "[?]"

    def read(ev: Evaluation) -> Maybe:
        return _look(of(ev), key(ev), name)

    return read


def plan_step(use: StepUse) -> Code:
    """`steps.x`, `steps.x.output`, `steps.?x`, `has(steps.x.output)`: asked of the scope, part by part."""
    step, part = use.id, use.part

    def read(ev: Evaluation) -> Any:
        return whole_step(ev.scope, step) if part is None else step_part(ev.scope, step, part)

    def test(ev: Evaluation) -> bool:
        return ev.scope.has_step(step) and (part is None or _is_there(read, ev))

    def look(ev: Evaluation) -> Maybe:
        if use.is_optional and not ev.scope.has_step(step):
            return NOTHING
        if part is not None and not ev.scope.has_step(step):
            raise Missing(f"steps.{step} has not run")
        try:
            return Maybe(read(ev), is_there=True)
        except Missing:
            return NOTHING

    if use.is_test:
        return test
    return look if use.is_optional or use.is_optional_part else read


def _is_there(read: Code, ev: Evaluation) -> bool:
    try:
        read(ev)
    except Missing:
        return False
    return True


def _test(of: Code, field: str) -> Code:
    def test(ev: Evaluation) -> bool:
        try:
            value = of(ev)
        except Missing:
            return False
        if value.__class__ is Maybe:
            value = value.value
        return value.__class__ is dict and field in value

    return test


def _look(value: Any, key: Any, name: str) -> Maybe:
    """Return what is at `key`, if anything is. In null and in an optional without a value nothing is."""
    if value.__class__ is Maybe:
        return _look(value.value, key, name) if value.is_there else NOTHING
    if value.__class__ is dict:
        if key.__class__ is float and key.is_integer():
            key = int(key)
        is_there = key.__class__ in _KEYS and key in value
        return Maybe(value[key], is_there=True) if is_there else NOTHING
    if value.__class__ is list:
        at = _position(value, key, name)
        return Maybe(value[at], is_there=True) if 0 <= at < len(value) else NOTHING
    if value is None and name != "[]":
        return NOTHING
    if key.__class__ is str and name != "[]":
        return NOTHING
    raise do_not_go(name, value, key)


def _position(values: list[Any], key: Any, name: str) -> int:
    if key.__class__ is int or key.__class__ is UInt or (key.__class__ is float and key.is_integer()):
        return int(key)
    raise do_not_go(name, values, key)


def _missing(node: Node, field: str) -> str:
    path = written(node)
    return f"there is no {path}" if path else f"there is no key {field!r}"


def _nowhere(value: Any, key: Any) -> str:
    if value.__class__ is list:
        return f"there is no element {key} in a list of {len(value)}"
    return f"there is no key {str(key)[:80]!r}"
