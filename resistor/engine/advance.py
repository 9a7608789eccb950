"""Message → decision: the only place where workflow meaning lives.

`advance` is total: for every message and every state it returns a decision, and what it cannot apply
(a duplicate, a stale or premature answer) changes nothing. It raises only `RejectedMessage`, for an
event that its workflow refuses.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import assert_never

import msgspec

from resistor.engine.decision import Decision, Dispatch, Verdict
from resistor.engine.draft import Draft
from resistor.engine.facts import FactName
from resistor.engine.inbound import Answered, Inbound, Start, Wake
from resistor.engine.limits import Limits
from resistor.engine.run import EventRef, Origin, Run, RunState, RunStatus, StepStatus
from resistor.engine.steps import dispatch_of, fail_step, go_on
from resistor.engine.workflow import Workflow
from resistor.errors import IllegalTransition, Reason, RejectedMessage
from resistor.messages import json
from resistor.messages.result import Answer, Completed, Failed, Failure, Later, Progress

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
    since the epoch. The parts of the run that `reads_of(workflow, message)` names must have been loaded, and
    all of it where a first look said duplicate or ahead: only then is `outgoing` what it must be.
    """
    if run is not None and run.origin.digest != workflow.digest:
        raise IllegalTransition(f"run {run.id} is pinned to another content than {workflow.digest}")
    match message:
        case Start():
            if run is not None:
                return _again(workflow, run)
            return _start(workflow, message, now=now, limits=limits)
        case Answered():
            return _answered(Draft(workflow, _existing(run), now=now, limits=limits), message)
        case Wake():
            return _wake(Draft(workflow, _existing(run), now=now, limits=limits))
        case _:
            assert_never(message)


def _existing(run: Run | None) -> Run:
    if run is None:
        raise RejectedMessage(Reason.UNKNOWN_RUN, "there is no such run")
    return run


def _start(workflow: Workflow, message: Start, *, now: float, limits: Limits) -> Decision:
    event = message.event
    refusal = workflow.refusal_of(json.decode_trusted(event.data)) if workflow.input_schema else None
    if refusal is not None:
        raise RejectedMessage(Reason.INVALID_INPUT, refusal)
    origin = Origin(
        namespace=workflow.namespace,
        workflow=workflow.name,
        version=workflow.version,
        digest=workflow.digest,
        event=EventRef(event.id, event.name, event.source, event.time),
        started_at=now,
        traceparent=event.traceparent,
        tracestate=event.tracestate,
    )
    run = Run(id=message.run, origin=origin, state=RunState(RunStatus.RUNNING), input=event.data)
    draft = Draft(workflow, run, now=now, limits=limits)
    draft.say(FactName.RUN_STARTED, event=event.id)
    go_on(draft, None)
    return draft.decide()


def _answered(draft: Draft, message: Answered) -> Decision:
    run, record = draft.run, draft.run.steps.get(message.step)
    if run.state.status.is_final:
        return _stale_or_again(draft, message)
    if record is None or message.attempt > record.attempt:
        return Decision(verdict=Verdict.AHEAD, run=run, outgoing=_outgoing(draft.workflow, run, run.steps))
    if message.attempt < record.attempt or not record.status.is_out:
        return _stale_or_again(draft, message)
    if record.status is StepStatus.WAITING and isinstance(message.answer, Progress):
        return Decision(verdict=Verdict.STALE, run=run)  # it was sent before the `later` that overtook it
    if not _answer(draft, message.step, message.answer):
        return Decision(verdict=Verdict.DUPLICATE, run=run)
    return draft.decide()


def _stale_or_again(draft: Draft, message: Answered) -> Decision:
    """Tell an answer that came again from one that came too late.

    Only what has ended by this very attempt can have been ended by this very answer.
    """
    record = draft.run.steps.get(message.step)
    same_end = {Completed: StepStatus.COMPLETED, Failed: StepStatus.FAILED}.get(type(message.answer))
    if record is not None and record.attempt == message.attempt and record.status is same_end:
        return _again(draft.workflow, draft.run)
    return Decision(verdict=Verdict.STALE, run=draft.run)


def _again(workflow: Workflow, run: Run) -> Decision:
    """Repeat what the broker has not confirmed, byte for byte: the first time may have been cut short."""
    return Decision(verdict=Verdict.DUPLICATE, run=run, outgoing=_outgoing(workflow, run, run.unconfirmed))


def _outgoing(workflow: Workflow, run: Run, steps: Iterable[str]) -> tuple[Dispatch, ...]:
    """Return the actions of those of `steps` whose action is on its way or with its module."""
    sent = sorted(step for step in steps if step in run.steps and run.steps[step].status.is_sent)
    return tuple(dispatch_of(workflow, run, step) for step in sent)


def _answer(draft: Draft, step: str, answer: Answer) -> bool:
    """Apply an answer to the step that is out. Returns False where it changes nothing."""
    attempt = draft.run.steps[step].attempt
    match answer:
        case Completed(output):
            if len(output) > draft.limits.payload_bytes:
                message = f"the output has {len(output)} bytes, {draft.limits.payload_bytes} at most"
                _failed(draft, step, Failure("payload_too_large", message, retryable=False))
                return True
            draft.set_step(step, status=StepStatus.COMPLETED, finished_at=draft.now, resume_at=None)
            draft.set_output(step, output)
            draft.say(FactName.STEP_COMPLETED, step, attempt)
            go_on(draft, step)
        case Failed(failure):
            _failed(draft, step, failure)
        case Progress(details):
            started = draft.run.steps[step].started_at
            draft.set_step(step, status=StepStatus.RUNNING, started_at=started or draft.now)
            draft.say(FactName.STEP_PROGRESSED, step, attempt, details=msgspec.Raw(details))
        case Later(after):
            return _postponed(draft, step, after)
        case _:
            assert_never(answer)
    return True


def _failed(draft: Draft, step: str, failure: Failure) -> None:
    draft.set_step(step, status=StepStatus.FAILED, finished_at=draft.now, failure=failure, resume_at=None)
    fail_step(draft, step, failure)


def _postponed(draft: Draft, step: str, after: float) -> bool:
    record = draft.run.steps[step]
    if record.status is StepStatus.WAITING:
        return False  # the same `later` delivered again: the first one counts
    resume_at = draft.now + after
    if resume_at >= record.scheduled_at + draft.limits.token_seconds:
        message = f"the action was to come back after {after:g} s, when its token has expired"
        _failed(draft, step, Failure("limit", message, retryable=False))
        return True
    draft.set_step(step, status=StepStatus.WAITING, resume_at=resume_at)
    draft.say(FactName.STEP_POSTPONED, step, record.attempt, until=resume_at)
    return True


def _wake(draft: Draft) -> Decision:
    """Hand postponed actions back when their time has come, and repeat what is unconfirmed."""
    if draft.run.state.status is not RunStatus.RUNNING:
        return Decision(verdict=Verdict.STALE, run=draft.run)
    due = [step for step, record in draft.run.steps.items() if _is_due(record.resume_at, draft.now)]
    for step in due:
        record = draft.set_step(step, status=StepStatus.SCHEDULED, resume_at=None)
        draft.say(FactName.STEP_RESUMED, step, record.attempt)
    draft.outgoing += _outgoing(draft.workflow, draft.run, draft.run.unconfirmed | set(due))
    return draft.decide(Verdict.APPLIED if due else Verdict.DUPLICATE)


def _is_due(resume_at: float | None, now: float) -> bool:
    return resume_at is not None and resume_at <= now
