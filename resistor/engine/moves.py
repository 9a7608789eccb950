"""What is still to do in a decision.

A function that handles one thing never calls the next: it puts a move on the draft's agenda, and flow.py
takes them one after the other. So a thousand steps that need no module are a loop and no recursion, and no
kind of step knows another.
"""

from __future__ import annotations

from typing import Any

import msgspec

from resistor.engine.draft import Draft
from resistor.engine.expressions import Expression, Scope, Template
from resistor.engine.facts import FactName
from resistor.engine.places import Frame, Place
from resistor.engine.run import Chosen, StepRecord, StepStatus
from resistor.engine.scope import FrameScope
from resistor.errors import ExpressionError
from resistor.messages import json
from resistor.messages.result import Failure


class Enter(msgspec.Struct, frozen=True):
    """Begin a list of steps."""

    frame: Frame


class Begin(msgspec.Struct, frozen=True):
    """Begin a step. `before` is the last step with an output that completed in its list."""

    place: Place
    before: str | None


class Follow(msgspec.Struct, frozen=True):
    """Go on behind a step that is over, to `then`. `last` is the last step with an output by now."""

    place: Place
    then: str | None
    last: str | None


class Fail(msgspec.Struct, frozen=True):
    """A step, or an attempt at it, has failed: retry, catch, or let it fail."""

    place: Place
    failure: Failure


class Leave(msgspec.Struct, frozen=True):
    """A list of steps is over: well, with the output of a step or none, or badly."""

    frame: Frame
    output_of: str | None = None
    failure: Failure | None = None


Move = Enter | Begin | Follow | Fail | Leave


def record_of(draft: Draft, place: Place) -> StepRecord:
    """Return the record of a step that has begun."""
    return draft.existing(place.path)


def start(draft: Draft, place: Place, before: str | None, status: StepStatus, **fields: Any) -> StepRecord:
    """Begin a step's record."""
    record = StepRecord(status, draft.now, turn=place.turn, before=before, **fields)
    draft.begin(place.path, record)
    return record


def start_block(draft: Draft, place: Place, before: str | None, **fields: Any) -> StepRecord:
    """Begin the record of a step that holds others, and say so."""
    record = start(draft, place, before, StepStatus.RUNNING, **fields)
    chosen = {"case": record.control.case} if isinstance(record.control, Chosen) else {}
    draft.say(FactName.STEP_STARTED, place.path, **chosen)
    return record


def refuse(draft: Draft, place: Place, before: str | None, failure: Failure) -> None:
    """Begin a step that fails at once."""
    start(draft, place, before, StepStatus.RUNNING)
    draft.agenda.append(Fail(place, failure))


def complete(
    draft: Draft,
    place: Place,
    *,
    output_of: str | None = None,
    then: str | None = None,
    **details: Any,
) -> None:
    """End a step well, and go on. `output_of` is its own path where it keeps an output itself."""
    record = close(draft, place, output_of=output_of, **details)
    last = place.path if output_of is not None else record.before
    draft.agenda.append(Follow(place, then or place.step.then, last))


def close(draft: Draft, place: Place, *, output_of: str | None = None, **details: Any) -> StepRecord:
    """End a step well, and stay. It keeps an error that was caught, and none that a retry has mended."""
    before = draft.existing(place.path)
    is_caught = before.guard is not None and before.guard.caught is not None
    record = draft.change(
        place.path,
        status=StepStatus.COMPLETED,
        finished_at=draft.now,
        failure=before.failure if is_caught else None,
        output_of=output_of,
        resume_at=None,
        deadline=None,
        silent_at=None,
    )
    draft.say(FactName.STEP_COMPLETED, place.path, record.attempt, **details)
    return record


def keep_output(draft: Draft, place: Place, output: bytes) -> Failure | None:
    """Keep what a step gave. Returns the failure of an output that is too large."""
    failure = draft.too_large("the output", output)
    if failure is None:
        draft.put(f"o:{place.path}", output)
    return failure


# ---------------------------------------------------------------------------------------- expressions


def scope_of(draft: Draft, place: Place, **extra: Any) -> FrameScope:
    """Return what an expression of a step sees."""
    return FrameScope(draft, place.frame, place.address, extra)


def render(template: Template, scope: FrameScope) -> bytes | Failure:
    """Return a template's value as JSON, or the failure that evaluating it is.

    What is handed on whole is handed on byte for byte.
    """
    try:
        written = scope.written(template.path)
        if written is not None:
            return written
        return template.render(scope)
    except ExpressionError as error:
        return expression_failure(error)


def value_of(template: Template | Expression, scope: Scope) -> Any | Failure:
    """Return the value of a template or an expression, or the failure that evaluating it is."""
    try:
        return template.evaluate(scope)
    except ExpressionError as error:
        return expression_failure(error)


def holds(condition: Expression, scope: Scope) -> bool | Failure:
    """Return whether a condition holds, or the failure that evaluating it is."""
    try:
        return condition.test(scope)
    except ExpressionError as error:
        return expression_failure(error)


def text_of(value: Any) -> str:
    """Return a value as text: text as it is, everything else as JSON."""
    return value if isinstance(value, str) else json.encode(value).decode()


def expression_failure(error: ExpressionError) -> Failure:
    """Return the failure of an expression: it would fail again, so it is not retried."""
    return Failure("expression", str(error), retryable=False)
