"""A resolved definition → a graph.

Called by whoever draws. What happens in a run stands in the middle; what is done when it fails (its
compensations first, then `on_failure`) beside it; `finally` under both. A node's id is the step's path.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from resistor.ops.blocks import Place, top_place, walk_list
from resistor.ops.graph import labels
from resistor.ops.graph.drawing import Drawing, Exit, Piece, piece_of
from resistor.ops.graph.kinds import draw_step
from resistor.ops.graph.model import Cluster, Edge, EdgeKind, Graph, Member, Node


def graph_of(title: str, definition: dict[str, Any]) -> Graph:
    """Return the graph of a resolved definition. `title` is `namespace/workflow@version`."""
    drawing = Drawing(draw_step)
    main = _main(drawing, definition)
    failing = _failing(drawing, definition)
    stack: tuple[Member, ...] = main.members
    exits = main.exits
    if failing is not None:
        exits += failing.exits
        ways = (
            Cluster("(main)", "steps", main.members),
            Cluster("(failing)", "failing", failing.members, "when the run fails"),
        )
        stack = (Cluster("(ways)", "columns", ways, is_columns=True),)
    last, end = list[Member](), Node("(end)", "finish", "end")
    frame, piece = drawing.block(
        Cluster("finally", "finally", (), "finally"),
        definition.get("finally"),
        top_place(definition, "finally"),
    )
    if piece is not None:
        drawing.join(exits, piece.entry)
        exits, last = piece.exits, [frame]
    drawing.join(exits, end.id)
    description = " ".join(str(definition.get("description") or "").split())
    root = Cluster("(all)", "steps", (*stack, *last, end))
    return Graph(title, description, root, tuple(dict.fromkeys(drawing.edges)))


def _main(drawing: Drawing, definition: dict[str, Any]) -> Piece:
    begin = piece_of(Node("(start)", "start", "start"))
    body = drawing.steps(definition.get("steps"), Place())
    return drawing.chain([begin] if body is None else [begin, body])


def _failing(drawing: Drawing, definition: dict[str, Any]) -> Piece | None:
    """Draw what is done when the run fails; None where nothing is."""
    entry = Node("(failure)", "failed", "the run fails")
    undoing = _compensations(drawing, definition)
    pieces = [piece_of(entry), *([undoing] if undoing is not None else [])]
    frame = Cluster("on_failure", "on_failure", (), "on_failure")
    cluster, piece = drawing.block(frame, definition.get("on_failure"), top_place(definition, "on_failure"))
    if piece is not None:
        pieces.append(replace(piece, members=(cluster,)))
    return drawing.chain(pieces) if len(pieces) > 1 else None


def _compensations(drawing: Drawing, definition: dict[str, Any]) -> Piece | None:
    found = [
        (path, step["compensate"])
        for path, step in walk_list(definition.get("steps"), Place())
        if isinstance(step.get("compensate"), dict)
    ]
    if not found:
        return None
    pieces = []
    for path, form in reversed(found):
        title = labels.one_line(f"{form.get('module', '?')}.{form.get('action', '?')}")
        node = Node(f"{path}/compensate", "compensate", title, (labels.one_line(f"undoes {path}"),))
        pieces.append(Piece((node,), node.id, (Exit(node.id),)))
        drawing.edges.append(Edge(path, node.id, "", EdgeKind.UNDO))
    whole = drawing.chain(pieces)
    frame = Cluster("(compensations)", "compensations", whole.members, "compensations, last first")
    return replace(whole, members=(frame,))
