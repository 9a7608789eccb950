"""Functions on lists: CEL's own, its `lists` and `sets` libraries, `group_by`, `reverse` of text too."""

from __future__ import annotations

from functools import cmp_to_key
from typing import Any

from resistor.engine.expressions.equality import NUMBERS, compare, contains
from resistor.engine.expressions.evaluation import Evaluation
from resistor.engine.expressions.library.function import BYTES, INT, LIST, MAPPING, TEXT, Function, either
from resistor.engine.expressions.mistakes import Fault, Missing
from resistor.engine.expressions.values import NOTHING, Duration, Maybe, Timestamp, UInt, do_not_go

_SORTABLE = (bool, int, float, UInt, str, bytes, Timestamp, Duration)
_HASHED = NUMBERS | {str}
_GROUPABLE = (bool, int, UInt, str)


def _size(_: Evaluation, value: Any) -> int:
    return len(value)


def _range(ev: Evaluation, count: int) -> list[int]:
    ev.spend(max(count, 0))
    return list(range(count))


def _slice(ev: Evaluation, values: list[Any], start: int, end: int) -> list[Any]:
    if not 0 <= start <= end <= len(values):
        raise Fault(f"slice({start}, {end}) is outside a list of {len(values)}")
    ev.spend(end - start)
    return values[start:end]


def _flatten(ev: Evaluation, values: list[Any], depth: int = 1) -> list[Any]:
    if depth < 0:
        raise Fault("flatten: the depth is not negative")
    made: list[Any] = []
    for value in values:
        ev.spend(1)
        if value.__class__ is list and depth > 0:
            made.extend(_flatten(ev, value, depth - 1))
        else:
            made.append(value)
    return made


def _distinct(ev: Evaluation, values: list[Any]) -> list[Any]:
    """Text and numbers are told apart by their hash; all else one by one, which the budget bounds."""
    ev.spend(2 * len(values))
    seen: set[Any] = set()
    others: list[Any] = []
    made = []
    for value in values:
        if value.__class__ in _HASHED:
            is_new = value not in seen
            seen.add(value)
        else:
            is_new = not contains(ev, others, value)
            if is_new:
                others.append(value)
        if is_new:
            made.append(value)
    return made


def _reverse(ev: Evaluation, value: Any) -> Any:
    ev.spend(len(value))
    return value[::-1]


def _sort(ev: Evaluation, values: list[Any]) -> list[Any]:
    return _sort_by(ev, values, values)


def _sort_by(ev: Evaluation, values: list[Any], keys: list[Any]) -> list[Any]:
    ev.spend(len(keys) * 16)
    kind = keys[0].__class__ if keys else None
    for key in keys:
        if key.__class__ not in _SORTABLE or (key.__class__ is not kind and not _are_numbers(key, keys[0])):
            raise do_not_go("sort", key)
    order = cmp_to_key(lambda left, right: compare(ev, "sort", left, right))
    return [values[at] for at in sorted(range(len(keys)), key=lambda at: order(keys[at]))]


def _are_numbers(*values: Any) -> bool:
    return all(value.__class__ in NUMBERS for value in values)


def _first(_: Evaluation, values: list[Any]) -> Maybe:
    return Maybe(values[0], is_there=True) if values else NOTHING


def _last(_: Evaluation, values: list[Any]) -> Maybe:
    return Maybe(values[-1], is_there=True) if values else NOTHING


def _holds(ev: Evaluation, values: list[Any], sought: list[Any]) -> bool:
    return all(contains(ev, values, each) for each in sought)


def _equivalent(ev: Evaluation, left: list[Any], right: list[Any]) -> bool:
    return _holds(ev, left, right) and _holds(ev, right, left)


def _intersects(ev: Evaluation, left: list[Any], right: list[Any]) -> bool:
    return any(contains(ev, right, each) for each in left)


def _group_by(ev: Evaluation, values: list[Any], key: str) -> dict[str, list[Any]]:
    """Give each value of `key` the elements that have it, in the order in which they came."""
    ev.spend(2 * len(values))
    groups: dict[str, list[Any]] = {}
    for position, value in enumerate(values):
        if value.__class__ is not dict:
            raise do_not_go("group_by", value)
        if key not in value:
            raise Missing(f"group_by: element {position} has no {key}")
        group = value[key]
        if group.__class__ not in _GROUPABLE:
            raise do_not_go("group_by", group)
        name = ("false", "true")[group] if group.__class__ is bool else str(group)
        groups.setdefault(name, []).append(value)
    return groups


FUNCTIONS = {
    "size": Function((either(TEXT, BYTES, LIST, MAPPING),), _size),
    "lists.range": Function((INT,), _range),
    "slice": Function((LIST, INT, INT), _slice),
    "flatten": Function((LIST, INT), _flatten),
    "distinct": Function((LIST,), _distinct),
    "reverse": Function((either(LIST, TEXT),), _reverse),
    "sort": Function((LIST,), _sort),
    "@sortByAssociatedKeys": Function((LIST, LIST), _sort_by),
    "first": Function((LIST,), _first),
    "last": Function((LIST,), _last),
    "sets.contains": Function((LIST, LIST), _holds),
    "sets.equivalent": Function((LIST, LIST), _equivalent),
    "sets.intersects": Function((LIST, LIST), _intersects),
    "group_by": Function((LIST, TEXT), _group_by),
}
