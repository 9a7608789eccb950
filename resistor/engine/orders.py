"""What operators, and parents, tell a run to do: cancel, terminate, pause, resume, retry, skip, signal.

An order is a message like any other and may come twice, hours apart: its id is kept with the run, and what
was followed once is not followed again.
"""

from __future__ import annotations

from typing import assert_never

from resistor.engine import ending, outbox, pausing, reviving
from resistor.engine.decision import Verdict
from resistor.engine.draft import Draft
from resistor.engine.inbound import Cancel, Order, Pause, Resume, Retry, Signal, Skip, Terminate
from resistor.engine.kinds import listening
from resistor.engine.places import Place, find
from resistor.engine.run import Parent, RunStatus, StepStatus
from resistor.engine.skipping import skip
from resistor.engine.workflow import Listen
from resistor.errors import Reason, RejectedMessage
from resistor.messages.result import Failure

KEPT_ORDERS = 50  # ids: an order that is delivered again comes within minutes, and a run has few


def follow(draft: Draft, order: Order) -> Verdict:
    """Do what an order says. Raises `RejectedMessage` for one that cannot be followed."""
    if isinstance(order, Cancel | Terminate):
        return _end(draft, order)
    if order.id in draft.state.orders:
        return Verdict.DUPLICATE
    verdict = _once(draft, order)
    if verdict is Verdict.APPLIED:
        draft.set_state(orders=(*draft.state.orders, order.id)[-KEPT_ORDERS:])
    return verdict


def _once(draft: Draft, order: Pause | Resume | Retry | Skip | Signal) -> Verdict:
    match order:
        case Retry():
            return reviving.retry(draft, order)
        case Skip():
            return skip(draft, order)
        case _ if draft.state.status.is_final:
            return Verdict.STALE
        case Pause():
            return pausing.pause(draft, order)
        case Resume():
            verdict = pausing.resume(draft, order)
            _go_on_ending(draft)
            return verdict
        case Signal():
            return _signal(draft, order)
        case _:
            assert_never(order)


def _go_on_ending(draft: Draft) -> None:
    if draft.state.is_end_held and draft.state.status is RunStatus.RUNNING:
        draft.set_state(is_end_held=False)
        ending.go_on(draft)


def _end(draft: Draft, message: Cancel | Terminate) -> Verdict:
    is_late = message.parent is not None and message.revivals < draft.state.revivals
    if draft.state.status.is_final or is_late:
        return Verdict.STALE
    if message.parent is not None and _is_wanted_without(draft, message.parent):
        return Verdict.APPLIED
    by = f" by {message.by}" if message.by else ""
    if isinstance(message, Terminate):
        why = message.why or f"terminated{by}"
        ending.terminate(draft, Failure("terminated", why, retryable=False))
        return Verdict.APPLIED
    is_held = draft.state.is_end_held
    if draft.state.status is RunStatus.PAUSED:
        draft.need_everything()
        pausing.go_on(draft)  # what is undone has to run; what would begin is cut off below
        draft.agenda.clear()
    if draft.state.ending is not None:
        if is_held:
            _go_on_ending(draft)
        return Verdict.APPLIED if is_held else Verdict.DUPLICATE
    why = message.why or f"cancelled{by}"
    ending.end_badly(draft, RunStatus.CANCELLED, Failure("cancelled", why, retryable=False))
    return Verdict.APPLIED


def _is_wanted_without(draft: Draft, parent: Parent) -> bool:
    """Note that a step of another run waits no more; returns whether the run goes on all the same."""
    left = (*draft.state.left, parent)
    draft.set_state(left=tuple(dict.fromkeys(left)))
    others = [each for each in outbox.waiting_for(draft) if each not in left]
    return draft.run.origin.parent is None or bool(others)


def _signal(draft: Draft, order: Signal) -> Verdict:
    """Tell an event to every step that waits for one of its name, whatever their business keys."""
    waiting = [
        Place(place.step, place.frame, record.turn)
        for path, record in sorted(draft.records().items())
        if record.status is StepStatus.WAITING
        and (place := find(draft.workflow, path)) is not None
        and isinstance(place.step.kind, Listen)
        and place.step.kind.event == order.event.name
    ]
    if not waiting:
        raise RejectedMessage(Reason.INVALID_INPUT, f"no step of the run listens for {order.event.name} now")
    heard = [listening.hear(draft, place, f"{order.id}@{place.address}", order.event) for place in waiting]
    if Verdict.APPLIED not in heard:
        raise RejectedMessage(Reason.INVALID_INPUT, "`match` of the step that listens does not hold for it")
    return Verdict.APPLIED
