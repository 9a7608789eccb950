"""A block that is over, or whose frame is, opens again: its record says what it said while that frame ran."""

from __future__ import annotations

from typing import Any

import msgspec

from resistor.engine.draft import Draft
from resistor.engine.places import TRY, Frame
from resistor.engine.run import Chosen, Control, Counts, Guard, Rounds, StepRecord, StepStatus
from resistor.engine.workflow import For, Fork, Module, RunWorkflow, Switch, Try, While


def reopen(draft: Draft, frame: Frame) -> None:
    """Let the owner of `frame` be under way again, in this frame. Its other frames stay as they are."""
    owner = frame.owner
    assert owner is not None  # noqa: S101 - the body has no record
    record = draft.existing(owner.path)
    changes: dict[str, Any] = {"control": _control(draft, frame, record), "guard": _guard(frame, record)}
    if not record.status.is_open:
        changes["status"] = StepStatus.RUNNING
    draft.change(
        owner.path,
        finished_at=None,
        output_of=None if isinstance(owner.step.kind, Fork | For) else record.output_of,
        failure=record.failure if frame.label.startswith("catch-") else None,
        **changes,
    )
    if isinstance(owner.step.kind, Fork | For):
        draft.put(f"b:{frame.path}", None)


def _control(draft: Draft, frame: Frame, record: StepRecord) -> Control | None:
    owner = frame.owner
    kind = None if owner is None else owner.step.kind
    match kind, record.control:
        case ((Fork() | For()), Counts() as counts):
            return _uncounted(draft, frame, counts)
        case While(), _:
            return Rounds(int(frame.label))
        case Switch(), _:
            return Chosen(int(frame.label))
        case _:
            return record.control


def _uncounted(draft: Draft, frame: Frame, counts: Counts) -> Counts:
    """Count a branch as under way that had ended."""
    end = draft.block_end(frame.path)
    owner = frame.owner
    kind = None if owner is None else owner.step.kind
    if end is None or not isinstance(kind, Fork | For):
        return counts
    is_good = end.failure is None
    is_named = kind.join.names is not None and frame.label in kind.join.names
    failed = counts.failed - (0 if is_good else 1)
    return msgspec.structs.replace(
        counts,
        succeeded=counts.succeeded - (1 if is_good else 0),
        failed=failed,
        failure=counts.failure if failed else None,
        wanted=counts.wanted + (1 if is_named and is_good else 0),
    )


def _guard(frame: Frame, record: StepRecord) -> Guard | None:
    """Return which of a guarded step's blocks runs again."""
    owner = frame.owner
    if owner is None or not isinstance(owner.step.kind, Try | Module | RunWorkflow):
        return record.guard
    guard, word = record.guard or Guard(), frame.label.partition("#")
    if word[0] != TRY:
        return msgspec.structs.replace(guard, block=frame.label, failure=guard.failure or record.failure)
    tries = int(word[2]) if word[2] else 1
    return msgspec.structs.replace(guard, block="", tries=tries, is_paused=False, failure=None, caught=None)
