"""A run's steps → the contract's objects, in the order of the definition.

Called by `views.py`. Beside what the contract names, an object says what people ask next, where it applies:
until when a step pauses, what it waits for, which error was caught, how far a block is. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from resistor.engine.draft import Draft
from resistor.engine.limits import Limits
from resistor.engine.outputs import output_of
from resistor.engine.places import Place, compensated, find
from resistor.engine.run import (
    Child,
    Chosen,
    Control,
    Counts,
    Hearing,
    Passage,
    Rounds,
    Run,
    StepRecord,
    StepStatus,
)
from resistor.engine.workflow import (
    Ask,
    Assign,
    Compensation,
    Emit,
    Kind,
    Listen,
    Module,
    RunWorkflow,
    Workflow,
)
from resistor.messages import json
from resistor.messages.action import rfc3339
from resistor.messages.result import Failure
from resistor.ops.ordering import Order

View = dict[str, Any]
"""A JSON object."""

_WORDS: dict[type, str] = {Assign: "set", RunWorkflow: "run"}
_PAUSED = (StepStatus.RETRYING, StepStatus.WAITING)
_HAS_ERROR = (StepStatus.FAILED, StepStatus.RETRYING)


def kind_word(kind: Kind) -> str:
    """Return what the language calls a kind of step."""
    return _WORDS.get(type(kind)) or type(kind).__name__.lower()


def draft_of(run: Run, workflow: Workflow) -> Draft:
    """Return the run as the engine's readers want it. Nothing is decided on it."""
    whole = msgspec.structs.replace(run, is_whole=True)
    return Draft(workflow, whole, now=run.origin.started_at, limits=Limits())


def step_views(run: Run, workflow: Workflow | None) -> list[View]:
    """Return the steps that have begun, and those of the body that have not."""
    records: dict[str, StepRecord | None] = dict(run.steps)
    for step in workflow.body.steps if workflow is not None else ():
        records.setdefault(step.id, None)
    order = Order(workflow, {path: record.scheduled_at for path, record in run.steps.items()})
    look = _Look(run, workflow)
    return [look.view(path, records[path]) for path in sorted(records, key=order.key)]


class _Look:
    """What a step's object is made from."""

    def __init__(self, run: Run, workflow: Workflow | None) -> None:
        self._run = run
        self._workflow = workflow
        self._draft = draft_of(run, workflow) if workflow is not None else None

    def view(self, path: str, record: StepRecord | None) -> View:
        """A step begins, for people, when its action is sent: when a module takes it, nobody tells us."""
        place, undone = self._find(path)
        kind = place.step.kind if place is not None else None
        view: View = {
            "id": path.rpartition("/")[2].partition("#")[0],
            "path": path,
            "kind": "module" if undone is not None else kind_word(kind) if kind is not None else None,
            **does(undone or kind, record.action if record else None),
            "status": (record.status if record else StepStatus.PENDING).value,
            "attempt": record.attempt if record else 0,
            "started_at": time_text(record.scheduled_at) if record else None,
            "finished_at": time_text(record.finished_at) if record else None,
            "input": self._input(path, undone or kind, record),
            "output": self._output(path, record),
            "error": failure_view(record.failure) if record and record.status in _HAS_ERROR else None,
        }
        if undone is not None:
            view["compensates"] = compensated(path)
        if place is not None and place.step.name:
            view["name"] = place.step.name
        return view | (dict(_further(undone or kind, record)) if record is not None else {})

    def _find(self, path: str) -> tuple[Place | None, Compensation | None]:
        if self._workflow is None:
            return None, None
        place = find(self._workflow, path)
        undone = find(self._workflow, compensated(path) or "") if place is None else None
        kind = undone.step.kind if undone is not None else None
        return place, kind.compensation if isinstance(kind, Module) else None

    def _input(
        self, path: str, kind: Kind | Compensation | None, record: StepRecord | None
    ) -> msgspec.Raw | None:
        if record is None or record.status is StepStatus.SKIPPED:
            return None
        match kind:
            case Module(input=None) | RunWorkflow(input=None) | Compensation(input=None):
                return msgspec.Raw(self._run.input)
            case Module() | RunWorkflow() | Compensation() | Emit() | Assign() | None:
                return raw(self._payload(f"i:{path}"))
            case _:
                return None

    def _output(self, path: str, record: StepRecord | None) -> msgspec.Raw | None:
        if record is None or record.output_of is None:
            return None
        is_aside = "#" in path.rpartition("/")[2]  # an earlier turn, kept to be undone, with its own output
        if self._draft is None or is_aside:
            return raw(self._payload(f"o:{path if is_aside else record.output_of}"))
        return raw(output_of(self._draft, path))

    def _payload(self, name: str) -> bytes | None:
        part = self._run.parts.get(name)
        return part if isinstance(part, bytes) else None


