"""Which planner a node goes to; and what literals and names do."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, assert_never

from resistor.engine.expressions.evaluation import Code, Evaluation
from resistor.engine.expressions.mistakes import Fault
from resistor.engine.expressions.naming import TYPES, step_use
from resistor.engine.expressions.planning.calls import plan_call
from resistor.engine.expressions.planning.loops import plan_loop
from resistor.engine.expressions.planning.reading import plan_select, plan_step
from resistor.engine.expressions.planning.scheme import Bound
from resistor.engine.expressions.scope import STEPS
from resistor.engine.expressions.tree import Call, Const, ListOf, Loop, MapOf, Name, Node, Select
from resistor.engine.expressions.values import Kind, Maybe, UInt, do_not_go


def plan(tree: Node, variables: Collection[str]) -> tuple[Code, int]:
    """Return what an expression does, and how many locals it needs. `variables` are all that can be named."""
    planner = _Planner(variables)
    return planner.code(tree, {}), planner.slots


class _Planner:
    """One program in the making."""

    __slots__ = ("_variables", "slots")

    def __init__(self, variables: Collection[str]) -> None:
        self._variables = variables
        self.slots = 0

    def slot(self) -> int:
        self.slots += 1
        return self.slots - 1

    def code(self, node: Node, bound: Bound) -> Code:
        use = None if STEPS in bound else step_use(node)
        if use is not None:
            return plan_step(use)
        match node:
            case Const(value=value):
                return lambda _: value
            case Name(name=name):
                return bound[name] if name in bound else self._name(name)
            case ListOf() | MapOf():
                return self._literal(node, bound)
        return self._operation(node, bound)

    def _operation(self, node: Select | Call | Loop, bound: Bound) -> Code:
        match node:
            case Select():
                return plan_select(node, self, bound)
            case Call():
                return plan_call(node, self, bound)
            case Loop():
                return plan_loop(node, self, bound)
        assert_never(node)

    def _literal(self, node: ListOf | MapOf, bound: Bound) -> Code:
        if isinstance(node, ListOf):
            return _list([self.code(item, bound) for item in node.items], node.optional)
        return _mapping(
            [
                (self.code(key, bound), self.code(value, bound), is_optional)
                for key, value, is_optional in node.entries
            ]
        )

    def _name(self, name: str) -> Code:
        if name in TYPES and name not in self._variables:
            kind = Kind(name)
            return lambda _: kind
        return lambda ev: ev.root(name)


def _list(items: list[Code], optional: frozenset[int]) -> Code:
    if not optional:
        return lambda ev: [item(ev) for item in items]

    def make(ev: Evaluation) -> list[Any]:
        made = []
        for position, item in enumerate(items):
            value = item(ev)
            if position not in optional:
                made.append(value)
            elif _unwrapped(value).is_there:
                made.append(value.value)
        return made

    return make


def _mapping(entries: list[tuple[Code, Code, bool]]) -> Code:
    def make(ev: Evaluation) -> dict[Any, Any]:
        made: dict[Any, Any] = {}
        for key_of, value_of, is_optional in entries:
            key, value = key_of(ev), value_of(ev)
            if key.__class__ not in (str, int, UInt, bool):
                raise do_not_go("a mapping's key", key)
            if is_optional:
                if not _unwrapped(value).is_there:
                    continue
                value = value.value
            if key in made:
                raise Fault(f"the key {str(key)[:80]!r} stands twice in one mapping")
            made[key] = value
        return made

    return make


def _unwrapped(value: Any) -> Maybe:
    if value.__class__ is not Maybe:
        raise do_not_go("?", value)
    return value
