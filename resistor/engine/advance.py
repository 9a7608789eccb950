"""Message → decision: the only place where workflow meaning lives.

`advance` is total: for every message and every state it returns a decision, and what it cannot apply
(a duplicate, a stale or premature answer) changes nothing. It raises `RejectedMessage` for what can never be
applied (an event or an answer that a schema refuses, an unknown run), and `NeedMore` where a part of the run
is looked at that was not loaded.
"""

from __future__ import annotations

from typing import assert_never

from resistor.engine import blocking, compensating, ending, orders, outbox, reviving
from resistor.engine.decision import Decision, Verdict
from resistor.engine.draft import Draft
from resistor.engine.flow import run_on
from resistor.engine.inbound import (
    Admitted,
    Answered,
    AnsweredLate,
    Cancel,
    ChildEnded,
    ChildRevived,
    Delivered,
    Denied,
    Granted,
    Heard,
    Held,
    Inbound,
    Pause,
    Reconcile,
    Released,
    Replied,
    Resume,
    Retry,
    Signal,
    Skip,
    Start,
    Terminate,
    Undelivered,
    Wake,
)
from resistor.engine.kinds import actions, asking, children, gates, listening
from resistor.engine.lateness import note_late
from resistor.engine.limits import Limits
from resistor.engine.places import Place, compensated, find
from resistor.engine.reconciling import again, reconcile
from resistor.engine.run import Phase, Rounds, Run, RunStatus, StepRecord, StepStatus
from resistor.engine.starting import begin_body, is_other, start
from resistor.engine.waking import wake
from resistor.engine.workflow import Ask, Listen, Module, RunWorkflow, Workflow
from resistor.errors import IllegalTransition, Reason, RejectedMessage
from resistor.messages.result import Answer, Completed, Failed, Failure, Progress

NO_LIMITS_GIVEN = Limits()


def advance(
    workflow: Workflow,
    run: Run | None,
    message: Inbound,
    *,
    now: float,
    limits: Limits = NO_LIMITS_GIVEN,
) -> Decision:
    """Decide what follows from `message` for `run` (None: there is no such run yet).

    `workflow` must be the version that the run is pinned to (`IllegalTransition` else); `now` is in seconds
    since the epoch. `reads_of(workflow, message)` says what to load first; what is missing is asked for by
    `NeedMore`. A duplicate repeats what the run was loaded with as unconfirmed: who sent it first may have
    died before it sent that. A wake repeats only what should be confirmed by now.
    """
    if run is None:
        if not isinstance(message, Start):
            raise RejectedMessage(Reason.UNKNOWN_RUN, "there is no such run")
        draft = start(workflow, message, now=now, limits=limits)
        run_on(draft)
        return draft.decide()
    if run.origin.digest != workflow.digest:
        raise IllegalTransition(f"run {run.id} is pinned to another content than {workflow.digest}")
    draft = Draft(workflow, run, now=now, limits=limits)
    verdict = _told(draft, message)
    if verdict is Verdict.APPLIED:
        run_on(draft)
    if isinstance(message, Wake):
        if not message.is_nudge:
            again(draft, set(draft.run.overdue))
    elif verdict in (Verdict.DUPLICATE, Verdict.CONFLICT):
        again(draft, set(draft.run.unconfirmed))
    elif verdict is Verdict.AHEAD:
        reconcile(draft, None)  # the store went back: what is out has lost its answers
    return draft.decide(verdict)


def _told(draft: Draft, message: Inbound) -> Verdict:  # noqa: PLR0911 - one a kind of message
    if isinstance(message, Answered):  # first, because it is what nearly all are
        return _answered(draft, message)
    match message:
        case Start():
            return _started_again(draft, message)
        case Wake() | Reconcile():
            return _looked_at(draft, message)
        case Granted() | Denied():
            return _slot(draft, message)
        case Cancel() | Terminate() | Pause() | Resume() | Retry() | Skip() | Signal():
            return orders.follow(draft, message)
        case AnsweredLate():
            return note_late(draft, message)
        case Heard() | ChildEnded() | Replied() | Admitted() | Held() | Released():
            return _step_told(draft, message)
        case ChildRevived():
            return reviving.child_revived(draft, message)
        case Undelivered() | Delivered():
            return blocking.told(draft, message)
        case _:
            assert_never(message)


def _looked_at(draft: Draft, message: Wake | Reconcile) -> Verdict:
    if isinstance(message, Wake):
        return Verdict.APPLIED if wake(draft) else Verdict.DUPLICATE
    reconcile(draft, message.since)
    return Verdict.APPLIED


# --------------------------------------------------------------------------------------------- starts


def _started_again(draft: Draft, message: Start) -> Verdict:
    """A second start of the same run: by another parent, it waits for the end too."""
    parent = message.parent
    if parent is None or not parent.awaits:
        return Verdict.CONFLICT if is_other(draft, message) else Verdict.DUPLICATE
    is_new = parent not in outbox.waiting_for(draft)
    if is_new:
        draft.set_state(waiting=(*draft.state.waiting, parent))
    if draft.state.status.is_final:
        outbox.tell_end(draft, parent)  # it asks again, perhaps because it has failed meanwhile
        return Verdict.APPLIED
    return Verdict.APPLIED if is_new else Verdict.DUPLICATE


