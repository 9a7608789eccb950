"""Jumps that go round and round without letting time pass.

Called by the check of jump loops. A loop is named once, by a short way round; what else is tangled up with it
is found when that is mended.
"""

from __future__ import annotations

from collections.abc import Iterator

from resistor.catalog.checks.control_flow.flow import Flow
from resistor.catalog.checks.control_flow.graph import Edge


def loops_of(flow: Flow) -> Iterator[list[Edge]]:
    """Yield a way round for each tangle of loops without a pause. The last edge is the jump back."""
    for tangle in _tangles(flow):
        back = next((edge for edge in _within(flow, tangle) if edge.is_back), None)
        if back is not None:
            if back.source == back.target:
                yield [back]
            else:
                yield [*flow.graph.shortest(back.target, back.source, _is_restless), back]


def _is_restless(edge: Edge) -> bool:
    return not edge.outcome.pauses


def _within(flow: Flow, tangle: set[int]) -> Iterator[Edge]:
    for position in sorted(tangle):
        for edge in flow.graph.leaving(position):
            if edge.target in tangle and _is_restless(edge):
                yield edge


def _tangles(flow: Flow) -> list[set[int]]:
    """Return the strongly connected parts of the graph without pauses, by Kosaraju's two passes."""
    forward: list[list[int]] = [[] for _ in range(flow.graph.end + 1)]
    backward: list[list[int]] = [[] for _ in range(flow.graph.end + 1)]
    for leaving in flow.graph.edges:
        for edge in leaving:
            if _is_restless(edge) and flow.is_reached(edge.source):
                forward[edge.source].append(edge.target)
                backward[edge.target].append(edge.source)
    seen, taken = bytearray(len(forward)), bytearray(len(forward))
    finished = [node for root in range(len(forward)) for node in _finished(forward, root, seen)]
    parts = [set(_finished(backward, node, taken)) for node in reversed(finished)]
    return sorted((part for part in parts if part), key=min)


def _finished(successors: list[list[int]], root: int, seen: bytearray) -> list[int]:
    """Return the unseen nodes that are reached from `root`, in the order in which a search leaves them."""
    if seen[root]:
        return []
    seen[root] = True
    found = []
    stack = [(root, iter(successors[root]))]
    while stack:
        node, rest = stack[-1]
        each = next((each for each in rest if not seen[each]), None)
        if each is None:
            stack.pop()
            found.append(node)
        else:
            seen[each] = True
            stack.append((each, iter(successors[each])))
    return found