def does(kind: Kind | Compensation | None, named: str | None = None) -> View:
    """Return which module is asked for which action; `named` is what an expression made of its name."""
    if not isinstance(kind, Module | Compensation):
        return {"module": None, "action": None}
    return {
        "module": kind.module,
        "action": named or (kind.action if isinstance(kind.action, str) else None),
    }


def _further(kind: Kind | Compensation | None, record: StepRecord) -> Iterator[tuple[str, Any]]:
    if record.turn > 1:
        yield "turn", record.turn
    if record.blocked is not None:
        yield "blocked", record.blocked
    if record.status in _PAUSED and record.resume_at is not None:
        yield "until", rfc3339(record.resume_at)
    if record.status.is_open and record.deadline is not None:
        yield "deadline", rfc3339(record.deadline)
    if record.guard is not None and record.guard.caught is not None:
        yield "caught", failure_view(record.guard.failure)
    yield from _of_control(record.control)
    if record.status is StepStatus.WAITING:
        yield from _awaited(kind, record.control)


def _of_control(control: Control | None) -> Iterator[tuple[str, Any]]:
    match control:
        case Counts(total, begun, succeeded, failed):
            yield "counts", {"total": total, "begun": begun, "completed": succeeded, "failed": failed}
        case Chosen(case):
            yield "case", case
        case Rounds(index):
            yield "round", index
        case Hearing(count):
            yield "heard", count
        case Child(run, namespace, workflow):
            yield "child", {"run": run, "namespace": namespace, "workflow": workflow}
        case Passage() | None:
            return


def _awaited(kind: Kind | Compensation | None, control: Control | None) -> Iterator[tuple[str, Any]]:
    match kind:
        case Module() | Compensation() if isinstance(control, Passage):
            yield from _held_up(kind, control)
        case Ask(prompt, form, to):
            yield "ask", {"prompt": prompt, "to": to, "form": form}
        case Listen(event, count=count):
            key = control.key if isinstance(control, Hearing) else None
            yield (
                "listen",
                {"event": event, "key": json.decode_trusted(key.encode()) if key else None, "count": count},
            )
        case _:
            return


def _held_up(kind: Module | Compensation, way: Passage) -> Iterator[tuple[str, Any]]:
    """Say what an action waits for on its way: the end of a pause, or its turn by a limit."""
    if way.held is not None:
        yield "held", {"module": kind.module, "why": way.held}
    elif way.is_in and way.index < len(kind.gates):
        key = way.keys[way.index]
        yield (
            "limited",
            {"limit": kind.gates[way.index].name, "key": json.decode_trusted(key.encode()) if key else None},
        )


def failure_view(failure: Failure | None) -> View | None:
    """Return an error as the contract has it."""
    if failure is None:
        return None
    view: View = {"type": failure.type, "message": failure.message, "retryable": failure.retryable}
    optional = {
        "retry_after": failure.retry_after,
        "details": failure.details,
        "step": failure.step,
        "attempt": failure.attempt,
    }
    return view | {name: value for name, value in optional.items() if value is not None}


def raw(payload: bytes | None) -> msgspec.Raw | None:
    """Return a payload that comes out as it went in."""
    return None if payload is None else msgspec.Raw(payload)


def time_text(seconds: float | None) -> str | None:
    """Return a time as the contract has it."""
    return None if seconds is None else rfc3339(seconds)
