"""A graph → Graphviz's dot language.

Every text is a quoted string, in which only quotes and backslashes mean something
(https://graphviz.org/doc/info/lang.html); HTML-like labels are never made.
"""

from __future__ import annotations

from collections.abc import Iterator

from resistor.ops.graph.model import Cluster, Edge, EdgeKind, Graph, Node
from resistor.ops.text import printable

_SHAPES = {
    "start": "circle",
    "finish": "doublecircle",
    "failed": "ellipse",
    "join": "circle",
    "switch": "diamond",
    "for": "hexagon",
    "while": "hexagon",
    "until": "hexagon",
    "emit": "cds",
    "run": "box3d",
    "end": "ellipse",
    "stop": "ellipse",
    "jump": "ellipse",
}
_FILLS = {
    **dict.fromkeys(("module", "run", "emit", "set", "unknown"), "#dbeafe"),
    **dict.fromkeys(("switch", "fork", "join", "for", "while", "until"), "#fef3c7"),
    **dict.fromkeys(("wait", "listen", "ask"), "#e9d5ff"),
    **dict.fromkeys(("raise", "catch", "try", "failed", "compensate"), "#fee2e2"),
}
_EDGES = {
    EdgeKind.FLOW: {},
    EdgeKind.JUMP: {"style": "bold", "constraint": "false"},
    EdgeKind.EXIT: {"style": "bold"},
    EdgeKind.AGAIN: {"constraint": "false"},
    EdgeKind.ERROR: {"style": "dashed", "color": "#b91c1c"},
    EdgeKind.UNDO: {"style": "dotted", "dir": "none", "constraint": "false"},
}


def to_dot(graph: Graph) -> str:
    """Return the graph for `dot -Tsvg`."""
    lines = [
        f"digraph {quoted(graph.title)} {{",
        f"  graph [rankdir=TB, label={quoted(graph.title)}, labelloc=t, fontname=Helvetica]",
        '  node [shape=box, style="rounded,filled", fillcolor="#e5e7eb", fontname=Helvetica]',
        "  edge [fontname=Helvetica, fontsize=11]",
        *_members(graph.root, "  "),
        *(f"  {_edge(edge)}" for edge in graph.edges),
        "}",
    ]
    return "\n".join(lines) + "\n"


def quoted(text: str) -> str:
    """Return a quoted string. A line break in `text` is one in the picture."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def _id(path: str) -> str:
    return quoted(printable(path))


def _members(cluster: Cluster, indent: str) -> Iterator[str]:
    for member in cluster.members:
        if isinstance(member, Node):
            yield indent + _node(member)
        elif member.title:
            yield f"{indent}subgraph {_id('cluster ' + member.id)} {{"
            yield f'{indent}  label={quoted(member.title)}; style="rounded,dashed"; color="#6b7280"'
            yield from _members(member, f"{indent}  ")
            yield f"{indent}}}"
        else:
            yield from _members(member, indent)


def _node(node: Node) -> str:
    attributes = {"label": "\n".join((node.title, *node.lines))}
    if node.kind in _SHAPES:
        attributes |= {"shape": _SHAPES[node.kind], "style": "filled"}
    if node.kind in _FILLS:
        attributes["fillcolor"] = _FILLS[node.kind]
    return f"{_id(node.id)}{_written(attributes)}"


def _edge(edge: Edge) -> str:
    attributes = {"label": edge.label} if edge.label else {}
    return f"{_id(edge.source)} -> {_id(edge.target)}{_written(attributes | _EDGES[edge.kind])}"


def _written(attributes: dict[str, str]) -> str:
    inside = ", ".join(f"{name}={quoted(value)}" for name, value in attributes.items())
    return f" [{inside}]" if inside else ""
