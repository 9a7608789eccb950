"""Undoing what completed: the compensations of a run that does not end well, last first."""

from __future__ import annotations

from typing import assert_never

import msgspec

from resistor.engine import outbox, passing
from resistor.engine.draft import Draft
from resistor.engine.facts import FactName
from resistor.engine.moves import render, scope_of
from resistor.engine.places import Place, find
from resistor.engine.retry import pause_before_next
from resistor.engine.run import Passage, StepRecord, StepStatus
from resistor.engine.workflow import Compensation, Module
from resistor.messages.result import Answer, Completed, Failed, Failure, Later, Progress


def remember(draft: Draft, place: Place) -> None:
    """Link a step that has just completed to those that can be undone.

    What its compensation is given is made now: later, what it names may be another turn's, or gone. Where it
    cannot be made, that is tried again when it is wanted, and said then.
    """
    draft.change(place.path, undo=draft.state.undo)
    draft.set_state(undo=place.address)
    made = _made_input(draft, place)
    if isinstance(made, bytes):
        draft.put(f"i:{place.address}/compensate", made)


def next_one(draft: Draft) -> bool:
    """Begin to undo the last step that is not undone. Returns False where there is none left."""
    while draft.state.undo is not None:
        undone = find(draft.workflow, draft.state.undo)
        assert undone is not None  # noqa: S101 - a run is pinned to the version that has its steps
        path = f"{undone.address}/compensate"
        way = _missing_input(draft, undone, path) or _way(draft, undone, path)
        if not isinstance(way, Failure):
            _begin(draft, undone, path, way)
            return True
        failure = way
        draft.begin(path, StepRecord(StepStatus.FAILED, draft.now, finished_at=draft.now, failure=failure))
        _given_up(draft, undone, failure)
    return False


def _begin(draft: Draft, undone: Place, path: str, way: Passage | None) -> None:
    if way is not None:
        draft.begin(path, StepRecord(StepStatus.WAITING, draft.now, first_at=draft.now, control=way))
        passing.enter(draft, passing.undoing_of(undone))
        return
    deadline = deadline_of(draft, undone)
    draft.begin(path, StepRecord(StepStatus.SCHEDULED, draft.now, first_at=draft.now, deadline=deadline))
    _sent(draft, undone, path, 1)


def answer(draft: Draft, undone: Place, path: str, answer: Answer) -> bool:
    """Apply an answer to a compensation. Returns whether that one is over."""
    match answer:
        case Completed():
            passing.leave(draft, passing.undoing_of(undone))
            _ended(draft, path, StepStatus.COMPLETED)
            draft.change(draft.kept_path(undone), status=StepStatus.COMPENSATED)
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
            return _postponed(draft, undone, path, after)
        case _:
            assert_never(answer)
    return False


def _postponed(draft: Draft, undone: Place, path: str, after: float) -> bool:
    record, resume_at = draft.existing(path), draft.now + after
    if record.status is StepStatus.WAITING:
        return False  # the same `later` delivered again: the first one counts
    passing.leave(draft, passing.undoing_of(undone))
    if resume_at >= record.scheduled_at + draft.limits.token_seconds:
        message = f"the action was to come back after {after:g} s, when its token has expired"
        return failed(draft, undone, path, Failure("limit", message, retryable=False))
    draft.settle(path)
    draft.change(path, status=StepStatus.WAITING, resume_at=resume_at, deadline=None)
    return False


def failed(draft: Draft, undone: Place, path: str, failure: Failure) -> bool:
    """Plan another attempt, or give this one up. Returns whether it is over."""
    passing.leave(draft, passing.undoing_of(undone))
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
        resume_at = draft.now + pause
        draft.change(path, status=StepStatus.RETRYING, failure=failure, resume_at=resume_at, deadline=None)
        draft.say(FactName.STEP_RETRYING, path, record.attempt, error=failure, until=draft.now + pause)
        outbox.nudge(draft, path, draft.now + pause)
        return False
    _ended(draft, path, StepStatus.FAILED, failure)
    _given_up(draft, undone, failure)
    return True


