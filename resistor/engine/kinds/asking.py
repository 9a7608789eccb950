"""`ask`: wait for a person."""

from __future__ import annotations

from resistor.engine.draft import Draft
from resistor.engine.facts import FactName
from resistor.engine.moves import Fail, complete, keep_output, start
from resistor.engine.places import Place
from resistor.engine.run import StepStatus
from resistor.engine.workflow import Ask
from resistor.errors import Reason, RejectedMessage
from resistor.messages import json
from resistor.messages.result import Failure


def begin(draft: Draft, place: Place, before: str | None) -> None:
    """Wait for the answer."""
    ask = kind_of(place)
    deadline = None if ask.timeout is None else draft.now + ask.timeout
    start(draft, place, before, StepStatus.WAITING, deadline=deadline)
    draft.say(FactName.STEP_STARTED, place.path, prompt=ask.prompt, to=ask.to)


def answer(draft: Draft, place: Place, data: bytes, by: str | None) -> None:
    """Take the answer. Raises `RejectedMessage` where it does not fit the form: the step goes on waiting."""
    ask = kind_of(place)
    refusal = ask.accepts(json.decode_trusted(data)) if ask.accepts is not None else None
    if refusal is not None:
        raise RejectedMessage(Reason.INVALID_INPUT, f"the answer does not fit the form: {refusal}")
    draft.say(FactName.STEP_ANSWERED, place.path, by=by)
    failure = keep_output(draft, place, data)
    if failure is not None:
        draft.agenda.append(Fail(place, failure))
    else:
        complete(draft, place, output_of=place.path)


def overdue(draft: Draft, place: Place) -> None:
    """Fail: nobody answered in time."""
    message = f"no answer within {kind_of(place).timeout:g} s"
    draft.agenda.append(Fail(place, Failure("timeout", message, retryable=False)))


def kind_of(place: Place) -> Ask:
    """Return the ask step that stands there."""
    assert isinstance(place.step.kind, Ask)  # noqa: S101 - chosen by kind
    return place.step.kind
