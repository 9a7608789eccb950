"""What is read of a step is there on every way to where it is read, or the reading says what else to do."""

from __future__ import annotations

from collections.abc import Iterator

from resistor.catalog.blocks import RawStep
from resistor.catalog.checks.control_flow.outcomes import SILENT
from resistor.catalog.checks.guards import guards_of, is_asked_for
from resistor.catalog.checks.lacking import why_lacking
from resistor.catalog.checks.sight import Standpoint, seen, standpoints
from resistor.catalog.checks.survey import Survey
from resistor.catalog.evaluated import Evaluated, Moment
from resistor.catalog.places import Finding
from resistor.catalog.wording import quote
from resistor.engine.expressions import StepRef

_LOOPS = ("while", "until")
_BY_SET = "what the steps inside need of each other can be kept with `set`, and read as `vars.NAME`"
_BY_RESULT = "`result` is what the module returned"
_NO_ERROR = "only a step that failed has one"


def check_data_flow(survey: Survey) -> Iterator[Finding]:
    """Yield every reading of a step that cannot have run, and every bare one that may find nothing."""
    guards = guards_of(survey)
    for place, refs in survey.readings:
        points = standpoints(survey, place)
        for ref in refs if points is not None else ():
            found = seen(points or [], ref.id)
            if found is not None:
                guarded = ref._replace(is_guarded=ref.is_guarded or is_asked_for(guards, place, ref.id))
                fault = _fault(place, guarded, *found)
                if fault is not None:
                    yield Finding(place.path, *fault, offset=ref.offset)


_Fault = tuple[str, str | None] | None


def _fault(place: Evaluated, ref: StepRef, point: Standpoint, step: RawStep) -> _Fault:
    if ref.part == "output" and step.kind in SILENT:
        hint = "its variables are read as `vars.NAME`" if step.kind == "set" else None
        return f"step {quote(ref.id)} has no output: it is a `{step.kind}` step", hint
    if not point.positions:
        return _afterwards(ref, point, step)
    if step.index in point.positions:
        return _of_itself(place, ref, point, step)
    return _before(ref, point, step) if point.flow.graph.is_certain else None


def _before(ref: StepRef, point: Standpoint, step: RawStep) -> _Fault:
    """Of another step of a list in which the expression stands: the usual case."""
    if not any(point.flow.can_have_run(step.index, position) for position in point.positions):
        return _never(ref, point, step)
    if ref.is_guarded:
        return None
    if ref.part == "error":
        return _may_lack(ref, _NO_ERROR)
    output = ref.part == "output"
    reasons = (why_lacking(point.flow, step, position, output=output) for position in point.positions)
    why = next(filter(None, reasons), None)
    return None if why is None else _may_lack(ref, why)


def _afterwards(ref: StepRef, point: Standpoint, step: RawStep) -> _Fault:
    """Of a step of the body, read in `on_failure` or `finally`: how far the body came is not known."""
    if ref.is_guarded or not point.flow.is_reached(step.index):
        return None
    return _may_lack(ref, f"the run may have ended before step {quote(ref.id)}")


def _of_itself(place: Evaluated, ref: StepRef, point: Standpoint, step: RawStep) -> _Fault:
    """Of a step that reads itself, or the one that holds it: both are not over."""
    name = quote(ref.id)
    if place.moment is Moment.UNDO and point.level == 0:
        return _may_lack(ref, _NO_ERROR) if ref.part == "error" and not ref.is_guarded else None
    if point.level > 0 or place.moment is Moment.BEFORE_ROUND:
        if step.kind not in _LOOPS:
            return f"step {name} is not over yet: this stands inside it", _BY_SET
        return None if ref.is_guarded else _may_lack(ref, f"step {name} has none in its first round")
    if place.moment is Moment.RESULT:
        return f"step {name} reads itself: it has no output before it ends", _BY_RESULT
    if not point.flow.graph.reaches(step.index, step.index):
        return f"step {name} reads itself: it has no output before it ends", None
    return None if ref.is_guarded else _may_lack(ref, f"step {name} may run for the first time")


def _never(ref: StepRef, point: Standpoint, step: RawStep) -> _Fault:
    name = quote(ref.id)
    if not point.flow.is_reached(step.index):
        return None  # and that is what is wrong
    if all(step.index > position for position in point.positions):
        return f"step {name} comes later: only steps above this one can be read", None
    return f"step {name} cannot have run here: no way leads from it to this place", None


def _may_lack(ref: StepRef, why: str) -> _Fault:
    end = f".{ref.part}" if ref.part else ""
    optional = f"write `steps.?{ref.id}{end}.orValue(…)`"
    return (
        f"`steps.{ref.id}{end}` may not be there: {why}",
        f"{optional}, or ask `has(steps.{ref.id}{end})` first",
    )
