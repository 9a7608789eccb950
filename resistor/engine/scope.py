"""What an expression of a step can see: looked up when it is named, decoded once.

Only what an expression names is loaded (`NeedMore`) and decoded.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from resistor.engine.draft import Draft
from resistor.engine.outputs import error_value, output_of
from resistor.engine.places import BODY, FINALLY, ON_FAILURE, Frame, root_frame
from resistor.engine.run import Run, StepRecord
from resistor.engine.workflow import For, While
from resistor.errors import ExpressionError
from resistor.messages import json
from resistor.messages.event import Event
from resistor.messages.moments import moment

_PARTS = {"output", "status", "error", "attempt"}


class FrameScope:
    """The variables of a frame. `extra` are those of one place only, such as `result` and `error`."""

    def __init__(
        self, draft: Draft, frame: Frame | None, address: str, extra: Mapping[str, Any] | None = None
    ) -> None:
        """Take the frame to look from (None: before the run has one), and what chance is derived from."""
        self.now = draft.now
        self.seed = f"{draft.run.id}:{address}"
        self._draft = draft
        self._frame = frame
        self._made: dict[str, Any] = dict(extra or {})

    def variable(self, name: str) -> Any:
        """Return a variable other than `steps`. Raises `ExpressionError`, `NeedMore`."""
        if name not in self._made:
            self._made[name] = self._make(name)
        return self._made[name]

    def has_step(self, step_id: str) -> bool:
        """Whether the step has run, was skipped or is under way."""
        return self._record(step_id) is not None

    def step(self, step_id: str, part: str) -> Any:
        """Return a part of a step that can be seen from here. Raises `LookupError` where there is none."""
        name = f"steps.{step_id}.{part}"
        if name not in self._made:
            self._made[name] = self._step_part(step_id, part)
        return self._made[name]

    def written(self, path: tuple[str, ...]) -> bytes | None:
        """Return what the event brought, or a step's whole output, as written; None for other paths."""
        match path:
            case ("input",) if not self._of_frames("input")[0]:
                return self._draft.run.input
            case ("steps", step_id, "output"):
                found = self._record(step_id)
                return None if found is None else output_of(self._draft, found[0])
            case _:
                return None

    def _step_part(self, step_id: str, part: str) -> Any:
        found = self._record(step_id)
        if found is None:
            raise LookupError(step_id)
        path, record = found
        if part == "status":
            return str(record.status)
        if part == "attempt":
            return record.attempt
        if part == "error":
            if record.failure is None:
                raise LookupError(part)
            return error_value(record.failure, record.attempt)
        output = output_of(self._draft, path)
        if output is None:
            raise LookupError(part)
        return json.decode_trusted(output)

    def _record(self, step_id: str) -> tuple[str, StepRecord] | None:
        frame = self._frame
        while frame is not None:
            step = frame.block.step(step_id)
            if step is not None:
                path = frame.place(step).path
                record = self._draft.record(path)
                return None if record is None else (path, record)
            frame = self._outside(frame)
        return None

    def _outside(self, frame: Frame) -> Frame | None:
        if frame.owner is not None:
            return frame.owner.frame
        return root_frame(self._draft.workflow, BODY) if frame.label != BODY else None

    # ------------------------------------------------------------------------------------ variables

    def _make(self, name: str) -> Any:
        found, value = self._of_frames(name)
        if found:
            return value
        match name:
            case "input":
                return json.decode_trusted(self._draft.run.input)
            case "event":
                return event_variable(self._draft.run)
            case "run":
                return run_variable(self._draft.run)
            case "vars":
                return variables(self._draft, self._frame)
            case "error":
                return self._error()
            case _:
                raise ExpressionError(f"there is no {name}")

    def _of_frames(self, name: str) -> tuple[bool, Any]:
        """Look for a loop's variable, from the inside out."""
        frame = self._frame
        while frame is not None and frame.owner is not None:
            kind = frame.owner.step.kind
            if isinstance(kind, For):
                if name == kind.at:
                    return True, int(frame.label)
                if name == kind.each:
                    item = self._draft.payload(f"i:{frame.path}")
                    if item is None:
                        raise ExpressionError(f"{name} is not kept any more")
                    return True, json.decode_trusted(item)
            if isinstance(kind, While) and name == "index":
                return True, int(frame.label)
            frame = frame.owner.frame
        return False, None

    def _error(self) -> Any:
        frame = self._frame
        while frame is not None:
            if frame.label in (ON_FAILURE, FINALLY) and frame.owner is None:
                failure = self._draft.state.failure
                if failure is not None:
                    return error_value(failure)
            if frame.owner is not None and frame.label.startswith("catch-"):
                guard = self._draft.existing(frame.owner.path).guard
                if guard is not None and guard.failure is not None:
                    return error_value(guard.failure)
            frame = frame.owner.frame if frame.owner else None
        raise ExpressionError("there is no error: nothing has failed")


class EventScope:
    """What is seen outside of any run (`rollout`, `triggers`, `key.event`): the event, and its data."""

    now = 0.0

    def __init__(self, event: Event, seed: str, extra: Mapping[str, Any] | None = None) -> None:
        """Take the event, what chance is derived from, and variables besides."""
        self.seed = seed
        self._event = event
        self._made: dict[str, Any] = dict(extra or {})

    def variable(self, name: str) -> Any:
        """Return `input` or `event`."""
        if name not in self._made:
            self._made[name] = self._make(name)
        return self._made[name]

    def has_step(self, step_id: str) -> bool:
        """No step has run yet."""
        return False

    def step(self, step_id: str, part: str) -> Any:
        """No step has run yet."""
        raise LookupError(step_id)

    def _make(self, name: str) -> Any:
        if name == "input":
            return json.decode_trusted(self._event.data)
        if name == "event":
            event = self._event
            return {"id": event.id, "type": event.name, "source": event.source, "time": moment(event.time)}
        raise ExpressionError(f"there is no {name}")


def variables(draft: Draft, frame: Frame | None) -> dict[str, Any]:
    """Return the variables that are set, seen from `frame`: a branch or an item begins with those outside."""
    for path in variable_frames(frame):
        kept = draft.payload(f"v:{path}")
        if kept is not None:
            return dict(json.decode_trusted(kept))
    return {}


def variable_frames(frame: Frame | None) -> list[str]:
    """Return the frames that hold variables, from the inside out; the last is the run's own."""
    found = []
    while frame is not None and frame.owner is not None:
        if frame.is_isolated:
            found.append(frame.path)
        frame = frame.owner.frame
    return [*found, BODY]


def event_variable(run: Run) -> dict[str, Any]:
    """Return what `event` is to an expression."""
    event = run.origin.event
    return {"id": event.id, "type": event.type, "source": event.source, "time": moment(event.time)}


def run_variable(run: Run) -> dict[str, Any]:
    """Return what `run` is to an expression."""
    origin = run.origin
    return {
        "id": run.id,
        "namespace": origin.namespace,
        "workflow": origin.workflow,
        "version": origin.version,
        "started_at": moment(origin.started_at),
        "labels": origin.labels,
    }
