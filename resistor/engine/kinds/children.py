"""`run`: another workflow as a step."""

from __future__ import annotations

from typing import Any

import msgspec

from resistor.engine import outbox
from resistor.engine.draft import Draft
from resistor.engine.facts import FactName
from resistor.engine.identity import child_run_id, run_id_of
from resistor.engine.inbound import ChildEnded
from resistor.engine.moves import (
    Fail,
    complete,
    keep_output,
    record_of,
    refuse,
    render,
    scope_of,
    start,
    text_of,
    value_of,
)
from resistor.engine.places import Place
from resistor.engine.run import Child, RunStatus, StepRecord, StepStatus
from resistor.engine.workflow import RunWorkflow
from resistor.messages import json
from resistor.messages.names import DOTTED
from resistor.messages.result import Failure

_ERROR_TYPES = {
    RunStatus.CANCELLED: "cancelled",
    RunStatus.TERMINATED: "cancelled",
    RunStatus.TIMED_OUT: "timeout",
}


def begin(draft: Draft, place: Place, before: str | None) -> None:
    """Start the run; go on at once where it is detached."""
    child = _child(draft, place, tries=1)
    if isinstance(child, Failure):
        refuse(draft, place, before, child)
        return
    kind = kind_of(place)
    deadline = None if kind.timeout is None else draft.now + kind.timeout
    status = StepStatus.RUNNING if kind.is_detached else StepStatus.WAITING
    start(draft, place, before, status, deadline=deadline, control=child)
    _started(draft, place, child)
    if kind.is_detached:
        keep_output(draft, place, json.encode({"run": child.run}))
        complete(draft, place, output_of=place.path)


def begin_again(draft: Draft, place: Place, *, tries: int) -> None:
    """Start a fresh run in the failed one's place."""
    child = _child(draft, place, tries=tries)
    if isinstance(child, Failure):
        draft.change(place.path, status=StepStatus.RUNNING, resume_at=None)
        draft.agenda.append(Fail(place, child))
        return
    kind, record = kind_of(place), record_of(draft, place)
    draft.change(
        place.path,
        status=StepStatus.WAITING,
        attempt=record.attempt + 1,
        resume_at=None,
        deadline=None if kind.timeout is None else draft.now + kind.timeout,
        control=child,
    )
    _started(draft, place, child)


def retry(draft: Draft, place: Place) -> None:
    """Let the run that did not end well go on, and wait for it again."""
    kind, record = kind_of(place), record_of(draft, place)
    child = _child_of(record)
    draft.change(
        place.path,
        status=StepStatus.WAITING,
        attempt=record.attempt + 1,
        finished_at=None,
        failure=None,
        guard=None,
        control=msgspec.structs.replace(child, revivals=child.revivals + 1),
        deadline=None if kind.timeout is None else draft.now + kind.timeout,
    )
    draft.say(FactName.STEP_STARTED, place.path, run=child.run, is_retry=True)
    outbox.retry_child(draft, place)


def ended(draft: Draft, place: Place, message: ChildEnded) -> None:
    """Take over what the run came to: its output, or its error as it is."""
    draft.settle(f"start {place.address}")
    control = msgspec.structs.replace(_child_of(record_of(draft, place)), revivals=message.revivals)
    draft.change(place.path, control=control)
    if message.status is RunStatus.COMPLETED:
        failure = keep_output(draft, place, message.output if message.output is not None else b"null")
        if failure is None:
            complete(draft, place, output_of=place.path)
            return
    else:
        failure = message.failure or Failure(
            _error_type(message.status), f"run {message.run} {message.status}"
        )
    draft.agenda.append(Fail(place, failure))


def overdue(draft: Draft, place: Place) -> None:
    """Fail, and end the run that took too long."""
    outbox.end_child(draft, place)
    message = f"the run did not end within {kind_of(place).timeout:g} s"
    draft.agenda.append(Fail(place, Failure("timeout", message, retryable=False)))


def kind_of(place: Place) -> RunWorkflow:
    """Return the run step that stands there."""
    assert isinstance(place.step.kind, RunWorkflow)  # noqa: S101 - chosen by kind
    return place.step.kind


def is_of_now(draft: Draft, place: Place, message: ChildEnded) -> bool:
    """Whether an end is that of the run which the step waits for, as often as that was retried."""
    record = record_of(draft, place)
    child = record.control
    if not isinstance(child, Child) or child.run != message.run:
        return False
    return message.revivals >= child.revivals or message.order == retry_order(draft, place)


def retry_order(draft: Draft, place: Place) -> str:
    """Return the id of the order to retry the step's run, at this attempt."""
    return f"{draft.run.id}:{place.address}:{record_of(draft, place).attempt}"


def _child_of(record: StepRecord) -> Child:
    assert isinstance(record.control, Child)  # noqa: S101 - chosen by it
    return record.control


def _error_type(status: RunStatus) -> str:
    return _ERROR_TYPES.get(status, "error")


def _started(draft: Draft, place: Place, child: Child) -> None:
    draft.say(FactName.STEP_STARTED, place.path, run=child.run, workflow=child.workflow)
    outbox.start_child(draft, place)


def _child(draft: Draft, place: Place, *, tries: int) -> Child | Failure:
    kind = kind_of(place)
    if draft.run.origin.depth >= draft.limits.depth:
        message = f"runs start runs {draft.limits.depth} deep at most"
        return Failure("limit", message, retryable=False)
    name = _workflow_name(draft, place, kind)
    if isinstance(name, Failure):
        return name
    failure = _make_input(draft, place, kind)
    if failure is not None:
        return failure
    namespace = kind.namespace or draft.workflow.namespace
    if kind.key is None:
        return Child(child_run_id(draft.run.id, place.address, tries), namespace, name)
    key = value_of(kind.key, scope_of(draft, place))
    if isinstance(key, Failure):
        return key
    return Child(run_id_of(namespace, name, text_of(key)), namespace, name, text_of(key))


def _workflow_name(draft: Draft, place: Place, kind: RunWorkflow) -> str | Failure:
    if isinstance(kind.workflow, str):
        return kind.workflow
    name: Any = value_of(kind.workflow, scope_of(draft, place))
    if isinstance(name, Failure):
        return name
    if not isinstance(name, str) or not DOTTED.match(name):
        message = f"`workflow` must become the name of a workflow, not {text_of(name)[:100]}"
        return Failure("expression", message, retryable=False)
    return name


def _make_input(draft: Draft, place: Place, kind: RunWorkflow) -> Failure | None:
    if kind.input is None:
        return None
    made = render(kind.input, scope_of(draft, place))
    if isinstance(made, Failure):
        return made
    if not made.startswith(b"{"):
        return Failure("expression", "a run's input is an object", retryable=False)
    draft.put(f"i:{place.path}", made)
    return draft.too_large("the input", made)
