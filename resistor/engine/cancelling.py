"""Ending what is still under way: what a block that is over, or a run that ends, leaves behind."""

from __future__ import annotations

from resistor.engine import outbox, passing
from resistor.engine.draft import Draft
from resistor.engine.facts import FactName
from resistor.engine.places import Frame, Place, find
from resistor.engine.run import Hearing, StepRecord, StepStatus
from resistor.engine.workflow import Listen, Module, RunWorkflow


def cancel_inside(draft: Draft, prefix: str, why: str) -> None:
    """Cancel every open step below `prefix` (a frame's path, a block's address; empty: everywhere)."""
    below = f"{prefix}/" if prefix else ""
    for path, record in sorted(draft.records().items()):
        if record.status.is_open and path.startswith(below):
            cancel_step(draft, path, record, why)


def close_around(draft: Draft, place: Place, status: StepStatus) -> None:
    """End the blocks around a step, from the inside out: nothing else in them is under way."""
    frame: Frame | None = place.frame
    while frame is not None and frame.owner is not None:
        path = frame.owner.path
        if draft.existing(path).status.is_open:
            record = draft.change(path, status=status, finished_at=draft.now, resume_at=None, deadline=None)
            fact = FactName.STEP_COMPLETED if status is StepStatus.COMPLETED else FactName.STEP_CANCELLED
            draft.say(fact, path, record.attempt)
        frame = frame.owner.frame


def cancel_step(draft: Draft, path: str, record: StepRecord, why: str) -> None:
    """Cancel one open step, and what it has outside the run."""
    record = draft.change(
        path,
        status=StepStatus.CANCELLED,
        finished_at=draft.now,
        resume_at=None,
        deadline=None,
        silent_at=None,
    )
    draft.say(FactName.STEP_CANCELLED, path, record.attempt, why=why)
    withdraw(draft, path, record)


def withdraw(draft: Draft, path: str, record: StepRecord) -> None:
    """Take back what a step has outside the run: its action, its subscription, its child."""
    found = find(draft.workflow, path)
    if found is None:  # a compensation
        draft.settle(path)
        undone = passing.find_action(draft.workflow, path)
        if undone is not None:
            passing.leave(draft, undone)
        return
    place = Place(found.step, found.frame, record.turn)
    match place.step.kind:
        case Listen() if isinstance(record.control, Hearing):
            outbox.unsubscribe(draft, place)
        case RunWorkflow(is_detached=False):
            outbox.end_child(draft, place)
        case Module():
            draft.settle(place.address)
            passing.leave(draft, passing.action_of(place))
        case _:
            draft.settle(place.address)