def overdue(draft: Draft, undone: Place, path: str) -> bool:
    """Fail an attempt that takes longer than the step may. Returns whether it was the last one."""
    kind, record = undone.step.kind, draft.existing(path)
    assert isinstance(kind, Module)  # noqa: S101 - only they can be undone
    failure = Failure("timeout", f"no answer within {kind.timeout:g} s")
    draft.say(FactName.STEP_TIMED_OUT, path, record.attempt, error=failure)
    return failed(draft, undone, path, failure)


def deadline_of(draft: Draft, undone: Place) -> float | None:
    """Return when an attempt that begins now is overdue: the step's own time limit holds for its undoing."""
    kind = undone.step.kind
    return None if not isinstance(kind, Module) or kind.timeout is None else draft.now + kind.timeout


def wake(draft: Draft, undone: Place, path: str) -> None:
    """Send the compensation again: after a pause the next attempt, after a `later` the same one.

    Or go on behind a gate that opens at a moment.
    """
    record, action = draft.existing(path), passing.undoing_of(undone)
    is_next = record.status is StepStatus.RETRYING
    attempt = record.attempt + (1 if is_next else 0)
    at = draft.now if is_next else record.scheduled_at
    if action.asked.gates:
        if passing.way_of(record).is_in:
            if not passing.go_on(draft, action):
                send(draft, undone, path)
            return
        draft.change(path, status=StepStatus.WAITING, attempt=attempt, scheduled_at=at)
        passing.enter(draft, action)
        return
    draft.change(
        path,
        status=StepStatus.SCHEDULED,
        attempt=attempt,
        scheduled_at=at,
        resume_at=None,
        deadline=deadline_of(draft, undone),
    )
    _sent(draft, undone, path, attempt)


def send(draft: Draft, undone: Place, path: str) -> None:
    """Send a compensation that has passed its gates, or was held."""
    record = draft.change(
        path,
        status=StepStatus.SCHEDULED,
        scheduled_at=draft.now,
        resume_at=None,
        deadline=deadline_of(draft, undone),
    )
    _sent(draft, undone, path, record.attempt)


def _way(draft: Draft, undone: Place, path: str) -> Passage | Failure | None:
    """Return the way through the compensation's gates, None where it has none."""
    asked = _compensation(undone)
    if not asked.gates:
        return None
    given = draft.payload(f"i:{path}") if asked.input is not None else None
    return passing.keys_of(draft, undone, asked, draft.run.input if given is None else given)


def _sent(draft: Draft, undone: Place, path: str, attempt: int) -> None:
    compensation = _compensation(undone)
    outbox.compensation(draft, undone)
    draft.say(FactName.STEP_SCHEDULED, path, attempt, module=compensation.module, action=compensation.action)


def _missing_input(draft: Draft, undone: Place, path: str) -> Failure | None:
    """Return why there is no input, or None where there is one, or none is wanted."""
    if _compensation(undone).input is None or draft.payload(f"i:{path}") is not None:
        return None
    made = _made_input(draft, undone)
    what = "the input could not be made when the step completed"
    return made if isinstance(made, Failure) else Failure("expression", what, retryable=False)


def _made_input(draft: Draft, undone: Place) -> bytes | Failure | None:
    template = _compensation(undone).input
    if template is None:
        return None
    made = render(template, scope_of(draft, undone))
    return made if isinstance(made, Failure) else draft.too_large("the input", made) or made


def _given_up(draft: Draft, undone: Place, failure: Failure) -> None:
    """A compensation that failed is reported, and does not stop the others."""
    draft.say(FactName.COMPENSATION_FAILED, undone.path, error=failure)
    draft.set_state(undone=False)
    _go_back(draft, undone)


def _ended(draft: Draft, path: str, status: StepStatus, failure: Failure | None = None) -> None:
    draft.settle(path)
    draft.change(path, status=status, finished_at=draft.now, failure=failure, resume_at=None, deadline=None)


def _go_back(draft: Draft, undone: Place) -> None:
    """Turn to the step that completed before this one."""
    record = draft.existing(draft.kept_path(undone))
    undone_so_far = True if draft.state.undone is None else draft.state.undone
    draft.set_state(undo=record.undo, undone=undone_so_far)


def _compensation(undone: Place) -> Compensation:
    kind = undone.step.kind
    assert isinstance(kind, Module) and kind.compensation is not None  # noqa: S101, PT018 - else not linked
    return kind.compensation
