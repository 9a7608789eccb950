"""Undoing what completed: the compensations of a run that does not end well, last first."""

from __future__ import annotations

from typing import assert_never

import msgspec

from resistor.engine import outbox
from resistor.engine.draft import Draft
from resistor.engine.facts import FactName
from resistor.engine.moves import render, scope_of
from resistor.engine.places import Place, find
from resistor.engine.retry import pause_before_next
from resistor.engine.run import StepRecord, StepStatus
from resistor.engine.scope import FrameScope
from resistor.engine.workflow import Compensation, Module
from resistor.messages import json
from resistor.messages.result import Answer, Completed, Failed, Failure, Later, Progress


def set_aside(draft: Draft, place: Place, record: StepRecord) -> None:
    """Keep what is needed to undo an earlier turn of a step that begins again."""
    if record.status is not StepStatus.COMPLETED:
        return
    kept = f"{place.path}#{record.turn}"
    draft.need((f"i:{place.path}", f"o:{place.path}"))
    draft.put(f"s:{kept}", record)
    draft.put(f"i:{kept}", draft.payload(f"i:{place.path}"))
    draft.put(f"o:{kept}", draft.payload(f"o:{place.path}"))


def _kept_path(draft: Draft, undone: Place) -> str:
    """Return the path of the record of a step that can be undone: an earlier turn's was set aside."""
    record = draft.record(undone.path)
    is_last = record is not None and record.turn == undone.turn
    return undone.path if is_last else f"{undone.path}#{undone.turn}"


def next_one(draft: Draft) -> bool:
    """Begin to undo the last step that is not undone. Returns False where there is none left."""
    while draft.state.undo is not None:
        undone = find(draft.workflow, draft.state.undo)
        assert undone is not None  # noqa: S101 - a run is pinned to the version that has its steps
        path = f"{undone.address}/compensate"
        failure = _make_input(draft, undone, path)
        if failure is None:
            draft.begin(path, StepRecord(StepStatus.SCHEDULED, draft.now, first_at=draft.now))
            _sent(draft, undone, path, 1)
            return True
        draft.begin(path, StepRecord(StepStatus.FAILED, draft.now, finished_at=draft.now, failure=failure))
        _given_up(draft, undone, failure)
    return False


def answer(draft: Draft, undone: Place, path: str, answer: Answer) -> bool:
    """Apply an answer to a compensation. Returns whether that one is over."""
    match answer:
        case Completed():
            _ended(draft, path, StepStatus.COMPLETED)
            draft.change(_kept_path(draft, undone), status=StepStatus.COMPENSATED)
            draft.say(FactName.STEP_COMPENSATED, undone.path)
            _go_back(draft, undone)
            return True
        case Failed(failure):
            return failed(draft, undone, path, failure)
        case Progress(details):
            record = draft.existing(path)
            draft.change(path, status=StepStatus.RUNNING, started_at=record.started_at or draft.now)
            draft.say(FactName.STEP_PROGRESSED, path, record.attempt, details=msgspec.Raw(details))
        case Later(after):
            draft.settle(path)
            draft.change(path, status=StepStatus.WAITING, resume_at=draft.now + after)
        case _:
            assert_never(answer)
    return False


def failed(draft: Draft, undone: Place, path: str, failure: Failure) -> bool:
    """Plan another attempt, or give this one up. Returns whether it is over."""
    record = draft.existing(path)
    pause = pause_before_next(
        _compensation(undone).retry,
        failure,
        attempt=record.attempt,
        since_first=draft.now - (record.first_at or record.scheduled_at),
        seed=f"{draft.run.id}:{path}:{record.attempt}",
    )
    draft.settle(path)
    if pause is not None:
        draft.change(path, status=StepStatus.RETRYING, failure=failure, resume_at=draft.now + pause)
        draft.say(FactName.STEP_RETRYING, path, record.attempt, error=failure, until=draft.now + pause)
        return False
    _ended(draft, path, StepStatus.FAILED, failure)
    _given_up(draft, undone, failure)
    return True


def wake(draft: Draft, undone: Place, path: str) -> None:
    """Send the compensation again: after a pause the next attempt, after a `later` the same one."""
    record = draft.existing(path)
    is_next = record.status is StepStatus.RETRYING
    attempt = record.attempt + (1 if is_next else 0)
    at = draft.now if is_next else record.scheduled_at
    draft.change(path, status=StepStatus.SCHEDULED, attempt=attempt, scheduled_at=at, resume_at=None)
    _sent(draft, undone, path, attempt)


def _sent(draft: Draft, undone: Place, path: str, attempt: int) -> None:
    compensation = _compensation(undone)
    outbox.compensation(draft, undone)
    draft.say(FactName.STEP_SCHEDULED, path, attempt, module=compensation.module, action=compensation.action)


def _make_input(draft: Draft, undone: Place, path: str) -> Failure | None:
    template = _compensation(undone).input
    if template is None:
        return None
    made = render(template, _scope(draft, undone))
    if isinstance(made, Failure):
        return made
    draft.put(f"i:{path}", made)
    return draft.too_large("the input", made)


def _scope(draft: Draft, undone: Place) -> FrameScope:
    """Return what the compensation's `with` sees: of its own step, the turn that it undoes."""
    kept = _kept_path(draft, undone)
    if kept == undone.path:
        return scope_of(draft, undone)
    output = json.decode_trusted(draft.payload(f"o:{kept}") or b"null")
    return scope_of(draft, undone, **{f"steps.{undone.step.id}.output": output})


def _given_up(draft: Draft, undone: Place, failure: Failure) -> None:
    """A compensation that failed is reported, and does not stop the others."""
    draft.say(FactName.COMPENSATION_FAILED, undone.path, error=failure)
    draft.set_state(undone=False)
    _go_back(draft, undone)


def _ended(draft: Draft, path: str, status: StepStatus, failure: Failure | None = None) -> None:
    draft.settle(path)
    draft.change(path, status=status, finished_at=draft.now, failure=failure, resume_at=None)


def _go_back(draft: Draft, undone: Place) -> None:
    """Turn to the step that completed before this one."""
    record = draft.existing(_kept_path(draft, undone))
    undone_so_far = True if draft.state.undone is None else draft.state.undone
    draft.set_state(undo=record.undo, undone=undone_so_far)


def _compensation(undone: Place) -> Compensation:
    kind = undone.step.kind
    assert isinstance(kind, Module) and kind.compensation is not None  # noqa: S101, PT018 - else not linked
    return kind.compensation
