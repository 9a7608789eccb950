"""How a run ends.

    body ─► compensations (not where it completed) ─► on_failure (failed, timed out) ─► finally ─► over

From the moment that the end is certain nothing of the body goes on. What fails on the way is reported; only
a `finally` that fails turns a completed run into a failed one, and then the compensations and `on_failure`
follow it.
"""

from __future__ import annotations

from typing import Any

from resistor.engine import compensating, outbox
from resistor.engine.cancelling import cancel_inside, close_around
from resistor.engine.draft import Draft
from resistor.engine.facts import FactName
from resistor.engine.moves import Enter, Leave, render
from resistor.engine.places import BODY, FINALLY, ON_FAILURE, Place, root_frame
from resistor.engine.run import Phase, RunStatus, StepStatus
from resistor.engine.scope import FrameScope
from resistor.messages.result import Failure

_FACTS = {
    RunStatus.COMPLETED: FactName.RUN_COMPLETED,
    RunStatus.FAILED: FactName.RUN_FAILED,
    RunStatus.CANCELLED: FactName.RUN_CANCELLED,
    RunStatus.TERMINATED: FactName.RUN_TERMINATED,
    RunStatus.TIMED_OUT: FactName.RUN_TIMED_OUT,
}
_UNHAPPY = {RunStatus.FAILED, RunStatus.TIMED_OUT}


def end_well(draft: Draft, place: Place, *, output_of: str | None, has_output: bool = False) -> None:
    """Complete the run from a step of the body, at any depth."""
    _leave_body(draft, place, StepStatus.COMPLETED)
    _complete(draft, output_of=output_of, has_output=has_output)


def end_from(draft: Draft, place: Place, *, output_of: str | None) -> None:
    """Follow `then: end`: complete the run, or, where it is ending already, end the list that runs then."""
    if draft.state.ending is None:
        end_well(draft, place, output_of=output_of)
    else:
        close_phase(draft, place)


def end_badly(draft: Draft, status: RunStatus, failure: Failure, place: Place | None = None) -> None:
    """Let the run fail, be cancelled or time out; `place` is the step that wants it, if one does."""
    draft.agenda.clear()
    if place is None:
        cancel_inside(draft, BODY, failure.message or failure.type)
    else:
        _leave_body(draft, place, StepStatus.CANCELLED)
    _begin_end(draft, status, failure)


def terminate(draft: Draft, failure: Failure) -> None:
    """End the run at once: nothing of it runs any more."""
    draft.agenda.clear()
    draft.set_state(ending=RunStatus.TERMINATED, failure=failure)
    _finish(draft)
    cancel_inside(draft, BODY, failure.message or failure.type)


def phase_over(draft: Draft, left: Leave) -> None:
    """Go on after the body, `on_failure` or `finally`."""
    if left.frame.label == BODY:
        if left.failure is not None:
            _begin_end(draft, RunStatus.FAILED, left.failure)
        else:
            _complete(draft, output_of=left.output_of, has_output=False)
        return
    if left.failure is not None and left.frame.label == FINALLY:
        _finally_failed(draft, left.failure)
    next_phase(draft)


def _finally_failed(draft: Draft, failure: Failure) -> None:
    """A run whose `finally` fails has failed: what completed is undone then, if it was not before."""
    if draft.state.ending is RunStatus.COMPLETED:
        draft.set_state(
            ending=RunStatus.FAILED, failure=failure, phase=Phase.BODY, had_finally=True, deadline=None
        )


def close_phase(draft: Draft, place: Place) -> None:
    """End `on_failure` or `finally` from a step inside it."""
    frame = place.frame
    while frame.owner is not None:
        frame = frame.owner.frame
    draft.agenda.clear()
    if place.is_alone:
        close_around(draft, place, StepStatus.COMPLETED)
    else:
        cancel_inside(draft, frame.label, "the run ends")
    next_phase(draft)


def cut_finally(draft: Draft) -> None:
    """End a `finally` that takes too long."""
    why = f"finally took longer than {draft.workflow.finally_timeout:g} s"
    _cut_phase(draft, FINALLY, Failure("timeout", why, retryable=False))


