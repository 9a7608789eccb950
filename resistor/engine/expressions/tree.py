"""An expression as a tree, macros expanded. Made by `wire.py`, read by `naming.py` and `planning/`.

The shapes are those of CEL's own `cel.expr.Expr` (github.com/google/cel-spec, proto/cel/expr/syntax.proto).
Every node knows where in the text it stands.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec


class Const(msgspec.Struct, frozen=True):
    """A literal."""

    at: int
    value: Any


class Name(msgspec.Struct, frozen=True):
    """A variable, a loop's variable, or a type."""

    at: int
    name: str


class Select(msgspec.Struct, frozen=True):
    """`of.field`, or `has(of.field)`."""

    at: int
    of: Node
    field: str
    is_test: bool


class Call(msgspec.Struct, frozen=True):
    """A function or an operator (`_+_`). A method's target is its first argument."""

    at: int
    function: str
    args: tuple[Node, ...]
    is_method: bool


class ListOf(msgspec.Struct, frozen=True):
    """`[a, ?b]`; `optional` are the positions with a question mark."""

    at: int
    items: tuple[Node, ...]
    optional: frozenset[int]


class MapOf(msgspec.Struct, frozen=True):
    """`{a: b, ?c: d}` as (key, value, is optional)."""

    at: int
    entries: tuple[tuple[Node, Node, bool], ...]


class Loop(msgspec.Struct, frozen=True):
    """What `map`, `filter`, `all`, `exists`, `exists_one` and `cel.bind` have become."""

    at: int
    variable: str
    over: Node
    accumulator: str
    start: Node
    step: Node
    result: Node


Node = Const | Name | Select | Call | ListOf | MapOf | Loop


def children(node: Node) -> Iterator[Node]:
    """Yield what a node is made of. A loop's own names hold in its `step` and `result` alone."""
    match node:
        case Select():
            yield node.of
        case Call():
            yield from node.args
        case ListOf():
            yield from node.items
        case MapOf():
            for key, value, _ in node.entries:
                yield key
                yield value
        case Loop():
            yield from (node.over, node.start, node.step, node.result)
        case _:
            pass


def weight(node: Node) -> int:
    """Return how many nodes there are: what one evaluation of it is charged in a loop."""
    return 1 + sum(map(weight, children(node)))


def access(node: Node) -> tuple[Node, str, bool] | None:
    """Return (of what, key, is it optional) of `a.b`, `a["b"]`, `a.?b` and `a[?"b"]`; None of all else."""
    match node:
        case Select(of=of, field=field):
            return of, field, False
        case Call(function="_[_]", args=(of, Const(value=str(key)))):
            return of, key, False
        case Call(function="_?._" | "_[?_]", args=(of, Const(value=str(key)))):
            return of, key, True
    return None


def written(node: Node) -> str | None:
    """Return the path that a node was written as, or None if it is no path: for messages."""
    if isinstance(node, Name):
        return None if node.name.startswith("@") else node.name
    match node:
        case Call(function="_[_]", args=(of, Const(value=int(position)))):
            before = written(of)
            return None if before is None else f"{before}[{position}]"
    step = access(node)
    before = None if step is None else written(step[0])
    return None if step is None or before is None else f"{before}.{step[1]}"
