"""What is due in a run: pauses that are over, attempts and runs whose time is up."""

from __future__ import annotations

from resistor.engine import compensating, ending, outbox
from resistor.engine.draft import Draft
from resistor.engine.kinds import actions, asking, children, guarding, listening, loops, parallel, timers
from resistor.engine.places import Place, compensated, find
from resistor.engine.run import Phase, RunStatus, StepRecord, StepStatus
from resistor.engine.workflow import Ask, For, Listen, Module, RunWorkflow, Wait, While
from resistor.messages.result import Failure


def wake(draft: Draft) -> bool:
    """Do what is due. Returns False where nothing was."""
    if draft.state.status is not RunStatus.RUNNING:
        return False
    if draft.state.phase is Phase.QUEUED and draft.state.ending is None:
        outbox.acquire_slot(draft)  # there may be one by now, and nobody could tell
        return True
    draft.need(f"s:{path}" for path in draft.run.due if path)
    is_change = False
    for path in draft.run.due:
        draft.rearm(path)
        is_change = (_run_due(draft) if not path else _step_due(draft, path)) or is_change
        if draft.state.ending is not None:
            break
    return is_change or draft.is_changed


def _run_due(draft: Draft) -> bool:
    deadline = draft.state.deadline
    if deadline is None or deadline > draft.now:
        return False
    if draft.state.phase is Phase.FINALLY:
        ending.cut_finally(draft)
    else:
        message = f"the run did not end within {draft.workflow.timeout:g} s"
        ending.end_badly(draft, RunStatus.TIMED_OUT, Failure("timeout", message, retryable=False))
    return True


def _step_due(draft: Draft, path: str) -> bool:
    record = draft.record(path)
    if record is None or record.wake_at is None or record.wake_at > draft.now:
        return False
    place = find(draft.workflow, path)
    if place is None:
        _compensation_due(draft, path)
        return True
    place = Place(place.step, place.frame, record.turn)
    if record.resume_at is not None and record.resume_at <= draft.now:
        _resume(draft, place, record)
    else:
        is_silent = record.deadline is None or record.deadline > draft.now
        _overdue(draft, place, is_silent=is_silent)
    return True


def _resume(draft: Draft, place: Place, record: StepRecord) -> None:
    """A pause is over."""
    if record.status is StepStatus.RETRYING:
        _again(draft, place, record)
        return
    match place.step.kind:
        case Module():
            actions.resume(draft, place)
        case Wait():
            timers.wake(draft, place)
        case While():
            loops.begin_round(draft, place)
        case For():
            parallel.go_on(draft, place)
        case _:
            raise AssertionError(f"{type(place.step.kind).__name__} has no pauses")


def _again(draft: Draft, place: Place, record: StepRecord) -> None:
    """An attempt, or everything that is guarded, begins again."""
    if record.guard is not None and record.guard.is_paused:
        guarding.wake(draft, place)
    else:
        actions.begin_again(draft, place)


def _overdue(draft: Draft, place: Place, *, is_silent: bool) -> None:
    """A time limit has passed."""
    match place.step.kind:
        case Module():
            actions.overdue(draft, place, is_silent=is_silent)
        case Listen():
            listening.overdue(draft, place)
        case Ask():
            asking.overdue(draft, place)
        case RunWorkflow():
            children.overdue(draft, place)
        case _:
            raise AssertionError(f"{type(place.step.kind).__name__} has no time limit")


def _compensation_due(draft: Draft, path: str) -> None:
    undone = compensated(path)
    place = find(draft.workflow, undone) if undone else None
    if place is None:
        return
    record = draft.existing(path)
    if record.resume_at is not None and record.resume_at <= draft.now:
        compensating.wake(draft, place, path)
    elif compensating.overdue(draft, place, path):
        ending.go_on(draft)
