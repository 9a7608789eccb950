"""How a step begins, and how a run goes on and ends."""

from __future__ import annotations

from functools import partial
from typing import Any

from resistor.engine.decision import Dispatch
from resistor.engine.draft import Draft
from resistor.engine.expressions import Scope, Template, render
from resistor.engine.facts import FactName
from resistor.engine.identity import idempotency_key
from resistor.engine.run import Run, RunStatus, StepRecord, StepStatus
from resistor.engine.workflow import Step, Workflow
from resistor.errors import ExpressionError
from resistor.messages.result import Failure


def go_on(draft: Draft, after: str | None) -> None:
    """Begin the step that follows `after` (None: the first), or complete the run after the last."""
    step = draft.workflow.after(after)
    if step is None:
        complete_run(draft, output_of=after)
    else:
        begin(draft, step)


def begin(draft: Draft, step: Step) -> None:
    """Send `step` to its module, or fail it where its input cannot be made."""
    failure = None
    if step.input is not None:
        failure = _make_input(draft, step.id, step.input)
    if failure is not None:
        draft.add_step(
            step.id, StepRecord(StepStatus.FAILED, 1, draft.now, finished_at=draft.now, failure=failure)
        )
        fail_step(draft, step.id, failure)
        return
    draft.add_step(step.id, StepRecord(StepStatus.SCHEDULED, 1, draft.now))
    draft.set_state(current=step.id)
    draft.outgoing.append(dispatch_of(draft.workflow, draft.run, step.id))
    draft.say(FactName.STEP_SCHEDULED, step.id, 1, module=step.module, action=step.action)


def fail_step(draft: Draft, step_id: str, failure: Failure) -> None:
    """Say that a step failed, and let the run fail with it (retries: see docs/architecture.md)."""
    failure = Failure(
        type=failure.type,
        message=failure.message,
        retryable=failure.retryable,
        retry_after=failure.retry_after,
        details=failure.details,
        step=step_id,
    )
    attempt = draft.run.steps[step_id].attempt
    draft.say(FactName.STEP_FAILED, step_id, attempt, error=failure)
    draft.set_state(status=RunStatus.FAILED, current=None, finished_at=draft.now, failure=failure)
    draft.say(FactName.RUN_FAILED, error=failure)


def complete_run(draft: Draft, *, output_of: str | None) -> None:
    """End the run well: its output is the last step's."""
    draft.set_state(status=RunStatus.COMPLETED, current=None, finished_at=draft.now, output_of=output_of)
    draft.say(FactName.RUN_COMPLETED)


def dispatch_of(workflow: Workflow, run: Run, step_id: str) -> Dispatch:
    """Return the action of a step that is out, made from the run's state: the same bytes every time."""
    step = workflow.step(step_id)
    record = run.steps[step_id]
    assert step is not None  # noqa: S101 - a run is pinned to the version that has its steps
    return Dispatch(
        step=step_id,
        attempt=record.attempt,
        module=step.module,
        action=step.action,
        input=run.inputs.get(step_id, run.input),
        metadata=step.metadata,
        idempotency_key=idempotency_key(run.id, step_id),
        scheduled_at=record.scheduled_at,
    )


def _make_input(draft: Draft, step_id: str, template: Template) -> Failure | None:
    try:
        made = render(template, scope_of(draft.run))
    except ExpressionError as error:
        return Failure("expression", str(error), retryable=False)
    if len(made) > draft.limits.payload_bytes:
        message = f"the input has {len(made)} bytes, {draft.limits.payload_bytes} at most"
        return Failure("payload_too_large", message, retryable=False)
    draft.set_input(step_id, made)
    return None


def scope_of(run: Run) -> Scope:
    """Return what an expression of this run can see now."""
    return Scope(
        input=run.input,
        outputs=run.outputs,
        event=partial(_event_variable, run),
        run=partial(_run_variable, run),
        statuses={step: (record.status, record.attempt) for step, record in run.steps.items()},
    )


def _event_variable(run: Run) -> dict[str, Any]:
    event = run.origin.event
    return {"id": event.id, "type": event.type, "source": event.source, "time": event.time}


def _run_variable(run: Run) -> dict[str, Any]:
    origin = run.origin
    return {
        "id": run.id,
        "namespace": origin.namespace,
        "workflow": origin.workflow,
        "version": origin.version,
        "started_at": origin.started_at,
        "labels": origin.labels,
    }
