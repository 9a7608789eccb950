"""`while` and `until`: rounds."""

from __future__ import annotations

from typing import Any

from resistor.engine.draft import Draft
from resistor.engine.forgetting import forget_frame
from resistor.engine.moves import Enter, Fail, Leave, complete, expression_failure, record_of, start_block
from resistor.engine.places import Frame, Place
from resistor.engine.run import Rounds
from resistor.engine.scope import FrameScope
from resistor.engine.workflow import While
from resistor.errors import ExpressionError
from resistor.messages.result import Failure


def begin(draft: Draft, place: Place, before: str | None) -> None:
    """Begin the first round, where the condition holds."""
    start_block(draft, place, before, control=Rounds(0))
    begin_round(draft, place)


def begin_round(draft: Draft, place: Place) -> None:
    """Begin the round that the record names; where a decision has done very much, come back for it."""
    kind, index = kind_of(place), _index(draft, place)
    if draft.is_long:
        draft.change(place.path, resume_at=draft.now)
        return
    draft.change(place.path, resume_at=None)
    if not kind.is_until:
        wanted = _test(draft, place, place.frame, index)
        if isinstance(wanted, Failure):
            draft.agenda.append(Fail(place, wanted))
            return
        if not wanted:
            complete(draft, place, output_of=record_of(draft, place).output_of, rounds=index)
            return
    if index >= kind.limit:
        message = f"the condition still holds after {kind.limit} rounds"
        draft.agenda.append(Fail(place, Failure("limit", message, retryable=False)))
        return
    draft.agenda.append(Enter(place.inside(str(index), kind.block)))


def leave(draft: Draft, place: Place, left: Leave) -> None:
    """End with a round's error, or see whether another round follows."""
    if left.failure is not None:
        draft.agenda.append(Fail(place, left.failure))
        return
    kind, index = kind_of(place), _index(draft, place)
    is_over: bool | Failure = False
    if kind.is_until:
        is_over = _test(draft, place, left.frame, index)
    if isinstance(is_over, Failure):
        draft.agenda.append(Fail(place, is_over))
        return
    draft.change(place.path, control=Rounds(index + 1), output_of=left.output_of)
    if index >= kind.keep:
        forget_frame(draft, place.inside(str(index - kind.keep), kind.block))
    if is_over:
        complete(draft, place, output_of=left.output_of, rounds=index + 1)
    elif kind.is_until and index + 1 >= kind.limit:
        message = f"the condition does not hold after {kind.limit} rounds"
        draft.agenda.append(Fail(place, Failure("limit", message, retryable=False)))
    else:
        begin_round(draft, place)


def kind_of(place: Place) -> While:
    """Return the while step that stands there."""
    assert isinstance(place.step.kind, While)  # noqa: S101 - chosen by kind
    return place.step.kind


def _index(draft: Draft, place: Place) -> int:
    control = record_of(draft, place).control
    assert isinstance(control, Rounds)  # noqa: S101 - written when the step began
    return control.index


def _test(draft: Draft, place: Place, frame: Frame, index: int) -> Any | Failure:
    """Return whether the condition holds, seen from `frame`."""
    scope = FrameScope(draft, frame, f"{place.address}/{index}", {"index": index})
    try:
        return kind_of(place).condition.test(scope)
    except ExpressionError as error:
        return expression_failure(error)
