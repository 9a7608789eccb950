"""What must, may and cannot have happened when a place in a list of steps is reached.

Called by the checks. A *position* is a step's `index`, or one of the graph's two ends; what is asked of a
position is asked of the moment when its step begins.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

from resistor.catalog.blocks import Blocks
from resistor.catalog.checks.control_flow.dominators import Dominators, dominators
from resistor.catalog.checks.control_flow.graph import Edge, Graph, graph_of
from resistor.catalog.checks.control_flow.outcomes import Summary
from resistor.catalog.places import KeyPath


@dataclass(frozen=True)
class Flow:
    """The ways through a block, and what is certain on all of them."""

    graph: Graph

    def is_reached(self, position: int) -> bool:
        """Say whether any way leads there."""
        return self._dominators.is_reached(position)

    def surely_ran(self, step: int, position: int) -> bool:
        """Say whether a step has been passed on every way to a position: it ran, or was skipped."""
        return step != position and self._dominators.dominates(step, position)

    def surely_gave(self, step: int, position: int) -> bool:
        """Say whether a step's output is there on every way to a position."""
        return self._dominators.dominates(self._given(step), position)

    def can_have_run(self, step: int, position: int) -> bool:
        """Say whether a step has been passed on some way to a position."""
        if not self.is_reached(step):
            return False
        return self.surely_ran(step, position) or self.graph.reaches(step, position)

    def way_without(self, step: int, position: int, *, output: bool) -> list[Edge]:
        """Return a way to a position on which a step does not run (`output`: gives nothing)."""

        def usable(edge: Edge) -> bool:
            return edge.source != step or (output and not edge.outcome.gives)

        return self.graph.shortest(0, position, usable)

    @cached_property
    def summary(self) -> Summary:
        """What is known of the block, for the step that holds it."""
        if not self.graph.is_certain:
            return Summary(ends=self.is_reached(self.graph.end))
        return Summary(
            goes_on=self.is_reached(self.graph.exit),
            gives=self._is_certain(lambda edge: edge.outcome.gives),
            pauses=self._is_certain(lambda edge: edge.outcome.pauses),
            ends=self.is_reached(self.graph.end),
        )

    def _is_certain(self, holds: Callable[[Edge], bool]) -> bool:
        """Say whether on every way to the end of the list there is an edge of which something holds."""
        seen = {0}
        waiting = [0]
        while waiting:
            position = waiting.pop()
            if position == self.graph.exit:
                return False
            for edge in self.graph.leaving(position):
                if edge.target not in seen and not holds(edge):
                    seen.add(edge.target)
                    waiting.append(edge.target)
        return True

    def _given(self, step: int) -> int:
        """Return the node that stands for "this step has given its output"."""
        return self.graph.end + 1 + step

    @cached_property
    def _dominators(self) -> Dominators:
        successors: list[list[int]] = [[] for _ in range(self.graph.end + 1 + len(self.graph.edges))]
        for step, leaving in enumerate(self.graph.edges):
            given = self._given(step)
            if any(edge.outcome.gives for edge in leaving):
                successors[step].append(given)
            for edge in leaving:
                successors[given if edge.outcome.gives else step].append(edge.target)
        return dominators(successors, 0)


def flows_of(blocks: Blocks) -> Mapping[KeyPath, Flow]:
    """Work out the flow of every block, by its path: inner ones first, which outer ones are made of."""
    flows: dict[KeyPath, Flow] = {}
    known: dict[KeyPath, dict[str, Summary]] = {}
    for block in reversed(blocks.all):
        flow = Flow(graph_of(block, known))
        flows[block.path] = flow
        if block.owner is not None:
            known.setdefault(block.owner.path, {})[block.label] = flow.summary
    return flows
