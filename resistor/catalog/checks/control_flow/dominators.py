"""Which nodes of a graph stand on every way from its root to another.

Called by flow. The algorithm of Lengauer and Tarjan (1979) in its simple form, O(m log n): a definition
file may hold ten thousand steps, and sets of steps at each of them would be gigabytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

Successors = Sequence[Sequence[int]]


@dataclass(frozen=True, slots=True)
class Dominators:
    """The tree of dominators, as intervals: what is inside a node's interval is dominated by it."""

    _first: list[int]
    _behind: list[int]

    def is_reached(self, node: int) -> bool:
        """Say whether any way leads to the node."""
        return self._first[node] >= 0

    def dominates(self, node: int, other: int) -> bool:
        """Say whether every way to `other` leads through `node`. False where there is no way."""
        return 0 <= self._first[node] <= self._first[other] < self._behind[node]


def dominators(successors: Successors, root: int) -> Dominators:
    """Work out the dominators of a graph of nodes 0, 1, 2 …"""
    order, parents = _depth_first(successors, root)
    immediate = _immediate(_predecessors(successors, order), parents)
    size = [1] * len(order)
    for number in range(len(order) - 1, 0, -1):
        size[immediate[number]] += size[number]
    first, behind = [-1] * len(successors), [-1] * len(successors)
    starts, free = [0] * len(order), [1] * len(order)
    for number, node in enumerate(order):
        if number:
            dominator = immediate[number]  # is numbered lower, and so has its interval already
            starts[number] = free[dominator]
            free[dominator] += size[number]
            free[number] = starts[number] + 1
        first[node], behind[node] = starts[number], starts[number] + size[number]
    return Dominators(first, behind)


def _depth_first(successors: Successors, root: int) -> tuple[list[int], list[int]]:
    """Return the nodes that are reached in depth-first order, and by that number each one's parent's."""
    order: list[int] = []
    parents: list[int] = []
    numbers = [-1] * len(successors)
    stack = [(root, 0)]
    while stack:
        node, parent = stack.pop()
        if numbers[node] >= 0:
            continue
        numbers[node] = len(order)
        order.append(node)
        parents.append(parent)
        stack += [(each, numbers[node]) for each in reversed(successors[node]) if numbers[each] < 0]
    return order, parents


def _predecessors(successors: Successors, order: list[int]) -> list[list[int]]:
    numbers = {node: number for number, node in enumerate(order)}
    found: list[list[int]] = [[] for _ in order]
    for number, node in enumerate(order):
        for each in successors[node]:
            found[numbers[each]].append(number)
    return found


def _immediate(predecessors: list[list[int]], parents: list[int]) -> list[int]:
    """Return each node's immediate dominator, all by their depth-first numbers."""
    count = len(parents)
    semi, immediate = list(range(count)), [0] * count
    forest = _Forest(semi)
    waiting: list[list[int]] = [[] for _ in range(count)]
    for node in range(count - 1, 0, -1):
        semi[node] = min(semi[forest.lowest(each)] for each in predecessors[node])
        waiting[semi[node]].append(node)
        forest.link(node, parents[node])
        for each in waiting[parents[node]]:
            lowest = forest.lowest(each)
            immediate[each] = lowest if semi[lowest] < semi[each] else parents[node]
        waiting[parents[node]].clear()
    for node in range(1, count):
        if immediate[node] != semi[node]:
            immediate[node] = immediate[immediate[node]]
    return immediate


class _Forest:
    """The trees joined so far, with paths that get shorter each time they are walked."""

    def __init__(self, semi: list[int]) -> None:
        self._semi = semi
        self._ancestor = [-1] * len(semi)
        self._label = list(range(len(semi)))

    def link(self, node: int, parent: int) -> None:
        self._ancestor[node] = parent

    def lowest(self, node: int) -> int:
        """Return the node of the lowest semidominator between `node` and the root of its tree."""
        way = []
        each = node
        while self._ancestor[each] >= 0 and self._ancestor[self._ancestor[each]] >= 0:
            way.append(each)
            each = self._ancestor[each]
        for each in reversed(way):
            above = self._ancestor[each]
            if self._semi[self._label[above]] < self._semi[self._label[each]]:
                self._label[each] = self._label[above]
            self._ancestor[each] = self._ancestor[above]
        return self._label[node]
