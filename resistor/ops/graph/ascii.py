"""A graph → a tree for a terminal, 80 columns wide.

shop/order.placed@3

● start
├─ charge ─ payments.charge · 5 attempts
├─ ◇ route
│  ├─ [input.amount > 100]
│  │  └─ ask ─ Really?
│  └─ [else]
│     └─ → charge
└─ ● end

A block is a line in brackets with its steps under it; where a step does not go to the next one, an arrow
says where.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from resistor.ops.graph.model import Cluster, EdgeKind, Graph, Member, Node

COLUMNS = 80

_MARKS = {
    "start": "●",
    "finish": "●",
    "failed": "✗",
    "switch": "◇",
    "fork": "⑂",
    "join": "⑃",
    "for": "↻",
    "while": "↻",
    "until": "↻",
    "wait": "◷",
    "listen": "◷",
    "ask": "◷",
    "catch": "!",
    "try": "▽",
    "raise": "✗",
    "end": "■",
    "stop": "■",
    "compensate": "↶",
}


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of the tree, and what hangs under it."""

    text: str
    under: tuple[_Line, ...] = ()


def to_ascii(graph: Graph) -> str:
    """Return the tree."""
    lines = _stack(graph.root.members, _Edges(graph))
    heading = [graph.title, *([graph.description] if graph.description else []), ""]
    return "\n".join(_cut(line) for line in [*heading, *_drawn(lines, "")]) + "\n"


class _Edges:
    """What the tree does not show by itself: jumps, and the conditions of cases."""

    def __init__(self, graph: Graph) -> None:
        names = {node.id: node.title for node in graph.nodes()}
        self.jumps = {
            edge.source: names[edge.target] for edge in graph.edges if edge.kind is EdgeKind.JUMP
        } | {edge.source: "exit" for edge in graph.edges if edge.kind is EdgeKind.EXIT}
        self.labels = {(edge.source, edge.target): edge.label for edge in graph.edges}


def _stack(members: Sequence[Member], edges: _Edges, head: str = "") -> list[_Line]:
    found: list[_Line] = []
    for member in members:
        found += [_node(member, edges)] if isinstance(member, Node) else _cluster(member, edges, head)
    return found


def _cluster(cluster: Cluster, edges: _Edges, head: str) -> list[_Line]:
    """Return the lines of a cluster. `head` is the step that it belongs to."""
    first = next(cluster.walk()).id
    if cluster.kind == "step":
        own, *inside = _stack(cluster.members, edges, first)
        return [_Line(own.text, tuple(inside))]
    lines = _stack(cluster.members, edges, head)
    if cluster.kind == "catch":  # the first line says which errors, and belongs in the brackets
        return [_Line(f"[catch] {lines[0].text}", tuple(lines[1:]))]
    title = edges.labels.get((head, first), "") if cluster.kind == "case" else cluster.title
    return [_Line(f"[{title}]", tuple(lines))] if title else lines


def _node(node: Node, edges: _Edges) -> _Line:
    mark = f"{_MARKS[node.kind]} " if node.kind in _MARKS else ""
    says = " · ".join(node.lines)
    text = f"{mark}{node.title}" + (f" ─ {says}" if says else "")
    target = edges.jumps.get(node.id)
    if target is not None and node.kind != "jump":
        text += f" → {target}"
    return _Line(text)


def _drawn(lines: Sequence[_Line], indent: str) -> Iterator[str]:
    for line in lines:
        is_last = line is lines[-1]
        yield f"{indent}{'└─ ' if is_last else '├─ '}{line.text}"
        yield from _drawn(line.under, indent + ("   " if is_last else "│  "))


def _cut(line: str) -> str:
    if _width(line) <= COLUMNS:
        return line
    kept = line[:COLUMNS]
    while _width(kept) >= COLUMNS:
        kept = kept[:-1]
    return f"{kept}…"


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)
