"""What a renderer is given: nodes in nested clusters, and edges between nodes.

Made by building. A cluster is a stack (its members run one after the other) or columns (its members stand
side by side), because workflows are made of nothing else: a renderer that places things itself needs to
know no more. The text in it is as the author wrote it, on one line each: every renderer escapes for itself.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum


class EdgeKind(StrEnum):
    """Why one node comes after another."""

    FLOW = "flow"
    JUMP = "jump"  # `then`
    EXIT = "exit"  # `then: exit`
    AGAIN = "again"  # the next round of a loop
    ERROR = "error"  # to what is done about a failure
    UNDO = "undo"  # from a step to its compensation: no order in time


@dataclass(frozen=True, slots=True)
class Node:
    """One box. `id` is the step's path, unique in the graph; `kind` a kind of step, or a mark of ours."""

    id: str
    kind: str
    title: str
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Cluster:
    """Members, one after the other or in columns. One with a `title` is a block with a frame around it."""

    id: str
    kind: str
    members: tuple[Member, ...]
    title: str = ""
    is_columns: bool = False

    def walk(self) -> Iterator[Node]:
        """Yield every node inside, in order."""
        for member in self.members:
            if isinstance(member, Node):
                yield member
            else:
                yield from member.walk()


Member = Node | Cluster


@dataclass(frozen=True, slots=True)
class Edge:
    """One node after another, by their ids."""

    source: str
    target: str
    label: str = ""
    kind: EdgeKind = EdgeKind.FLOW


@dataclass(frozen=True, slots=True)
class Graph:
    """A workflow. `title` is `namespace/workflow@version`."""

    title: str
    description: str
    root: Cluster
    edges: tuple[Edge, ...]

    def nodes(self) -> Iterator[Node]:
        """Yield every node, in order."""
        return self.root.walk()


def as_json(graph: Graph) -> str:
    """Return the graph for programs: nodes with the frames they are in, and edges."""
    found = {
        "title": graph.title,
        "description": graph.description,
        "nodes": list(_nodes(graph.root, [])),
        "edges": [asdict(edge) for edge in graph.edges],
    }
    return json.dumps(found, indent=2, ensure_ascii=False) + "\n"


def _nodes(cluster: Cluster, frames: list[str]) -> Iterator[dict[str, object]]:
    inside = [*frames, cluster.id] if cluster.title else frames
    for member in cluster.members:
        if isinstance(member, Node):
            yield {**asdict(member), "inside": inside}
        else:
            yield from _nodes(member, inside)