def _slot(draft: Draft, message: Granted | Denied) -> Verdict:
    if draft.state.status.is_final:
        return Verdict.STALE
    if draft.state.phase is not Phase.QUEUED or draft.state.ending is not None:
        return Verdict.DUPLICATE
    # The request stays in the outbox: it is done when everyone whom its answer concerns has been told.
    if isinstance(message, Granted):
        draft.set_state(phase=Phase.BODY)
        if draft.state.revive_at is None:
            begin_body(draft)
        else:
            reviving.go_on_everywhere(draft, draft.state.revive_at or None)
    else:
        failure = Failure("concurrency", message.why, retryable=False)
        ending.end_badly(draft, RunStatus.FAILED, failure)
    return Verdict.APPLIED


# -------------------------------------------------------------------------------------------- answers


def _answered(draft: Draft, message: Answered) -> Verdict:
    place = find(draft.workflow, message.address)
    if compensated(message.address) is None if place is None else not isinstance(place.step.kind, Module):
        return Verdict.STALE  # no module was ever asked
    record = draft.record(message.address if place is None else place.path)
    if record is None:
        is_past = draft.state.status.is_final or (place is not None and _is_over(draft, place))
        return Verdict.STALE if is_past else Verdict.AHEAD
    verdict = _premature_or_late(draft, message, record, 1 if place is None else place.turn)
    if verdict is not None:
        return verdict
    if place is None:
        return _compensated(draft, message.address, message.answer)
    is_change = actions.answer(draft, place, message.answer)
    return Verdict.APPLIED if is_change else Verdict.DUPLICATE


def _is_over(draft: Draft, place: Place) -> bool:
    """Whether the list that the step stands in is over, and what it left may be forgotten."""
    frame = place.frame
    while frame.owner is not None:
        record = draft.record(frame.owner.path)
        if record is not None:
            is_past_round = isinstance(record.control, Rounds) and int(frame.label) < record.control.index
            if is_past_round or not record.status.is_open or record.turn != frame.owner.turn:
                return True
        frame = frame.owner.frame
    return False


def _premature_or_late(draft: Draft, message: Answered, record: StepRecord, turn: int) -> Verdict | None:
    """Judge an answer by turn, attempt and state. None: it is the one that is waited for."""
    is_final = draft.state.status.is_final
    told = (turn, message.attempt)
    if told > (record.turn, record.attempt):
        return Verdict.STALE if is_final else Verdict.AHEAD
    if told != (record.turn, record.attempt) or actions.is_stale(record):
        return _again_or_stale(record, turn, message)
    overtaken = record.status is StepStatus.WAITING and isinstance(message.answer, Progress)
    return Verdict.STALE if is_final or overtaken else None


def _compensated(draft: Draft, address: str, answer: Answer) -> Verdict:
    place = find(draft.workflow, compensated(address) or "")
    if place is None:
        return Verdict.STALE
    if compensating.answer(draft, place, address, answer):
        ending.go_on(draft)
    return Verdict.APPLIED


def _again_or_stale(record: StepRecord, turn: int, message: Answered) -> Verdict:
    """Tell an answer that came again from one that came too late.

    Only what has ended by this very attempt can have been ended by this very answer.
    """
    if (record.turn, record.attempt) != (turn, message.attempt):
        return Verdict.STALE
    if isinstance(message.answer, Completed):
        is_same = record.status in (StepStatus.COMPLETED, StepStatus.COMPENSATED)
    else:
        is_same = isinstance(message.answer, Failed) and record.failure is not None
    return Verdict.DUPLICATE if is_same else Verdict.STALE


# -------------------------------------------------------------------------------- events, people, runs


def _step_told(draft: Draft, message: Heard | ChildEnded | Replied | Admitted | Held | Released) -> Verdict:
    if isinstance(message, Admitted | Held | Released):
        return gates.tell(draft, message)
    place = find(draft.workflow, message.address)
    record = draft.record(place.path) if place is not None else None
    if place is None or record is None:
        if isinstance(message, Replied):
            raise RejectedMessage(Reason.INVALID_INPUT, f"there is no open step {message.address}")
        return Verdict.STALE
    if isinstance(message, Replied):
        if not isinstance(place.step.kind, Ask):
            raise RejectedMessage(Reason.INVALID_INPUT, f"step {message.address} asks nobody")
        if "#" not in message.address.rpartition("/")[2]:
            place = Place(place.step, place.frame, record.turn)
    if place.turn != record.turn or record.status is not StepStatus.WAITING:
        return _unheard(message)
    return _apply(draft, place, record, message)


def _apply(draft: Draft, place: Place, record: StepRecord, message: Heard | ChildEnded | Replied) -> Verdict:
    """Tell a step that waits what it waits for."""
    match message, place.step.kind:
        case Heard(id=event_id, event=event), Listen():
            return listening.hear(draft, place, event_id, event)
        case ChildEnded(), RunWorkflow():
            if not children.is_of_now(draft, place, message):
                return Verdict.STALE
            children.ended(draft, place, message)
            return Verdict.APPLIED
        case Replied(data=data, by=by), Ask():
            asking.answer(draft, place, data, by)
            return Verdict.APPLIED
        case _:
            return Verdict.STALE


def _unheard(message: Heard | ChildEnded | Replied) -> Verdict:
    return Verdict.DUPLICATE if isinstance(message, ChildEnded | Replied) else Verdict.STALE
