"""A workflow as a picture: from its resolved definition to a graph, and from the graph to text.

    model.py      nodes, edges and clusters: what every renderer is given
    building.py   a definition → a graph, list by list
    kinds.py      … the kinds of steps that hold further lists
    labels.py     what a step says of itself, in a few short lines
    mermaid.py    a graph → a Mermaid flowchart
    dot.py        a graph → Graphviz
    ascii.py      a graph → a tree for a terminal
    svg/          a graph → a picture by itself, laid out here

Called by the command line, and later by the web page. Pure: no files, no servers, no clock. Works on the
definition as JSON and not on the compiled workflow, so that a version from a newer Resistor can be drawn as
well: what is unknown is a plain box.
"""

from __future__ import annotations

from collections.abc import Callable

from resistor.ops.graph.ascii import to_ascii
from resistor.ops.graph.building import graph_of
from resistor.ops.graph.dot import to_dot
from resistor.ops.graph.mermaid import to_mermaid
from resistor.ops.graph.model import Graph, as_json
from resistor.ops.graph.svg import to_svg

RENDERERS: dict[str, Callable[[Graph], str]] = {
    "mermaid": to_mermaid,
    "dot": to_dot,
    "svg": to_svg,
    "ascii": to_ascii,
    "json": as_json,
}
"""How a graph can be written, by the name that `--format` takes."""

__all__ = ["RENDERERS", "Graph", "graph_of"]
