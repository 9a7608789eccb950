"""`wait`: a durable timer."""

from __future__ import annotations

from resistor.engine.draft import Draft
from resistor.engine.facts import FactName
from resistor.engine.moves import complete, refuse, scope_of, start, text_of, value_of
from resistor.engine.places import Place
from resistor.engine.run import StepStatus
from resistor.engine.workflow import Wait
from resistor.messages.moments import seconds_of
from resistor.messages.result import Failure

LONGEST = 100 * 366 * 86400.0  # seconds: a moment beyond that is a mistake


def begin(draft: Draft, place: Place, before: str | None) -> None:
    """Wait, unless the moment has passed."""
    at = _moment(draft, place)
    if isinstance(at, Failure):
        refuse(draft, place, before, at)
        return
    if at <= draft.now:
        start(draft, place, before, StepStatus.RUNNING)
        complete(draft, place)
        return
    start(draft, place, before, StepStatus.WAITING, resume_at=at)
    draft.say(FactName.STEP_STARTED, place.path, until=at)


def wake(draft: Draft, place: Place) -> None:
    """Go on: the time has come."""
    complete(draft, place)


def _moment(draft: Draft, place: Place) -> float | Failure:
    wait = place.step.kind
    assert isinstance(wait, Wait)  # noqa: S101 - chosen by kind
    if wait.until is None:
        return draft.now + (wait.seconds or 0.0)
    value = value_of(wait.until, scope_of(draft, place))
    if isinstance(value, Failure):
        return value
    at = seconds_of(value)
    if at is None or at > draft.now + LONGEST:
        message = f"`until` must become a timestamp, not {text_of(value)[:100]}"
        return Failure("expression", message, retryable=False)
    return at
