"""`raise` and `end`: fail on purpose, and finish the run here."""

from __future__ import annotations

from resistor.engine import ending
from resistor.engine.draft import Draft
from resistor.engine.moves import close, refuse, render, scope_of, start, text_of, value_of
from resistor.engine.places import Place
from resistor.engine.run import RunStatus, StepStatus
from resistor.engine.workflow import End, EndStatus, Raise
from resistor.messages import json
from resistor.messages.result import MAX_DETAILS, MAX_ERROR_MESSAGE, MAX_ERROR_TYPE, Failure


def begin_raise(draft: Draft, place: Place, before: str | None) -> None:
    """Fail with the error that the step describes."""
    kind = place.step.kind
    assert isinstance(kind, Raise)  # noqa: S101 - chosen by kind
    refuse(draft, place, before, _failure(draft, place, kind))


def begin_end(draft: Draft, place: Place, before: str | None) -> None:
    """End the run, or, where it is ending already, the list that runs then."""
    kind = place.step.kind
    assert isinstance(kind, End)  # noqa: S101 - chosen by kind
    if kind.output is not None and draft.state.ending is None:
        output = render(kind.output, scope_of(draft, place))
        failure = output if isinstance(output, Failure) else draft.too_large("the output", output)
        if failure is not None:
            refuse(draft, place, before, failure)
            return
        assert isinstance(output, bytes)  # noqa: S101 - it is no failure
        draft.put("o:", output)
    start(draft, place, before, StepStatus.RUNNING)
    close(draft, place)
    if draft.state.ending is None:
        _end(draft, place, kind, before)
    else:
        ending.close_phase(draft, place)


def _end(draft: Draft, place: Place, kind: End, before: str | None) -> None:
    message = kind.message or ""
    match kind.status:
        case EndStatus.COMPLETED:
            ending.end_well(draft, place, output_of=before, has_output=kind.output is not None)
        case EndStatus.FAILED:
            failure = Failure("failed", message, retryable=False, step=place.step.id)
            ending.end_badly(draft, RunStatus.FAILED, failure, place)
        case EndStatus.CANCELLED:
            failure = Failure("cancelled", message, retryable=False, step=place.step.id)
            ending.end_badly(draft, RunStatus.CANCELLED, failure, place)


def _failure(draft: Draft, place: Place, kind: Raise) -> Failure:
    scope = scope_of(draft, place)
    made = []
    for template in (kind.type, kind.message, kind.details):
        value = None if template is None else value_of(template, scope)
        if isinstance(value, Failure):
            return value
        made.append(value)
    error_type, message, details = made
    if details is not None and len(json.encode(details)) > MAX_DETAILS:
        return Failure(
            "payload_too_large", f"an error's details have {MAX_DETAILS} bytes at most", retryable=False
        )
    return Failure(
        type=text_of(error_type)[:MAX_ERROR_TYPE],
        message="" if message is None else text_of(message)[:MAX_ERROR_MESSAGE],
        retryable=False,
        details=details,
    )
