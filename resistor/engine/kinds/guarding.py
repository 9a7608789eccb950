"""`try`, and `catch` on any step that has one: what becomes of an error.

    attempt fails ─► retry ─► catch ─► finally ─► on_error: continue ─► the list fails

Called for every failure of every kind of step.
"""

from __future__ import annotations

from typing import Any

import msgspec

from resistor.engine import outbox
from resistor.engine.draft import Draft
from resistor.engine.facts import FactName
from resistor.engine.kinds import actions, children
from resistor.engine.moves import (
    Enter,
    Fail,
    Follow,
    Leave,
    complete,
    holds,
    keep_output,
    record_of,
    render,
    start_block,
)
from resistor.engine.outputs import error_value
from resistor.engine.places import FINALLY, Frame, Place, catch_label, try_label
from resistor.engine.retry import pause_before_next
from resistor.engine.run import Guard, StepRecord, StepStatus
from resistor.engine.scope import FrameScope
from resistor.engine.workflow import Catch, Module, RunWorkflow, Try
from resistor.messages.result import Failure


def begin(draft: Draft, place: Place, before: str | None) -> None:
    """Enter the guarded block."""
    start_block(draft, place, before, guard=Guard())
    _enter_try(draft, place, 1)


def fail(draft: Draft, place: Place, failure: Failure) -> None:
    """Retry, catch, or let the step fail."""
    record = record_of(draft, place)
    if not record.status.is_open or record.turn != place.turn:
        return
    failure = _placed(failure, place, record)
    if _retried(draft, place, record, failure) or _caught(draft, place, record, failure):
        return
    kind = place.step.kind
    guard = record.guard or Guard()
    if isinstance(kind, Try) and kind.finally_ is not None and guard.block != FINALLY:
        _enter_finally(draft, place, guard, failure)
        return
    _failed(draft, place, failure)


def leave(draft: Draft, place: Place, left: Leave) -> None:
    """Go on behind the guarded block, a catch's block or the finally."""
    if left.failure is not None:
        draft.agenda.append(Fail(place, left.failure))
    elif left.frame.label == FINALLY:
        _finally_over(draft, place)
    elif left.frame.label.startswith("catch-"):
        _handled(draft, place, left.output_of)
    else:
        _over(draft, place, left.output_of)


def wake(draft: Draft, place: Place) -> None:
    """Begin the guarded part again: the pause of a catch's `retry` is over."""
    guard = msgspec.structs.replace(record_of(draft, place).guard or Guard(), is_paused=False)
    draft.change(place.path, guard=guard)
    match place.step.kind:
        case Module():
            actions.begin_again(draft, place, is_fresh=True)
        case RunWorkflow():
            children.begin_again(draft, place, tries=guard.tries)
        case _:
            draft.change(place.path, status=StepStatus.RUNNING, resume_at=None)
            _enter_try(draft, place, guard.tries)


# ------------------------------------------------------------------------------------------- retrying


def _retried(draft: Draft, place: Place, record: StepRecord, failure: Failure) -> bool:
    """Plan the next attempt, where the step's own `retry` has one."""
    kind = place.step.kind
    if not isinstance(kind, Module) or (record.guard is not None and record.guard.block):
        return False
    pause = pause_before_next(
        kind.retry,
        failure,
        attempt=record.attempt - record.earlier,
        since_first=draft.now - (record.first_at or draft.now),
        seed=f"{draft.run.id}:{place.address}:{record.attempt}",
    )
    if pause is None:
        return False
    _pause(draft, place, failure, pause)
    return True


def _pause(
    draft: Draft, place: Place, failure: Failure, pause: float, entry: int | None = None, **changes: Any
) -> None:
    """Begin the pause before another try; `entry` is the catch entry that wants it."""
    until = draft.now + pause
    record = draft.change(
        place.path,
        status=StepStatus.RETRYING,
        failure=failure,
        resume_at=until,
        deadline=None,
        silent_at=None,
        **changes,
    )
    by = {} if entry is None else {"entry": entry}
    draft.say(FactName.STEP_RETRYING, place.path, record.attempt, error=failure, until=until, **by)
    outbox.nudge(draft, place.address, until)


# ------------------------------------------------------------------------------------------- catching


def _caught(draft: Draft, place: Place, record: StepRecord, failure: Failure) -> bool:
    """Give the error to the first catch entry that takes it. Only the guarded part's errors are caught."""
    guard = record.guard or Guard()
    if guard.block:
        return False
    for number, entry in enumerate(_catches(place)):
        if _takes(draft, place, entry, failure):
            if not _tried_again(draft, place, number, entry, guard, failure):
                _handle(draft, place, number, entry, guard, failure)
            return True
    return False


def _catches(place: Place) -> tuple[Catch, ...]:
    kind = place.step.kind
    return kind.catches if isinstance(kind, Module | RunWorkflow | Try) else ()


def _takes(draft: Draft, place: Place, entry: Catch, failure: Failure) -> bool:
    if entry.errors is not None and failure.type not in entry.errors:
        return False
    return entry.condition is None or holds(entry.condition, _error_scope(draft, place, failure)) is True


def _error_scope(draft: Draft, place: Place, failure: Failure) -> FrameScope:
    return FrameScope(draft, place.frame, place.address, {"error": error_value(failure)})


