"""Each kind of step as a part of the picture.

`draw_step` is called for every step of every list; a kind that holds lists has a function here, all others
are one box. A step's parts stand in a cluster without a frame: its own box, under it its lists.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from resistor.ops.blocks import ROUND, Place, Step, branches, entries, kind_of
from resistor.ops.graph import labels
from resistor.ops.graph.drawing import END, EXIT, Drawing, Exit, Jump, Piece, piece_of
from resistor.ops.graph.model import Cluster, Edge, EdgeKind, Member, Node


def draw_step(drawing: Drawing, step: Step, step_id: str, place: Place) -> Piece:
    """Draw one step, with what is inside it."""
    kind = kind_of(step)
    path = place.of(step_id)
    head = Node(path, kind, labels.one_line(step_id), labels.lines_of(step))
    inner = Place(path, place.taken)
    piece = _KINDS.get(kind, _plain)(drawing, step, head, inner)
    if entries(step.get("catch")) and kind != "try":
        piece = _guarded(drawing, step, piece, inner)
    return _then(drawing, step, head, piece)


def _plain(drawing: Drawing, step: Step, head: Node, inner: Place) -> Piece:
    return piece_of(head, is_last=head.kind in ("raise", "end"))


def _then(drawing: Drawing, step: Step, head: Node, piece: Piece) -> Piece:
    """Let a step go where it says. A skipped one goes to the next: its `then` does not hold."""
    target = step.get("then")
    exits, jumps, members = piece.exits, piece.jumps, piece.members
    if isinstance(target, str):
        if target == END:
            stop = _stop(head.id)
            drawing.join(exits, stop.id)
            members = (*members, stop)
        else:
            jumps = (*jumps, *(Jump(each, target) for each in exits))
        exits = ()
    if "if" in step and not exits:
        exits = (Exit(head.id, "skipped"),)
    return replace(piece, members=members, exits=exits, jumps=jumps)


def _stop(path: str) -> Node:
    return Node(f"{path}/(end)", "stop", "the run ends")


def _leaving(path: str, target: Any) -> Piece:
    """Draw the `then` of an entry as a box of its own, which the jump begins at."""
    if target == END:
        return piece_of(_stop(path), is_last=True)
    title = "leave this list" if target == EXIT else f"→ {labels.one_line(target)}"
    node = Node(f"{path}/(then)", "jump", title)
    return Piece((node,), node.id, (), (Jump(Exit(node.id), str(target)),))


def _entry(drawing: Drawing, entry: dict[str, Any], place: Place, first: Piece | None = None) -> Piece | None:
    """Draw what one entry of a switch or a catch does: steps, a jump, or nothing (None)."""
    steps = drawing.steps(entry.get("do"), place)
    leaving = _leaving(place.path, entry["then"]) if isinstance(entry.get("then"), str) else None
    pieces = [each for each in (first, steps, leaving) if each is not None]
    return drawing.chain(pieces) if pieces else None


def _group(head: Node, columns: list[Cluster], *below: Member) -> Cluster:
    beside = Cluster(f"({head.id}/columns)", "columns", tuple(columns), is_columns=True)
    return Cluster(f"({head.id})", "step", (head, *([beside] if columns else []), *below))


# ----------------------------------------------------------------------------------- the kinds


def _switch(drawing: Drawing, step: Step, head: Node, inner: Place) -> Piece:
    columns, exits, jumps = [], list[Exit](), list[Jump]()
    has_default = False
    for number, case in enumerate(entries(step["switch"])):
        has_default |= "when" not in case
        label = labels.one_line(labels.bare(case["when"])) if "when" in case else "else"
        place = Place(f"{inner.path}/{number}", inner.taken)
        piece = _entry(drawing, case, place)
        if piece is None:
            exits.append(Exit(head.id, label))
            continue
        drawing.join([Exit(head.id, label)], piece.entry)
        columns.append(Cluster(place.path, "case", piece.members))
        exits += piece.exits
        jumps += piece.jumps
    if not has_default:
        exits.append(Exit(head.id, "else"))
    return Piece((_group(head, columns),), head.id, tuple(exits), tuple(jumps))


def _fork(drawing: Drawing, step: Step, head: Node, inner: Place) -> Piece:
    named = branches(step)
    join = Node(f"{head.id}/(join)", "join", _join_title(step["fork"], len(named)))
    columns = []
    for name, steps in named.items():
        place = Place(f"{inner.path}/{name}", inner.taken)
        frame, piece = drawing.block(Cluster(place.path, "branch", (), labels.one_line(name)), steps, place)
        if piece is None:
            drawing.join([Exit(head.id, frame.title)], join.id)
            continue
        drawing.join([Exit(head.id)], piece.entry)
        drawing.join(piece.exits, join.id)
        columns.append(frame)
    return Piece((_group(head, columns, join),), head.id, (Exit(join.id),))


def _join_title(fork: Any, count: int) -> str:
    join = fork.get("join", "all") if isinstance(fork, dict) else "all"
    if isinstance(join, list):
        return labels.one_line(", ".join(map(str, join)))
    return f"{join} of {count}" if isinstance(join, int) else str(join)


def _for(drawing: Drawing, step: Step, head: Node, inner: Place) -> Piece:
    place = Place(f"{inner.path}/{ROUND}", inner.taken)
    frame, piece = drawing.block(Cluster(place.path, "for", (), "for each"), step.get("do"), place)
    if piece is None:
        return piece_of(head)
    drawing.join([Exit(head.id)], piece.entry)
    return Piece((_group(head, [], frame),), head.id, piece.exits)


def _loop(drawing: Drawing, step: Step, head: Node, inner: Place) -> Piece:
    place = Place(f"{inner.path}/{ROUND}", inner.taken)
    title = "while" if "while" in step else "until"
    frame, piece = drawing.block(Cluster(place.path, title, (), title), step.get("do"), place)
    if piece is None:
        return piece_of(head)
    drawing.join([Exit(head.id)], piece.entry)
    drawing.join([each._replace(label="again", kind=EdgeKind.AGAIN) for each in piece.exits], head.id)
    after = (Exit(head.id, "done"),) if "while" in step else _labelled(piece.exits, "done")
    return Piece((_group(head, [], frame),), head.id, after)


def _labelled(exits: tuple[Exit, ...], label: str) -> tuple[Exit, ...]:
    return tuple(each._replace(label=each.label or label) for each in exits)


def _try(drawing: Drawing, step: Step, head: Node, inner: Place) -> Piece:
    place = Place(f"{inner.path}/try", inner.taken)
    frame, body = drawing.block(Cluster(place.path, "try", (), "try"), step["try"], place)
    if body is not None:
        drawing.join([Exit(head.id)], body.entry)
    caught = _catches(drawing, step, head, inner)
    exits = (*(body.exits if body is not None else [Exit(head.id)]), *caught.exits)
    below = list[Member]()
    last, ending = drawing.block(
        Cluster(f"{inner.path}/finally", "finally", (), "finally"),
        step.get("finally"),
        Place(f"{inner.path}/finally", inner.taken),
    )
    if ending is not None:
        drawing.join(exits, ending.entry)
        exits, below = ending.exits, [last]
    columns = [
        *([frame] if body is not None else []),
        *(each for each in caught.members if isinstance(each, Cluster)),
    ]
    return Piece((_group(head, columns, *below),), head.id, exits, caught.jumps)


def _guarded(drawing: Drawing, step: Step, piece: Piece, inner: Place) -> Piece:
    """Add what a module or a run step does about its own errors."""
    [head] = piece.members
    assert isinstance(head, Node)  # noqa: S101 - only steps of one box have a `catch` beside `try`
    caught = _catches(drawing, step, head, inner)
    columns = [each for each in caught.members if isinstance(each, Cluster)]
    return Piece((_group(head, columns),), head.id, (*piece.exits, *caught.exits), caught.jumps)


def _catches(drawing: Drawing, step: Step, head: Node, inner: Place) -> Piece:
    """Draw the entries of a `catch`, one column each."""
    columns, exits, jumps = list[Member](), list[Exit](), list[Jump]()
    for number, entry in enumerate(entries(step.get("catch"))):
        place = Place(f"{inner.path}/catch-{number}", inner.taken)
        node = Node(f"{place.path}/(catch)", "catch", labels.one_line(labels.errors_of(entry)))
        node = replace(node, lines=labels.catch_lines(entry))
        drawing.edges.append(Edge(head.id, node.id, "", EdgeKind.ERROR))
        piece = _entry(drawing, entry, place, piece_of(node)) or piece_of(node)
        columns.append(Cluster(place.path, "catch", piece.members, "catch"))
        exits += piece.exits
        jumps += piece.jumps
    return Piece(tuple(columns), head.id, tuple(exits), tuple(jumps))


_KINDS: dict[str, Callable[[Drawing, Step, Node, Place], Piece]] = {
    "switch": _switch,
    "fork": _fork,
    "for": _for,
    "while": _loop,
    "until": _loop,
    "try": _try,
}
