"""Joining parts of a picture: lists of steps, their edges, and jumps between them.

Used by building and by `kinds.py`. A part's exits are the nodes from which the next one begins, so that a
fork, a switch or a try needs no special case outside its own function. Knows lists, and no kind of step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any, NamedTuple

from resistor.ops.blocks import Place, Step, named_steps
from resistor.ops.graph.model import Cluster, Edge, EdgeKind, Member, Node

EXIT, END = "exit", "end"
"""What `then` may say beside a step's id."""


class Exit(NamedTuple):
    """A node from which what comes next begins, and what its edge says."""

    node: str
    label: str = ""
    kind: EdgeKind = EdgeKind.FLOW


class Jump(NamedTuple):
    """A `then`: from where, and to which step of the list."""

    source: Exit
    target: str


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of the picture: where it is entered, and how it is left."""

    members: tuple[Member, ...]
    entry: str
    exits: tuple[Exit, ...] = ()
    jumps: tuple[Jump, ...] = ()


def piece_of(node: Node, *, is_last: bool = False) -> Piece:
    """Return one node as a piece. `is_last`: nothing comes after it."""
    return Piece((node,), node.id, () if is_last else (Exit(node.id),))


@dataclass(slots=True)
class Drawing:
    """The edges so far; nodes are in the pieces. `step` draws one step, of whatever kind."""

    step: Callable[[Drawing, Step, str, Place], Piece]
    edges: list[Edge] = field(default_factory=list)

    def join(self, exits: Iterable[Exit], target: str) -> None:
        """Let `target` come after each of the exits."""
        self.edges += [Edge(each.node, target, each.label, each.kind) for each in exits]

    def chain(self, pieces: Sequence[Piece]) -> Piece:
        """Put pieces one after the other. There is at least one."""
        for piece, following in pairwise(pieces):
            self.join(piece.exits, following.entry)
        members = tuple(member for piece in pieces for member in piece.members)
        jumps = tuple(jump for piece in pieces for jump in piece.jumps)
        return Piece(members, pieces[0].entry, pieces[-1].exits, jumps)

    def steps(self, steps: Any, place: Place) -> Piece | None:
        """Draw a list of steps; None where it is empty."""
        named = named_steps(steps, place.taken)
        if not named:
            return None
        inner = place._replace(taken=place.taken.union(step_id for step_id, _ in named))
        drawn = {step_id: self.step(self, step, step_id, inner) for step_id, step in named}
        whole = self.chain(list(drawn.values()))
        return replace(whole, exits=(*whole.exits, *self._jump(drawn)), jumps=())

    def block(self, frame: Cluster, steps: Any, place: Place) -> tuple[Cluster, Piece | None]:
        """Draw a list of steps into `frame`."""
        piece = self.steps(steps, place)
        return replace(frame, members=(*frame.members, *(piece.members if piece else ()))), piece

    def _jump(self, pieces: dict[str, Piece]) -> list[Exit]:
        """Draw a list's jumps, and return those that leave it."""
        leaving = []
        for jump in [jump for piece in pieces.values() for jump in piece.jumps]:
            if jump.target in pieces:
                self.join([jump.source._replace(kind=EdgeKind.JUMP)], pieces[jump.target].entry)
            elif jump.target == EXIT:
                leaving.append(jump.source._replace(kind=EdgeKind.EXIT))
        return leaving