def _tried_again(
    draft: Draft, place: Place, number: int, entry: Catch, guard: Guard, failure: Failure
) -> bool:
    """Plan to begin the guarded part again, where the entry's `retry` has a try left."""
    used = guard.used.get(number, 0)
    record = record_of(draft, place)
    pause = None
    if entry.retry is not None and _has_begun(place, record):
        pause = pause_before_next(
            entry.retry,
            msgspec.structs.replace(failure, retryable=True),  # that the author wants it again is said here
            attempt=used + 1,
            since_first=draft.now - record.scheduled_at,
            seed=f"{draft.run.id}:{place.address}:catch-{number}:{used}",
        )
    if pause is None:
        return False
    guard = msgspec.structs.replace(
        guard, tries=guard.tries + 1, used=guard.used | {number: used + 1}, is_paused=True
    )
    _pause(draft, place, failure, pause, number, guard=guard)
    return True


def _has_begun(place: Place, record: StepRecord) -> bool:
    """Whether there is something to begin again: not if the step's own `if` or input could not be made."""
    match place.step.kind:
        case Try():
            return record.guard is not None
        case RunWorkflow():
            return record.control is not None
        case _:
            return record.status is not StepStatus.RUNNING or record.started_at is not None


def _handle(draft: Draft, place: Place, number: int, entry: Catch, guard: Guard, failure: Failure) -> None:
    guard = msgspec.structs.replace(guard, block=catch_label(number), failure=failure, caught=number)
    record = draft.change(
        place.path,
        status=StepStatus.RUNNING,
        failure=failure,
        resume_at=None,
        deadline=None,
        silent_at=None,
        guard=guard,
    )
    draft.say(FactName.STEP_CAUGHT, place.path, record.attempt, error=failure, entry=number)
    if entry.block is None:
        _handled(draft, place, None)
    else:
        draft.agenda.append(Enter(place.inside(catch_label(number), entry.block)))


def _handled(draft: Draft, place: Place, output_of: str | None) -> None:
    """A caught error has been dealt with: the step ends well, with the entry's `output`."""
    guard = record_of(draft, place).guard or Guard()
    assert guard.caught is not None  # noqa: S101 - written when the entry took the error
    entry = _catches(place)[guard.caught]
    if entry.output is not None:
        assert guard.failure is not None  # noqa: S101 - likewise
        made = render(entry.output, _error_scope(draft, place, guard.failure))
        failure = made if isinstance(made, Failure) else keep_output(draft, place, made)
        if failure is not None:
            draft.agenda.append(Fail(place, failure))
            return
        output_of = place.path
    _over(draft, place, output_of)


def _over(draft: Draft, place: Place, output_of: str | None) -> None:
    """The guarded part, or a catch, ended well: `finally` comes next, or what is behind the step."""
    guard = record_of(draft, place).guard or Guard()
    kind = place.step.kind
    if isinstance(kind, Try) and kind.finally_ is not None:
        draft.change(place.path, output_of=output_of)
        _enter_finally(draft, place, guard, None)
        return
    complete(draft, place, output_of=output_of, then=_then(place, guard))


def _then(place: Place, guard: Guard) -> str | None:
    return None if guard.caught is None else _catches(place)[guard.caught].then


# ------------------------------------------------------------------------------------------- finally


def _enter_finally(draft: Draft, place: Place, guard: Guard, failure: Failure | None) -> None:
    kind = place.step.kind
    assert isinstance(kind, Try) and kind.finally_ is not None  # noqa: S101, PT018 - the callers have looked
    caught = guard.caught if failure is None else None
    draft.change(
        place.path, guard=msgspec.structs.replace(guard, block=FINALLY, failure=failure, caught=caught)
    )
    draft.agenda.append(Enter(place.inside(FINALLY, kind.finally_)))


def _finally_over(draft: Draft, place: Place) -> None:
    record = record_of(draft, place)
    guard = record.guard or Guard()
    if guard.failure is not None:
        _failed(draft, place, guard.failure)
    else:
        complete(draft, place, output_of=record.output_of, then=_then(place, guard))


# ------------------------------------------------------------------------------------------- failing


def _failed(draft: Draft, place: Place, failure: Failure) -> None:
    record = draft.change(
        place.path,
        status=StepStatus.FAILED,
        finished_at=draft.now,
        failure=failure,
        output_of=None,
        resume_at=None,
        deadline=None,
        silent_at=None,
    )
    draft.say(FactName.STEP_FAILED, place.path, record.attempt, error=failure)
    if place.step.continues_on_error:
        draft.agenda.append(Follow(place, place.step.then, record.before))
    else:
        draft.agenda.append(Leave(place.frame, failure=failure))


def _placed(failure: Failure, place: Place, record: StepRecord) -> Failure:
    """Say where a failure began: the innermost step, and its attempt."""
    if failure.step is not None:
        return failure
    return msgspec.structs.replace(failure, step=place.step.id, attempt=record.attempt)


def _enter_try(draft: Draft, place: Place, number: int) -> None:
    kind = place.step.kind
    assert isinstance(kind, Try)  # noqa: S101 - chosen by kind
    draft.agenda.append(
        Enter(Frame(kind.block, f"{place.address}/{try_label(number)}", try_label(number), place))
    )
