"""Boxes, lines and text of the picture.

Every text of a definition goes through `escape`; `labels` has taken from it what XML cannot hold. The
picture carries its own background and colours for light and dark, so it can be read wherever it stands.
"""

from __future__ import annotations

from collections.abc import Iterator
from xml.sax.saxutils import escape

from resistor.ops.graph.model import Cluster, EdgeKind, Graph, Member, Node
from resistor.ops.graph.svg.layout import ENTER, FOOT, MARKS, MERGE, PAD, STEP_DOWN, Box, measure
from resistor.ops.graph.svg.looks import CLASSES, STYLE
from resistor.ops.graph.svg.routes import Lane, Routes
from resistor.ops.text import printable

MARGIN, HEADING = 20.0, 34.0

Point = tuple[float, float]


def to_svg(graph: Graph) -> str:
    """Return the picture: one SVG document."""
    routes = Routes(graph)
    box = measure(graph.root, routes)
    picture = _Picture(routes)
    picture.place(box, MARGIN, MARGIN + HEADING)
    title = printable(graph.title)
    width = max(box.width, len(title) * 8.6) + 2 * MARGIN
    height = box.height + 2 * MARGIN + HEADING
    frame = f'width="{width:.0f}" height="{height:.0f}" viewBox="0 0 {width:.0f} {height:.0f}"'
    tip = '<path class="tip" d="M0 0 L8 4 L0 8 z"/>'
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {frame} role="img">',
        f"<title>{escape(title)}</title>",
        *([f"<desc>{escape(printable(graph.description))}</desc>"] if graph.description else []),
        f"<style>{STYLE}</style>",
        '<defs><marker id="tip" markerWidth="8" markerHeight="8" refX="7" refY="4" orient="auto"'
        f' markerUnits="userSpaceOnUse">{tip}</marker></defs>',
        '<rect class="page" width="100%" height="100%"/>',
        _text("title", MARGIN, MARGIN + 10, title),
        *picture.frames,
        *picture.lines,
        *picture.boxes,
        *picture.labels,
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _text(name: str, x: float, y: float, text: str, anchor: str = "") -> str:
    where = f' text-anchor="{anchor}"' if anchor else ""
    return f'<text class="{name}" x="{x:.1f}" y="{y:.1f}"{where} xml:space="preserve">{escape(text)}</text>'


