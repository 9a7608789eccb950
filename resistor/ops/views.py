"""Runs, facts and workflows → the contract's JSON objects.

Read by the command line, and later by the HTTP API and the web page: one shape for all. Payloads stay bytes
(`msgspec.Raw`), so that what comes out is what went in, to the digit; encode with `msgspec`.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from resistor.engine.facts import Fact
from resistor.engine.outbox import run_output
from resistor.engine.places import path_of
from resistor.engine.run import Parent, Phase, Run, RunStatus
from resistor.engine.workflow import Block, Step, Workflow, blocks_of
from resistor.messages.action import rfc3339
from resistor.messages.result import Failure
from resistor.ops.steps import View, does, draft_of, failure_view, kind_word, raw, step_views, time_text

__all__ = ["View", "fact_view", "run_line", "run_view", "workflow_line", "workflow_view"]


def run_line(run: Run) -> View:
    """Return a run as in a list: all that is known without its steps and payloads."""
    origin, state = run.origin, run.state
    line: View = {
        "id": run.id,
        "namespace": origin.namespace,
        "workflow": origin.workflow,
        "version": origin.version,
        "digest": origin.digest,
        "status": state.status.value,
        "event": {"id": origin.event.id, "type": origin.event.type, "time": time_text(origin.event.time)},
        "error": failure_view(state.failure),
        "labels": origin.labels,
        "parent": _parent(origin.parent),
        "started_at": rfc3339(origin.started_at),
        "finished_at": time_text(state.finished_at),
    }
    if state.undone is not None:
        line["compensated"] = state.undone
    if state.paused_at is not None:
        line["paused_at"] = rfc3339(state.paused_at)
    if origin.rerun_of is not None:
        line["rerun_of"] = origin.rerun_of
    if state.phase is not Phase.BODY and not state.status.is_final:
        line["phase"] = state.phase.value
    return line


def run_view(run: Run, workflow: Workflow | None) -> View:
    """Return a whole run. `workflow` is the version that it is pinned to: it knows the steps to come."""
    payloads = {"input": msgspec.Raw(run.input), "output": raw(_output(run, workflow))}
    ordered: View = {}
    for name, value in run_line(run).items():
        if name == "error":
            ordered.update(payloads)
        ordered[name] = value
    return ordered | {"steps": step_views(run, workflow)}


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
            view[name] = failure_view(msgspec.convert(value, Failure) if isinstance(value, dict) else value)
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
        "steps": sum(1 for _ in workflow.walk()),
        "modules": sorted(workflow.modules),
    }


def workflow_view(workflow: Workflow) -> View:
    """Return one version of a workflow, with its definition as it was registered.

    Each step's `path` is that of its records, with `*` for an item's or a round's number.
    """
    return workflow_line(workflow) | {
        "steps": [_step(path, step) for path, step in _walk(workflow)],
        "definition": msgspec.Raw(workflow.source),
    }


def _walk(workflow: Workflow) -> Iterator[tuple[str, Step]]:
    tops = (("", workflow.body), ("on_failure/", workflow.on_failure), ("finally/", workflow.finally_))
    for before, block in tops:
        if block is not None:
            yield from _walk_block(block, before)


def _walk_block(block: Block, before: str) -> Iterator[tuple[str, Step]]:
    for step in block.steps:
        path = before + step.id
        yield path, step
        for label, inner in blocks_of(step.kind):
            yield from _walk_block(inner, f"{path}/{label}/")


def _step(path: str, step: Step) -> View:
    return {"id": step.id, "path": path, "kind": kind_word(step.kind), **does(step.kind)}


def _output(run: Run, workflow: Workflow | None) -> bytes | None:
    """Return what the run gives: of one that did not end well, only what an `end` step said."""
    own = run.outputs.get("")
    state = run.state
    if own is not None or (state.status.is_final and state.status is not RunStatus.COMPLETED):
        return own
    if workflow is None:
        return run.outputs.get(state.output_of) if state.output_of is not None else None
    return run_output(draft_of(run, workflow))


def _parent(parent: Parent | None) -> View | None:
    """Return which run and which of its steps started this one."""
    return None if parent is None else {"run": parent.run, "step": path_of(parent.address) or None}
