"""An operator says what a step gave, and the run goes on: for one that hangs, and for one that failed."""

from __future__ import annotations

from resistor.engine import compensating, ending, reviving
from resistor.engine.cancelling import cancel_inside, withdraw
from resistor.engine.decision import Verdict
from resistor.engine.draft import Draft
from resistor.engine.facts import FactName
from resistor.engine.inbound import Skip
from resistor.engine.moves import complete
from resistor.engine.places import Place, compensated, find
from resistor.engine.run import Counts, StepRecord, StepStatus
from resistor.errors import Reason, RejectedMessage
from resistor.messages.result import Completed


def skip(draft: Draft, order: Skip) -> Verdict:
    """Take the order's output as the step's. Raises `RejectedMessage` where there is no such step."""
    draft.need_everything()
    too_large = draft.too_large("the output", order.output)
    if too_large is not None:
        raise RejectedMessage(Reason.TOO_LARGE, too_large.message)
    record = draft.record(order.step)
    if record is None:
        raise RejectedMessage(Reason.INVALID_INPUT, f"the run has not come to a step {order.step}")
    place = find(draft.workflow, order.step)
    if draft.state.status.is_final and place is not None:
        _revive(draft, place, order)
    elif not record.status.is_open:
        raise RejectedMessage(Reason.INVALID_INPUT, f"step {order.step} is {record.status}")
    elif place is None:
        _skip_compensation(draft, order)
    else:
        _skip_open(draft, Place(place.step, place.frame, record.turn), record, order)
    return Verdict.APPLIED


def _skip_open(draft: Draft, place: Place, record: StepRecord, order: Skip) -> None:
    cancel_inside(draft, place.address, "the step is skipped")
    withdraw(draft, place.path, record)
    _override(draft, place, order)


def _skip_compensation(draft: Draft, order: Skip) -> None:
    """Take a step as undone: somebody has done that by hand."""
    undone = find(draft.workflow, compensated(order.step) or "")
    assert undone is not None  # noqa: S101 - or there would be no such record
    draft.say(FactName.STEP_OVERRIDDEN, order.step, why=order.why, by=order.by)
    compensating.answer(draft, undone, order.step, Completed(order.output))
    ending.go_on(draft)


def _revive(draft: Draft, place: Place, order: Skip) -> None:
    """Let a run that stopped at this step go on behind it."""
    refusal = reviving.refusal_of(draft, place.path)
    if refusal is None and draft.state.slot_key is not None:
        refusal = "it has a concurrency key: retry it, and skip the step while it runs"
    if refusal is not None:
        raise RejectedMessage(Reason.INVALID_INPUT, refusal)
    draft.say(FactName.RUN_RETRIED, why=order.why, by=order.by, at_step=place.path)
    reviving.open_again(draft, None)
    reviving.go_on_everywhere(draft, None, but_for=place.path)
    reviving.reopen_around(draft, place.frame)
    _override(draft, Place(place.step, place.frame, draft.existing(place.path).turn), order)


def _override(draft: Draft, place: Place, order: Skip) -> None:
    draft.say(FactName.STEP_OVERRIDDEN, place.path, why=order.why, by=order.by)
    record = draft.existing(place.path)
    if record.status is not StepStatus.RUNNING:
        draft.change(place.path, status=StepStatus.RUNNING)
    control = (
        None if isinstance(record.control, Counts) else record.control
    )  # or branches would be its output
    draft.change(place.path, control=control, guard=None, failure=None)
    draft.put(f"o:{place.path}", order.output)
    complete(draft, place, output_of=place.path)
