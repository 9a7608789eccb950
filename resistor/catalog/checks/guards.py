"""Which steps the conditions around an expression have asked for already.

Used by the check of data flow only. `if: has(steps.review.output)` answers for the whole step, as it would
inside one expression; likewise the `if` of a step that holds it, and the `when` of its case.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from resistor.catalog.checks.survey import Survey
from resistor.catalog.evaluated import Evaluated
from resistor.catalog.places import KeyPath

Guards = Mapping[KeyPath, frozenset[str]]
"""By the path of a condition: the steps that it copes with when they have not run."""


def guards_of(survey: Survey) -> Guards:
    """Gather what every `if` and `when` asks for."""
    return {
        place.path: frozenset(ref.id for ref in refs if ref.is_guarded)
        for place, refs in survey.readings
        if place.path[-1] in ("if", "when")
    }


def is_asked_for(guards: Guards, place: Evaluated, step_id: str) -> bool:
    """Say whether a condition that must have held asked for the step."""
    return any(step_id in guards.get(path, ()) for path in _conditions(place))


def _conditions(place: Evaluated) -> Iterator[KeyPath]:
    if place.step is not None and place.path != (*place.step.path, "if"):
        yield (*place.step.path, "if")
    for block in place.block.chain() if place.block is not None else ():
        if block.owner is not None:
            yield (*block.owner.path, "if")
            if block.owner.kind == "switch":
                yield (*block.path[:-1], "when")