class _Picture:
    """What is drawn, from the back to the front."""

    def __init__(self, routes: Routes) -> None:
        self.frames: list[str] = []
        self.lines: list[str] = []
        self.boxes: list[str] = []
        self.labels: list[str] = []
        self._routes = routes
        self._nodes: dict[str, tuple[float, float, Box]] = {}
        self._columns: dict[str, float] = {}

    def place(self, box: Box, x: float, y: float) -> None:
        """Draw a box whose left upper corner is there, and all that is in it."""
        if isinstance(box.member, Node):
            self._nodes[box.member.id] = (x, y, box)
            self.boxes += _node(box.member, box, x, y)
            return
        if box.member.title:
            self.frames.append(_rect("frame", x, y, box, 6))
            self.labels.append(_text("caption", x + PAD - 4, y + 14, box.member.title))
        if box.member.is_columns:
            self._columns[box.member.id] = y
        for dx, dy, inner in box.inside:
            self.place(inner, x + dx, y + dy)
        placed = [(x + dx, y + dy, inner) for dx, dy, inner in box.inside]
        if box.member.is_columns:
            self._spread(box.member, box, placed, (x, y))
        else:
            self._follow(box.member, box, placed, (x, y))

    # ------------------------------------------------------------------------------------ a stack

    def _follow(
        self, cluster: Cluster, box: Box, placed: list[tuple[float, float, Box]], corner: Point
    ) -> None:
        ways = self._routes.of(cluster)
        port, foot = corner[0] + box.port, corner[1] + box.height
        bottoms = [y + inner.height for _, y, inner in placed]
        for index, (label, kind) in ways.down.items():
            to = placed[index + 1][2].member
            end = self._top(to)
            self._line(kind, [(port, bottoms[index]), (port, end)], tip=_has_tip(to))
            self._label(port + 5, bottoms[index] + 18, label)
        if ways.has_tail:
            self._line(EdgeKind.FLOW, [(port, bottoms[-1]), (port, foot)], tip=False)
        under: dict[int, int] = {}
        for lane, at in box.lane_at.items():
            under[lane.index] = under.get(lane.index, 0) + (lane.node is None)
            start = self._start(lane, port, bottoms[lane.index] + 4 + STEP_DOWN * under[lane.index])
            self._lane(lane, start, at + corner[0], (port, foot))

    def _start(self, lane: Lane, port: float, below: float) -> list[Point]:
        """Return the first points of a lane: at the right of its node, or under its member."""
        if lane.node is None:
            return [(port, below - 4 - STEP_DOWN), (port, below)]
        x, y, inner = self._nodes[lane.node]
        return [(x + inner.width, y + inner.height / 2 + (5 if lane.target is None else -3))]

    def _lane(self, lane: Lane, start: list[Point], at: float, foot: Point) -> None:
        _, first = start[-1]
        if lane.target is None:
            last = foot[1] - FOOT / 2
            points = [*start, (at, first), (at, last), (foot[0], last), foot]
        else:
            x, y, inner = self._nodes[lane.target]
            last = y + inner.height / 2 + 3
            points = [*start, (at, first), (at, last), (x + inner.width, last)]
        self._line(lane.kind, points, tip=lane.target is not None)
        self._label(at + 3, (first + last) / 2, lane.label)

    # ------------------------------------------------------------------------------------- columns

    def _spread(
        self, cluster: Cluster, box: Box, placed: list[tuple[float, float, Box]], corner: Point
    ) -> None:
        ways = self._routes.of(cluster)
        port, foot = corner[0] + box.port, corner[1] + box.height
        for index, (label, kind) in ways.enter.items():
            x, _, inner = placed[index]
            to, bus = x + inner.port, corner[1] + 6
            points = [(port, corner[1]), (port, bus), (to, bus), (to, self._top(inner.member))]
            self._line(kind, points, tip=True)
            self._label(to + 5, corner[1] + ENTER - 9, label)
        for index, kind in ways.merge.items():
            x, y, inner = placed[index]
            to, bus = x + inner.port, foot - MERGE / 2
            self._line(kind, [(to, y + inner.height), (to, bus), (port, bus), (port, foot)], tip=False)

    # --------------------------------------------------------------------------------------- lines

    def _top(self, member: Member) -> float:
        """Return where a line from above ends: on the first box, or where columns spread."""
        if isinstance(member, Cluster) and member.is_columns:
            return self._columns[member.id]
        node = member if isinstance(member, Node) else next(member.walk())
        return self._nodes[node.id][1]

    def _line(self, kind: EdgeKind, points: list[Point], *, tip: bool) -> None:
        way = " L".join(f"{x:.1f} {y:.1f}" for x, y in points)
        end = ' marker-end="url(#tip)"' if tip else ""
        self.lines.append(f'<path class="{kind}" d="M{way}"{end}/>')

    def _label(self, x: float, y: float, text: str) -> None:
        if text:
            self.labels.append(_text("label", x, y, text))


def _has_tip(member: Member) -> bool:
    return isinstance(member, Node) or not member.is_columns


def _rect(name: str, x: float, y: float, box: Box, radius: float) -> str:
    size = f'width="{box.width:.1f}" height="{box.height:.1f}"'
    return f'<rect class="{name}" x="{x:.1f}" y="{y:.1f}" {size} rx="{radius:g}"/>'


def _node(node: Node, box: Box, x: float, y: float) -> Iterator[str]:
    is_mark = node.kind in MARKS
    middle, line = x + box.port, y + 17
    yield _rect(f"box {CLASSES.get(node.kind, '')}".strip(), x, y, box, 13 if is_mark else 5)
    if not is_mark:
        yield _text("kind", middle, y + 11, node.kind, "middle")
        line = y + 25
    yield _text("name", middle, line, node.title, "middle")
    for said in node.lines:
        line += 15
        yield _text("says", middle, line, said, "middle")
