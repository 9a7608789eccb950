"""A graph → a Mermaid flowchart, as GitHub, GitLab and most wikis draw it.

Must never let a name from a definition become syntax: ids are made of letters, digits and `_`, and every
other text is quoted, with Mermaid's own entities for whatever could mean something
(https://mermaid.js.org/syntax/flowchart.html#entity-codes-to-escape-characters).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from resistor.ops.graph.model import Cluster, Edge, EdgeKind, Graph, Node

_SHAPES: dict[str, tuple[str, str]] = {
    "start": ("((", "))"),
    "finish": ("((", "))"),
    "failed": ("([", "])"),
    "join": ("((", "))"),
    "switch": ("{", "}"),
    "while": ("{{", "}}"),
    "until": ("{{", "}}"),
    "for": ("{{", "}}"),
    "wait": ("([", "])"),
    "listen": ("([", "])"),
    "ask": ("([", "])"),
    "emit": (">", "]"),
    "run": ("[[", "]]"),
    "end": ("([", "])"),
    "stop": ("([", "])"),
    "jump": ("(", ")"),
    "catch": ("(", ")"),
}
_ARROWS = {
    EdgeKind.FLOW: "-->",
    EdgeKind.JUMP: "==>",
    EdgeKind.EXIT: "==>",
    EdgeKind.AGAIN: "-->",
    EdgeKind.ERROR: "-.->",
    EdgeKind.UNDO: "-.-",
}
_CLASSES = {
    # Fill and text together, so that both GitHub's light and its dark page can be read.
    "act": ("fill:#dbeafe,stroke:#2563eb,color:#0b1f44", ("module", "run", "emit", "set", "unknown")),
    "choose": (
        "fill:#fef3c7,stroke:#b45309,color:#3b2503",
        ("switch", "fork", "join", "for", "while", "until"),
    ),
    "wait": ("fill:#e9d5ff,stroke:#7e22ce,color:#2e0a4f", ("wait", "listen", "ask")),
    "bad": (
        "fill:#fee2e2,stroke:#b91c1c,color:#450a0a",
        ("raise", "catch", "try", "failed", "compensate"),
    ),
    "mark": ("fill:#e5e7eb,stroke:#4b5563,color:#111827", ("start", "finish", "end", "stop", "jump")),
}

_OTHER = re.compile(r"[^A-Za-z0-9]")
# Letters, digits and what is nowhere syntax in a quoted label. The rest goes as an entity: `#` and `&` begin
# entities themselves, a backtick Markdown, `%%{` a directive.
_UNSAFE = re.compile(r"[^\w ,.:/()=+\-…→?!'$]")
# What Mermaid looks for after it has read the entities: a formula, a line break, an icon. A space stops it.
_LATE = re.compile(r"(\$)(?=\$)|(\\)(?=n)|(fa[bklrs]?:)(?=fa-)")
_LIST = re.compile(r"^(\d+(?=[.)])|[-+])")  # "1. Charge" would be drawn as "Unsupported markdown: list"
_KEYWORD = re.compile(r"style|classDef")  # makes Mermaid eat a `;` behind it, even inside quotes


def to_mermaid(graph: Graph) -> str:
    """Return the flowchart."""
    names = _Names()
    lines = ["flowchart TB", f"  %% {_UNSAFE.sub(' ', graph.title)}"]
    lines += _members(graph.root, names, "  ")
    lines += [f"  {_edge(edge, names)}" for edge in graph.edges]
    lines += _styles(graph, names)
    return "\n".join(lines) + "\n"


def quoted(text: str) -> str:
    """Return a label in quotes."""
    text = _UNSAFE.sub(_entity, _LATE.sub(r"\g<0> ", text))
    return f'"{_LIST.sub(_entity, _KEYWORD.sub(_entity, text))}"'


def _entity(found: re.Match[str]) -> str:
    """Write the first character that was found as an entity."""
    return f"#{ord(found[0][0])};{found[0][1:]}"


class _Names:
    """An id of letters, digits and `_` for each path, each once. The prefix keeps `end` from being one."""

    def __init__(self) -> None:
        self._by_path: dict[str, str] = {}
        self._taken: set[str] = set()

    def of(self, path: str) -> str:
        if path not in self._by_path:
            name = base = "s_" + _OTHER.sub("_", path).strip("_")
            number = 1
            while name in self._taken:
                number += 1
                name = f"{base}__{number}"
            self._taken.add(name)
            self._by_path[path] = name
        return self._by_path[path]


def _members(cluster: Cluster, names: _Names, indent: str) -> Iterator[str]:
    for member in cluster.members:
        if isinstance(member, Node):
            yield indent + _node(member, names)
        elif member.title:
            yield f"{indent}subgraph {names.of('cluster ' + member.id)}[{quoted(member.title)}]"
            yield f"{indent}  direction TB"
            yield from _members(member, names, f"{indent}  ")
            yield f"{indent}end"
        else:
            yield from _members(member, names, indent)


def _node(node: Node, names: _Names) -> str:
    opening, closing = _SHAPES.get(node.kind, ("[", "]"))
    label = "<br/>".join(quoted(line)[1:-1] for line in (node.title, *node.lines))
    return f'{names.of(node.id)}{opening}"{label}"{closing}'


def _edge(edge: Edge, names: _Names) -> str:
    label = f"|{quoted(edge.label)}|" if edge.label else ""
    return f"{names.of(edge.source)} {_ARROWS[edge.kind]}{label} {names.of(edge.target)}"


def _styles(graph: Graph, names: _Names) -> Iterator[str]:
    for name, (style, kinds) in _CLASSES.items():
        members = [names.of(node.id) for node in graph.nodes() if node.kind in kinds]
        if members:
            yield f"  classDef {name} {style}"
            yield f"  class {','.join(members)} {name}"