def too_many_steps(draft: Draft, place: Place) -> None:
    """Let the run fail that would begin a step too many.

    No catch and no `on_error` may go on from there, or a loop in it would never end. What runs at the end
    (`on_failure`, `finally`) may begin as many steps once more.
    """
    why = f"a run has {draft.limits.steps} steps at most"
    failure = Failure("limit", why, retryable=False, step=place.step.id)
    frame = place.frame
    while frame.owner is not None:
        frame = frame.owner.frame
    if frame.label == BODY:
        end_badly(draft, RunStatus.FAILED, failure)
    else:
        _cut_phase(draft, frame.label, failure)


def _cut_phase(draft: Draft, label: str, failure: Failure) -> None:
    """End `on_failure` or `finally` where it stands."""
    draft.agenda.clear()
    cancel_inside(draft, label, failure.message)
    if label == FINALLY:
        _finally_failed(draft, failure)
    next_phase(draft)


def go_on(draft: Draft) -> None:
    """Go on on the way to the end: undo the next step, or begin what comes behind the last of them."""
    if draft.state.status is RunStatus.PAUSED:
        draft.set_state(is_end_held=True)
    elif draft.state.phase is not Phase.COMPENSATING or not compensating.next_one(draft):
        next_phase(draft)


def next_phase(draft: Draft) -> None:
    """Begin what comes next on the way to the end; not while the run is paused."""
    if draft.state.status is RunStatus.PAUSED:
        draft.set_state(is_end_held=True)
        return
    phase, ending = draft.state.phase, draft.state.ending
    if phase in (Phase.BODY, Phase.QUEUED) and ending is not RunStatus.COMPLETED and draft.state.undo:
        draft.set_state(phase=Phase.COMPENSATING)
        if compensating.next_one(draft):
            return
    if draft.state.phase in (Phase.BODY, Phase.QUEUED, Phase.COMPENSATING) and ending in _UNHAPPY:
        frame = root_frame(draft.workflow, ON_FAILURE)
        if frame is not None:
            draft.set_state(phase=Phase.ON_FAILURE)
            draft.agenda.append(Enter(frame))
            return
    frame = root_frame(draft.workflow, FINALLY)
    is_due = draft.state.phase is not Phase.FINALLY and not draft.state.had_finally
    if is_due and frame is not None:
        draft.set_state(phase=Phase.FINALLY, deadline=draft.now + draft.workflow.finally_timeout)
        draft.agenda.append(Enter(frame))
        return
    _finish(draft)


def _leave_body(draft: Draft, place: Place, status: StepStatus) -> None:
    """Stop everything of the body, as cheaply as its shape allows."""
    draft.agenda.clear()
    if place.is_alone:
        close_around(draft, place, status)
    else:
        close_around(draft, place, status)
        cancel_inside(draft, BODY, "the run ends")


def _complete(draft: Draft, *, output_of: str | None, has_output: bool) -> None:
    template = draft.workflow.output
    if template is not None and not has_output:
        output = render(template, FrameScope(draft, root_frame(draft.workflow, BODY), "output"))
        failure = output if isinstance(output, Failure) else draft.too_large("the output", output)
        if failure is not None:
            _begin_end(draft, RunStatus.FAILED, failure)
            return
        assert isinstance(output, bytes)  # noqa: S101 - it is no failure
        draft.put("o:", output)
    draft.set_state(output_of=output_of)
    _begin_end(draft, RunStatus.COMPLETED, None)


def _begin_end(draft: Draft, status: RunStatus, failure: Failure | None) -> None:
    draft.agenda.clear()
    draft.set_state(ending=status, failure=failure, deadline=None)
    is_followed = draft.workflow.finally_ or (
        status is not RunStatus.COMPLETED and (draft.workflow.on_failure or draft.state.undo)
    )
    if is_followed:
        draft.say(FactName.RUN_ENDING, status=str(status), error=failure)
    next_phase(draft)


def _finish(draft: Draft) -> None:
    """Nothing follows: say how it ended, to everyone who waits."""
    status = draft.state.ending or RunStatus.FAILED
    draft.set_state(status=status, finished_at=draft.now, deadline=None)
    details: dict[str, Any] = {"error": draft.state.failure, "compensated": draft.state.undone}
    draft.say(_FACTS[status], **{name: each for name, each in details.items() if each is not None})
    outbox.tell_end(draft)
    if draft.state.slot_key is not None:
        outbox.release_slot(draft)
