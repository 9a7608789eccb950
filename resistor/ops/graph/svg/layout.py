"""How large everything is, and where it stands.

Called by drawing. Sizes come from the inside out; each box then knows where its members are in it. Units
are pixels. Text is measured by counting, so the picture's fonts are monospace.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field

from resistor.ops.graph.model import Cluster, Member, Node
from resistor.ops.graph.svg.routes import Lane, Routes

TITLE_ADVANCE, LINE_ADVANCE, LABEL_ADVANCE = 7.9, 6.7, 6.1
"""The width of a character at 13, 11 and 10 px: 0.6 of the size in every common monospace font, and a bit."""

LINE, PAD, GAP, LANE = 15.0, 12.0, 30.0, 12.0
FRAME_TITLE = 20.0
GAP_ABOVE_COLUMNS = 8.0  # they have room for their own lines
BESIDE = 22.0  # between columns
ENTER, MERGE = 30.0, 18.0  # above and below columns: room for the lines that spread and gather
FOOT = 16.0  # below a stack's last member, where lanes end
STEP_DOWN = 6.0  # between two lanes that begin under the same member

MARKS = frozenset({"start", "finish", "failed", "join", "stop", "jump"})
"""Boxes with nothing but their title."""


@dataclass(slots=True)
class Box:
    """A member's size; `port` is how far from its left side the line through it runs."""

    member: Member
    width: float
    height: float
    port: float
    inside: list[tuple[float, float, Box]] = field(default_factory=list)
    lane_at: dict[Lane, float] = field(default_factory=dict)


def columns_of(text: str) -> int:
    """Return how many columns a text takes in a monospace font."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def measure(member: Member, routes: Routes) -> Box:
    """Return the box of a member, with all that is in it."""
    if isinstance(member, Node):
        return _node(member)
    return _columns(member, routes) if member.is_columns else _stack(member, routes)


def _node(node: Node) -> Box:
    widest = max(
        columns_of(node.title) * TITLE_ADVANCE,
        *(columns_of(line) * LINE_ADVANCE for line in node.lines),
        columns_of(node.kind) * LABEL_ADVANCE,
    )
    has_caption = node.kind not in MARKS
    height = 26.0 + LINE * len(node.lines) + (11.0 if has_caption else 0.0)
    width = max(44.0, widest + 2 * PAD)
    return Box(node, width, height, width / 2)


def _stack(cluster: Cluster, routes: Routes) -> Box:
    ways = routes.of(cluster)
    boxes = [measure(member, routes) for member in cluster.members]
    pad = PAD if cluster.title else 0.0
    title = columns_of(cluster.title) * LABEL_ADVANCE  # it stands left of the line through the frame
    left = max(title, *(box.port for box in boxes))
    right = max(box.width - box.port for box in boxes)
    top, inside = pad + (FRAME_TITLE if cluster.title else 0.0), []
    for index, box in enumerate(boxes):
        inside.append((pad + left - box.port, top, box))
        starting = sum(lane.index == index and lane.node is None for lane in ways.lanes)
        is_last = index == len(boxes) - 1
        top += box.height + STEP_DOWN * starting + (0.0 if is_last else _gap(boxes[index + 1].member))
    ends_here = any(lane.target is None for lane in ways.lanes)
    starts_last = any(lane.index == len(boxes) - 1 for lane in ways.lanes)
    height = top + pad + (FOOT if ends_here or starts_last else 0.0)
    at, edge = {}, pad + left + right
    for lane in ways.lanes:
        edge += LANE
        at[lane] = edge
        edge += columns_of(lane.label) * LABEL_ADVANCE + (3.0 if lane.label else 0.0)
    return Box(cluster, edge + pad + (2.0 if at else 0.0), height, pad + left, inside, at)


def _gap(following: Member) -> float:
    spreads = isinstance(following, Cluster) and following.is_columns
    return GAP_ABOVE_COLUMNS if spreads else GAP


def _columns(cluster: Cluster, routes: Routes) -> Box:
    ways = routes.of(cluster)
    above = ENTER if ways.enter else 0.0
    across, tallest, inside = 0.0, 0.0, []
    for index, member in enumerate(cluster.members):
        box = measure(member, routes)
        label, _ = ways.enter.get(index, ("", None))
        behind = box.port + 4 + columns_of(label) * LABEL_ADVANCE  # the label stands right of the line
        inside.append((across, above, box))
        across += max(box.width, behind) + BESIDE
        tallest = max(tallest, box.height)
    width = across - BESIDE
    port = inside[0][2].port if len(inside) == 1 else width / 2
    return Box(cluster, width, above + tallest + (MERGE if ways.merge else 0.0), port, inside)
