"""Runs, facts and workflows → the contract's JSON objects.

Read by the command line, and later by the HTTP API and the web page: one shape for all. Payloads stay bytes
(`msgspec.Raw`), so that what comes out is what went in, to the digit; encode with `msgspec`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from resistor.engine.facts import Fact
from resistor.engine.run import Run, StepRecord, StepStatus
from resistor.engine.workflow import Step, Workflow
from resistor.messages.action import rfc3339
from resistor.messages.result import Failure

View = dict[str, Any]
"""A JSON object."""


def run_line(run: Run) -> View:
    """Return a run as in a list: all that is known without its steps and payloads."""
    origin, state = run.origin, run.state
    return {
        "id": run.id,
        "namespace": origin.namespace,
        "workflow": origin.workflow,
        "version": origin.version,
        "digest": origin.digest,
        "status": state.status.value,
        "event": {"id": origin.event.id, "type": origin.event.type, "time": _time(origin.event.time)},
        "error": _failure(state.failure),
        "labels": origin.labels,
        "parent": origin.parent,
        "started_at": rfc3339(origin.started_at),
        "finished_at": _time(state.finished_at),
    }


def run_view(run: Run, workflow: Workflow | None) -> View:
    """Return a whole run. `workflow` is the version that it is pinned to: it knows the steps to come."""
    line = run_line(run)
    output = run.outputs.get(run.state.output_of) if run.state.output_of is not None else None
    payloads = {"input": msgspec.Raw(run.input), "output": _raw(output)}
    ordered = {}
    for name, value in line.items():
        if name == "error":
            ordered.update(payloads)
        ordered[name] = value
    return ordered | {"steps": list(_steps(run, workflow))}


def fact_view(seq: int, fact: Fact) -> View:
    """Return one line of a run's history; `seq` counts from 1."""
    view: View = {
        "seq": seq,
        "at": rfc3339(fact.at),
        "fact": fact.name.value,
        "step": fact.step,
        "attempt": fact.attempt,
    }
    for name, value in fact.details.items():
        if name == "error":
            view[name] = _failure(msgspec.convert(value, Failure) if isinstance(value, dict) else value)
        else:
            view.setdefault(name, rfc3339(value) if name == "until" else value)
    return view


def workflow_line(workflow: Workflow) -> View:
    """Return one version of a workflow as in a list."""
    return {
        "namespace": workflow.namespace,
        "workflow": workflow.name,
        "version": workflow.version,
        "digest": workflow.digest,
        "description": workflow.description,
        "steps": len(workflow.steps),
        "modules": sorted(workflow.modules),
    }


def workflow_view(workflow: Workflow) -> View:
    """Return one version of a workflow, with its definition as it was registered."""
    return workflow_line(workflow) | {
        "steps": [
            {"id": step.id, "kind": "module", "module": step.module, "action": step.action}
            for step in workflow.steps
        ],
        "definition": msgspec.Raw(workflow.source),
    }


def _steps(run: Run, workflow: Workflow | None) -> Iterator[View]:
    """Give the steps in the order of the definition, and any that it does not have in the order of time."""
    known = workflow.steps if workflow is not None else ()
    for step in known:
        yield _step(run, step.id, step, run.steps.get(step.id))
    others = run.steps.keys() - {step.id for step in known}
    for step_id in sorted(others, key=lambda each: (run.steps[each].scheduled_at, each)):
        yield _step(run, step_id, None, run.steps[step_id])


def _step(run: Run, step_id: str, step: Step | None, record: StepRecord | None) -> View:
    """A step begins, for people, when its action is sent: when a module takes it, nobody tells us."""
    return {
        "id": step_id,
        "path": step_id,
        "kind": "module",
        "module": step.module if step else None,
        "action": step.action if step else None,
        "status": (record.status if record else StepStatus.PENDING).value,
        "attempt": record.attempt if record else 0,
        "started_at": _time(record.scheduled_at) if record else None,
        "finished_at": _time(record.finished_at) if record else None,
        "input": _raw(run.inputs.get(step_id, run.input)) if record else None,
        "output": _raw(run.outputs.get(step_id)),
        "error": _failure(record.failure) if record else None,
    }


def _failure(failure: Failure | None) -> View | None:
    if failure is None:
        return None
    view: View = {"type": failure.type, "message": failure.message, "retryable": failure.retryable}
    optional = {"retry_after": failure.retry_after, "details": failure.details, "step": failure.step}
    return view | {name: value for name, value in optional.items() if value is not None}


def _raw(payload: bytes | None) -> msgspec.Raw | None:
    return None if payload is None else msgspec.Raw(payload)


def _time(seconds: float | None) -> str | None:
    return None if seconds is None else rfc3339(seconds)
