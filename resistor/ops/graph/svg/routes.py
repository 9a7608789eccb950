"""Which way each edge goes, by the structure alone.

Called by layout, which makes room for the lanes, and by drawing. An edge climbs from its node out of the
clusters that do not hold its target, crosses in the one that holds both, and arrives from above. Pieces of
the way that several edges share are there once.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from resistor.ops.graph.model import Cluster, Edge, EdgeKind, Graph, Node

Style = tuple[str, EdgeKind]
"""A label, and the kind of edge."""


@dataclass(frozen=True, slots=True)
class Lane:
    """A way down (or up) the right side of a stack.

    It begins at the right of `node`, or under member `index` where `node` is None; it ends at the right of
    the node `target`, or at the foot of the stack where that is None.
    """

    index: int
    node: str | None
    target: str | None
    label: str = ""
    kind: EdgeKind = EdgeKind.FLOW


@dataclass(slots=True)
class Ways:
    """What is drawn inside one cluster. Numbers are positions of its members."""

    down: dict[int, Style] = field(default_factory=dict)  # a stack: from this member to the next
    lanes: dict[Lane, None] = field(default_factory=dict)  # a stack: beside its members
    has_tail: bool = False  # a stack: from the last member to its foot
    enter: dict[int, Style] = field(default_factory=dict)  # columns: from above into this one
    merge: dict[int, EdgeKind] = field(default_factory=dict)  # columns: from this one to their foot


Steps = list[tuple[Cluster, int]]


class Routes:
    """The ways of a graph, by cluster."""

    def __init__(self, graph: Graph) -> None:
        """Route every edge, but for compensations and for the jumps of boxes that name their target.

        Such a box stands in a column, beside others that do go on: its line would look like theirs.
        """
        says_where = {node.id for node in graph.nodes() if node.kind == "jump"}
        self._above: dict[str, Steps] = {}
        self._ways: dict[str, Ways] = {}
        self._note(graph.root, [])
        for edge in graph.edges:
            if edge.kind is not EdgeKind.UNDO and edge.source not in says_where:
                self._route(edge)

    def of(self, cluster: Cluster) -> Ways:
        """Return the ways inside `cluster`."""
        return self._ways[cluster.id]

    def _note(self, cluster: Cluster, above: Steps) -> None:
        self._ways[cluster.id] = Ways()
        for index, member in enumerate(cluster.members):
            here = [*above, (cluster, index)]
            if isinstance(member, Node):
                self._above[member.id] = here
            else:
                self._note(member, here)

    def _route(self, edge: Edge) -> None:
        source, target = self._above[edge.source], self._above[edge.target]
        shared = 0
        deepest = min(len(source), len(target)) - 1  # a step may jump to itself
        while shared < deepest and source[shared][1] == target[shared][1]:
            shared += 1
        label = edge.label
        for cluster, index in reversed(source[shared + 1 :]):
            label = self._climb(edge, cluster, index, label)
        self._cross(edge, source[shared:], target[shared:], label)

    def _climb(self, edge: Edge, cluster: Cluster, index: int, label: str) -> str:
        """Go from a member to its cluster's foot. Returns the label, unless it was written on the way."""
        ways = self.of(cluster)
        if cluster.is_columns:
            ways.merge.setdefault(index, edge.kind)
        elif index == len(cluster.members) - 1:
            ways.has_tail = True
        else:
            lane = Lane(index, self._side(edge, cluster, index), None, label, edge.kind)
            ways.lanes.setdefault(lane)
            return ""
        return label

    def _cross(self, edge: Edge, source: Steps, target: Steps, label: str) -> None:
        cluster, index = source[0]
        towards = target[0][1]
        ways = self.of(cluster)
        if towards == index + 1 and not cluster.is_columns:
            ways.down.setdefault(index, ("", edge.kind) if self._enters(target) else (label, edge.kind))
        else:
            ways.lanes.setdefault(
                Lane(index, self._side(edge, cluster, index), edge.target, label, edge.kind)
            )
        for inner, column in target[1:]:
            if inner.is_columns:
                ways = self.of(inner)
                ways.enter.setdefault(column, (label, edge.kind))

    def _enters(self, target: Steps) -> bool:
        """Tell whether the way goes on into a column, where the label is written."""
        return any(cluster.is_columns for cluster, _ in target[1:])

    def _side(self, edge: Edge, cluster: Cluster, index: int) -> str | None:
        """Return the edge's node, where its right side is free up to the side of `cluster`."""
        member = cluster.members[index]
        return edge.source if isinstance(member, Node) or next(member.walk()).id == edge.source else None
