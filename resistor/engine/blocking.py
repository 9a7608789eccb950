"""An action that reaches nobody: its module has no queue. The step is blocked, visibly, until it does.

The action stays in the outbox and is tried again. The attempt's time limits stand still: they begin when the
module can begin.
"""

from __future__ import annotations

from resistor.engine import compensating
from resistor.engine.decision import Verdict
from resistor.engine.draft import Draft
from resistor.engine.facts import FactName
from resistor.engine.inbound import Delivered, Undelivered
from resistor.engine.kinds import actions
from resistor.engine.places import compensated, find, path_of
from resistor.engine.run import StepRecord
from resistor.engine.workflow import Module


def told(draft: Draft, message: Undelivered | Delivered) -> Verdict:
    """Block the step, or let its time begin."""
    path = path_of(message.name)
    record = draft.record(path)
    if record is None or not record.status.is_sent or record.attempt != message.attempt:
        return Verdict.STALE
    if isinstance(message, Undelivered):
        return _block(draft, path, record, message.why)
    return _unblock(draft, path, record)


def _block(draft: Draft, path: str, record: StepRecord, why: str) -> Verdict:
    if record.blocked == why:
        return Verdict.IGNORED
    draft.change(path, blocked=why, deadline=None, silent_at=None)
    draft.say(FactName.STEP_BLOCKED, path, record.attempt, why=why)
    return Verdict.APPLIED


def _unblock(draft: Draft, path: str, record: StepRecord) -> Verdict:
    if record.blocked is None:
        return Verdict.IGNORED
    place = find(draft.workflow, path)
    is_module = place is not None and isinstance(place.step.kind, Module)
    undone = find(draft.workflow, compensated(path) or "") if place is None else None
    times = actions.times(draft, actions.kind_of(place)) if place is not None and is_module else {}
    if undone is not None:
        times = {"deadline": compensating.deadline_of(draft, undone)}
    draft.change(path, blocked=None, **times)
    draft.say(FactName.STEP_UNBLOCKED, path, record.attempt)
    return Verdict.APPLIED
