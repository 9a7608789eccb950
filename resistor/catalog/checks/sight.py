"""Which steps an expression sees, and from where in their lists.

Used by the checks of references and of data flow, so that both mean the same step.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from resistor.catalog.blocks import RawBlock, RawStep
from resistor.catalog.checks.control_flow.flow import Flow
from resistor.catalog.checks.survey import Survey
from resistor.catalog.evaluated import Evaluated, Moment


class Standpoint(NamedTuple):
    """Where an expression stands in one of the lists that it sees.

    `positions`: in that list, one of them at a time; none where the list is over, for better or worse.
    `level` counts from the list in which the expression stands, outwards.
    """

    block: RawBlock
    flow: Flow
    positions: tuple[int, ...]
    level: int


def standpoints(survey: Survey, place: Evaluated) -> list[Standpoint] | None:
    """Return where an expression stands, from the inside out. None: it is never evaluated."""
    found = list(_standpoints(survey, place))
    dead = [each for each in found if each.positions and not _reached(each)]
    return None if dead else [each._replace(positions=_reached(each)) for each in found]


def _reached(each: Standpoint) -> tuple[int, ...]:
    return tuple(position for position in each.positions if each.flow.is_reached(position))


def _standpoints(survey: Survey, place: Evaluated) -> Iterator[Standpoint]:
    if place.block is None:
        return
    graph = survey.flows[place.block.path].graph
    if place.moment is Moment.END:
        positions: tuple[int, ...] = (graph.exit, graph.end)
    elif place.moment is Moment.AFTER_ROUND or place.step is None:
        positions = (graph.exit,)
    else:
        positions = (place.step.index,)
    block: RawBlock | None = place.block
    level = 0
    while block is not None:
        yield Standpoint(block, survey.flows[block.path], positions, level)
        positions = () if block.owner is None else (block.owner.index,)
        block = block.outer
        level += 1


def seen(points: list[Standpoint], step_id: str) -> tuple[Standpoint, RawStep] | None:
    """Return the step that an id means, and the standpoint in its list."""
    for point in points:
        step = point.block.by_id.get(step_id)
        if step is not None:
            return point, step
    return None
