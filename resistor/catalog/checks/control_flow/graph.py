"""The steps of a list, joined by how each can end.

Called by flow. Positions in the graph: the steps by `index`, then the end of the list, then the end of the
run.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from resistor.catalog.blocks import RawBlock
from resistor.catalog.checks.control_flow.outcomes import Outcome, Summary, outcomes_of
from resistor.catalog.places import KeyPath
from resistor.engine.workflow import END, EXIT


@dataclass(frozen=True, slots=True)
class Edge:
    """From a step to where it may lead. `outcome` says how it ended."""

    source: int
    target: int
    outcome: Outcome

    @property
    def is_back(self) -> bool:
        """Whether it leads to the step itself or to one above."""
        return self.target <= self.source


@dataclass(frozen=True)
class Graph:
    """The ways through a block.

    `is_certain` is false where a `then` leads nowhere: what else is wrong then only follows from that.
    """

    block: RawBlock
    edges: tuple[tuple[Edge, ...], ...]
    is_certain: bool

    @property
    def exit(self) -> int:
        """The end of the list."""
        return len(self.block.steps)

    @property
    def end(self) -> int:
        """The end of the run, come to from inside the list."""
        return len(self.block.steps) + 1

    def leaving(self, position: int) -> tuple[Edge, ...]:
        """Return the edges from a position; none from an end."""
        return self.edges[position] if position < len(self.edges) else ()

    def reaches(self, source: int, target: int) -> bool:
        """Say whether a way leads from a step to a position, itself included only by a loop."""
        if source < target <= self._straight[source]:
            return True
        seen = bytearray(self.end + 1)
        waiting = [source]
        while waiting:
            for edge in self.leaving(waiting.pop()):
                if edge.target == target:
                    return True
                if not seen[edge.target]:
                    seen[edge.target] = True
                    waiting.append(edge.target)
        return False

    def shortest(self, source: int, target: int, usable: Callable[[Edge], bool]) -> list[Edge]:
        """Return a shortest way between positions by usable edges, or nothing where there is none."""
        came_by: dict[int, Edge] = {}
        waiting = deque([source])
        while waiting:
            for edge in self.leaving(waiting.popleft()):
                if edge.target not in came_by and usable(edge):
                    came_by[edge.target] = edge
                    waiting.append(edge.target)
            if target in came_by:
                break
        return list(_way(came_by, source, target))[::-1]

    @cached_property
    def _straight(self) -> list[int]:
        """By step: how far one gets from it by always going on to the next."""
        found = list(range(self.exit + 1))
        for position in range(self.exit - 1, -1, -1):
            if any(edge.target == position + 1 for edge in self.edges[position]):
                found[position] = found[position + 1]
        return found


def _way(came_by: Mapping[int, Edge], source: int, target: int) -> Iterator[Edge]:
    """Yield the edges of a way from its end to its begin."""
    position = target
    while position in came_by:
        edge = came_by[position]
        yield edge
        position = edge.source
        if position == source:
            return


def graph_of(block: RawBlock, inner: Mapping[KeyPath, Mapping[str, Summary]]) -> Graph:
    """Join the steps of a block. `inner` is what is known of the blocks inside, by step and label."""
    edges: list[tuple[Edge, ...]] = []
    is_certain = True
    for step in block.steps:
        leaving = []
        for outcome in outcomes_of(step, inner.get(step.path, {})):
            target = _target(block, step.index, outcome.then)
            is_certain = is_certain and target is not None
            leaving.append(Edge(step.index, step.index + 1 if target is None else target, outcome))
        edges.append(tuple(leaving))
    return Graph(block, tuple(edges), is_certain)


def _target(block: RawBlock, position: int, then: str | None) -> int | None:
    if then is None:
        return position + 1
    if then == EXIT:
        return len(block.steps)
    if then == END:
        return len(block.steps) + 1
    step = block.by_id.get(then)
    return None if step is None else step.index
