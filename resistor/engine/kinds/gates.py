"""What gates and paused modules tell an action that is on its way: it may go on, or has to wait.

Called for every such word. Word of another way than the action is on is stale: whoever said it takes the
action out there.
"""

from __future__ import annotations

from typing import assert_never

import msgspec

from resistor.engine import compensating, passing
from resistor.engine.decision import Verdict
from resistor.engine.draft import Draft
from resistor.engine.facts import FactName
from resistor.engine.inbound import Admitted, Held, Released
from resistor.engine.kinds import actions
from resistor.engine.passing import Action
from resistor.engine.places import compensated, find
from resistor.engine.run import Passage, RunStatus, StepRecord, StepStatus


def tell(draft: Draft, message: Admitted | Held | Released) -> Verdict:
    """Take word of a gate or a pause."""
    action = passing.find_action(draft.workflow, message.address)
    record = draft.record(action.path) if action is not None else None
    if action is None or record is None or record.turn != action.turn or draft.state.status.is_final:
        return Verdict.STALE
    if not record.status.is_out or (record.guard is not None and record.guard.block):
        return Verdict.STALE
    if draft.state.status is RunStatus.PAUSED and not isinstance(message, Held):
        return Verdict.STALE  # it begins its way anew when the run is resumed
    match message:
        case Admitted():
            return _admitted(draft, action, record, message)
        case Held(attempt=attempt, why=why):
            return _held(draft, action, record, attempt, why)
        case Released(number=number):
            return _released(draft, action, record, number)
        case _:
            assert_never(message)


def _admitted(draft: Draft, action: Action, record: StepRecord, message: Admitted) -> Verdict:
    way = passing.way_of(record)
    if way.number != message.number or not way.is_in or way.held is not None:
        return Verdict.STALE
    if way.index != message.index or record.resume_at is not None:
        return Verdict.DUPLICATE
    gate = action.asked.gates[way.index]
    draft.say(FactName.STEP_ADMITTED, action.path, record.attempt, limit=gate.name, **{"from": message.at})
    if message.at > draft.now:
        draft.change(action.path, resume_at=message.at)
    elif not passing.go_on(draft, action):
        _send(draft, action)
    return Verdict.APPLIED


def _held(draft: Draft, action: Action, record: StepRecord, attempt: int, why: str) -> Verdict:
    way = passing.way_of(record)
    if record.attempt != attempt:
        return Verdict.STALE
    if way.held is not None:
        return Verdict.DUPLICATE
    is_at_gate = record.status is StepStatus.WAITING and way.is_in
    if record.status is not StepStatus.SCHEDULED and not is_at_gate:
        return Verdict.STALE
    passing.hold(draft, action, why)
    return Verdict.APPLIED


def _released(draft: Draft, action: Action, record: StepRecord, number: int) -> Verdict:
    way = passing.way_of(record)
    if way.number != number or way.held is None:
        return Verdict.STALE
    draft.settle(f"hold {number} {action.address}")
    draft.say(FactName.STEP_RELEASED, action.path, record.attempt, module=action.asked.module)
    draft.change(action.path, control=msgspec.structs.replace(way, held=None))
    _set_out(draft, action)
    return Verdict.APPLIED


def begin_anew(draft: Draft, path: str, record: StepRecord) -> None:
    """Let an action that waits at a gate, or for its module, begin its way anew: the run was paused."""
    address = path if record.turn == 1 else f"{path}#{record.turn}"
    way = record.control
    if (
        record.status is not StepStatus.WAITING
        or not isinstance(way, Passage)
        or record.resume_at is not None
    ):
        return
    action = passing.find_action(draft.workflow, address)
    if action is not None and (way.is_in or way.held is not None):
        passing.leave(draft, action)
        _set_out(draft, action)


def _set_out(draft: Draft, action: Action) -> None:
    if action.asked.gates:
        passing.enter(draft, action)
    else:
        _send(draft, action)


def _send(draft: Draft, action: Action) -> None:
    place = find(draft.workflow, action.address)
    if place is not None:
        actions.send(draft, place)
        return
    undone = find(draft.workflow, compensated(action.address) or "")
    assert undone is not None  # noqa: S101 - the action was found by it
    compensating.send(draft, undone, action.path)
