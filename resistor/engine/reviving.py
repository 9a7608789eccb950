"""Retrying a run that did not end well: it goes on where it stopped.

What completed is kept. Every list that ended badly goes on with the step that it stopped at: a module gets
its next attempt, with the idempotency key of the others; a child run is retried itself; everything else
begins again. The blocks around are open again.

A run whose work was undone cannot go on from there: it can be rerun.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from resistor.engine import outbox
from resistor.engine.decision import Verdict
from resistor.engine.draft import Draft
from resistor.engine.facts import FactName
from resistor.engine.inbound import ChildRevived, Retry
from resistor.engine.kinds import actions, children, loops, parallel
from resistor.engine.moves import Begin, Leave
from resistor.engine.places import BODY, Frame, Place, find, root_frame
from resistor.engine.reopening import reopen
from resistor.engine.run import Child, Counts, Phase, Rounds, RunStatus, StepStatus
from resistor.engine.stopping_points import Stop, stops_of
from resistor.engine.workflow import For, Module, RunWorkflow, While
from resistor.errors import Reason, RejectedMessage

GoOn = Callable[[Draft, Stop], None]


def retry(draft: Draft, order: Retry) -> Verdict:
    """Let the run go on. Raises `RejectedMessage` where an operator asks for what cannot be."""
    if not draft.state.status.is_final:
        return Verdict.DUPLICATE
    draft.need_everything()
    refusal = refusal_of(draft, order.step)
    if refusal is not None:
        if order.parent is None:
            raise RejectedMessage(Reason.INVALID_INPUT, refusal)
        outbox.answer_retry(draft, order.parent, order.id)
        return Verdict.APPLIED
    draft.say(FactName.RUN_RETRIED, why=order.why, by=order.by, at_step=order.step)
    if open_again(draft, order.step):
        go_on_everywhere(draft, order.step)
    return Verdict.APPLIED


def child_revived(draft: Draft, message: ChildRevived) -> Verdict:
    """The child that a step failed with goes on, so this run does too, where that is why it ended."""
    place = find(draft.workflow, message.address)
    record = draft.record(place.path) if place is not None else None
    if place is None or record is None or not isinstance(record.control, Child):
        return Verdict.STALE
    is_its = record.control.run == message.run and record.turn == place.turn
    is_its = is_its and record.control.revivals < message.revivals
    if not is_its or not draft.state.status.is_final or record.status is not StepStatus.FAILED:
        return Verdict.STALE
    draft.need_everything()
    if refusal_of(draft, None) is not None:
        return Verdict.STALE

    child = record.control

    def go_on(draft: Draft, stop: Stop) -> None:
        if stop.place is not None and stop.place.path == place.path:
            control = msgspec.structs.replace(child, revivals=message.revivals)
            draft.change(
                place.path,
                status=StepStatus.WAITING,
                finished_at=None,
                failure=None,
                guard=None,
                control=control,
            )
        else:
            again(draft, stop)

    draft.say(FactName.RUN_RETRIED, why=f"run {message.run}, which it waited for, is retried")
    if open_again(draft, None):
        go_on_everywhere(draft, None, go_on)
    return Verdict.APPLIED


def refusal_of(draft: Draft, step: str | None) -> str | None:
    """Return why the run cannot go on, or None where it can. `step`: below this path only."""
    if draft.state.status is RunStatus.COMPLETED:
        return "the run completed: there is nothing to retry"
    if draft.state.undone is not None:
        return "what the run had done was undone: rerun it from a step instead"
    if step is not None and not any(stop.is_below(step) for stop in _stops(draft)):
        return f"no step that did not end well is at {step}"
    return None


def again(draft: Draft, stop: Stop) -> None:
    """Let a list go on that stopped."""
    place = stop.place
    if place is None:
        draft.agenda.append(Leave(stop.frame, output_of=stop.before))
        return
    record = draft.record(place.path)
    control = None if record is None or record.turn != place.turn else record.control
    match place.step.kind, control:
        case Module() as module, _ if record is not None and _has_input(draft, place, module):
            draft.change(place.path, finished_at=None, failure=None, guard=None)
            actions.begin_again(draft, place, is_fresh=True)
        case RunWorkflow(), Child():
            children.retry(draft, place)
        case While(), Rounds():
            draft.change(place.path, status=StepStatus.RUNNING, finished_at=None, failure=None)
            loops.begin_round(draft, place)
        case For(), Counts(begun=begun, total=total) if begun < total:
            draft.change(place.path, status=StepStatus.RUNNING, finished_at=None, failure=None)
            parallel.go_on(draft, place)
        case _:
            draft.agenda.append(Begin(Place(place.step, place.frame), stop.before))


def open_again(draft: Draft, step: str | None) -> bool:
    """Open the run again; returns whether its lists may go on at once, and need not wait for a slot first.

    `step` is where they will then go on.
    """
    for name in draft.parts_of("h:"):
        draft.put(name, None)  # a list that was held at its next step is found to be between two
    is_limited = draft.state.slot_key is not None
    draft.set_state(
        status=RunStatus.RUNNING,
        phase=Phase.QUEUED if is_limited else Phase.BODY,
        ending=None,
        failure=None,
        finished_at=None,
        output_of=None,
        had_finally=False,
        is_end_held=False,
        paused_at=None,
        left=(),
        revivals=draft.state.revivals + 1,
        revive_at=(step or "") if is_limited else None,
    )
    outbox.tell_revived(draft)
    if is_limited:
        outbox.acquire_slot(draft)
    return not is_limited


def go_on_everywhere(
    draft: Draft, step: str | None, go_on: GoOn = again, *, but_for: str | None = None
) -> None:
    """Let every list that stopped go on, and the run's time begin.

    `step`: only those at or below this path; `but_for`: not those.
    """
    draft.need_everything()
    draft.set_state(
        revive_at=None,
        deadline=None if draft.workflow.timeout is None else draft.now + draft.workflow.timeout,
    )
    for stop in _stops(draft):
        is_wanted = step is None or stop.is_below(step)
        if is_wanted and not (but_for is not None and stop.is_below(but_for)):
            reopen_around(draft, stop.frame)
            go_on(draft, stop)


def reopen_around(draft: Draft, frame: Frame) -> None:
    """Open the blocks around a list again, from the outside in."""
    if frame.owner is not None:
        reopen_around(draft, frame.owner.frame)
        reopen(draft, frame)


def _stops(draft: Draft) -> list[Stop]:
    frame = root_frame(draft.workflow, BODY)
    assert frame is not None  # noqa: S101 - every workflow has a body
    return stops_of(draft, frame)


def _has_input(draft: Draft, place: Place, module: Module) -> bool:
    """Whether an action went out before; else its name or its input could not be made."""
    has_name = isinstance(module.action, str) or draft.existing(place.path).action is not None
    return has_name and (module.input is None or draft.payload(f"i:{place.path}") is not None)
