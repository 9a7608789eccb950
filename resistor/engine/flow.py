"""How a run goes on: the moves of a decision, one after the other, until only messages can move it.

The one place that knows which function begins which kind of step, and who learns that a list is over.
"""

from __future__ import annotations

from typing import assert_never

from resistor.engine import ending, pausing
from resistor.engine.draft import Draft
from resistor.engine.facts import FactName
from resistor.engine.kinds import (
    actions,
    asking,
    children,
    choices,
    emitting,
    finishing,
    guarding,
    listening,
    loops,
    parallel,
    timers,
    variables,
)
from resistor.engine.moves import Begin, Enter, Fail, Follow, Leave, Move, holds, refuse, scope_of, start
from resistor.engine.places import BODY, Frame, Place
from resistor.engine.run import RunStatus, StepStatus
from resistor.engine.workflow import (
    END,
    EXIT,
    Ask,
    Assign,
    Emit,
    End,
    For,
    Fork,
    Kind,
    Listen,
    Module,
    Raise,
    RunWorkflow,
    Switch,
    Try,
    Wait,
    While,
)
from resistor.messages.result import Failure

_BEGIN = {
    Module: actions.begin,
    Switch: choices.begin,
    Fork: parallel.begin_fork,
    For: parallel.begin_for,
    While: loops.begin,
    Wait: timers.begin,
    Listen: listening.begin,
    Ask: asking.begin,
    Emit: emitting.begin,
    Assign: variables.begin,
    RunWorkflow: children.begin,
    Try: guarding.begin,
    Raise: finishing.begin_raise,
    End: finishing.begin_end,
}


def run_on(draft: Draft) -> None:
    """Make every move on the agenda, and those that follow from them."""
    while draft.agenda:
        move = draft.agenda.popleft()
        draft.moves += 1
        if _is_alive(draft, move.place.frame if isinstance(move, Begin | Follow | Fail) else move.frame):
            _make(draft, move)


def _make(draft: Draft, move: Move) -> None:
    match move:
        case Enter(frame):
            _enter(draft, frame)
        case Begin(place, before):
            _begin(draft, place, before)
        case Follow(place, then, last):
            _follow(draft, place, then, last)
        case Fail(place, failure):
            guarding.fail(draft, place, failure)
        case Leave():
            _leave(draft, move)
        case _:
            assert_never(move)


def _is_alive(draft: Draft, frame: Frame) -> bool:
    """Whether the list is still being run: a move may come too late, because a sibling ended its block."""
    if frame.owner is not None:
        record = draft.existing(frame.owner.path)
        return record.status.is_open and record.turn == frame.owner.turn
    if draft.state.status.is_final:
        return False
    return frame.label != BODY or draft.state.ending is None


def _enter(draft: Draft, frame: Frame) -> None:
    if frame.block.steps:
        draft.agenda.append(Begin(frame.place(frame.block.steps[0]), None))
    else:
        draft.agenda.append(Leave(frame))


def _begin(draft: Draft, place: Place, before: str | None) -> None:
    if draft.state.status is RunStatus.PAUSED:
        pausing.hold(draft, Begin(place, before))
        return
    if draft.state.steps >= draft.limits.steps * (1 if draft.state.ending is None else 2):
        ending.too_many_steps(draft, place)
        return
    if place.frame.block.may_repeat or draft.state.revivals or draft.state.rerun_at is not None:
        place = _next_turn(draft, place)
    condition = place.step.condition
    wanted = True if condition is None else holds(condition, scope_of(draft, place))
    if isinstance(wanted, Failure):
        refuse(draft, place, before, wanted)
    elif wanted:
        _BEGIN[type(place.step.kind)](draft, place, before)
    else:
        kept = place.path if before == place.path else None  # of an earlier turn: still the last output
        start(draft, place, before, StepStatus.SKIPPED, finished_at=draft.now, output_of=kept)
        draft.say(FactName.STEP_SKIPPED, place.path)
        draft.agenda.append(Follow(place, None, before))


def _next_turn(draft: Draft, place: Place) -> Place:
    """Return the place for a step that `then` may have led back to."""
    earlier = draft.record(place.path)
    if earlier is None:
        return place
    if _outlives_its_turn(place.step.kind):
        draft.set_aside(place, earlier)
    return Place(place.step, place.frame, earlier.turn + 1)


def _outlives_its_turn(kind: Kind) -> bool:
    """Whether a turn of the step may be asked for when the step has begun again."""
    if isinstance(kind, Module):
        return kind.compensation is not None
    return isinstance(kind, Emit | RunWorkflow | Listen)


def _follow(draft: Draft, place: Place, then: str | None, last: str | None) -> None:
    if then == END:
        ending.end_from(draft, place, output_of=last)
        return
    following = None
    if then is None:
        following = place.frame.block.after(place.step)
    elif then != EXIT:
        following = place.frame.block.step(then)
    if following is None:
        draft.agenda.append(Leave(place.frame, output_of=last))
    else:
        draft.agenda.append(Begin(place.frame.place(following), last))


def _leave(draft: Draft, left: Leave) -> None:
    owner = left.frame.owner
    if owner is None:
        ending.phase_over(draft, left)
        return
    kind = owner.step.kind
    match kind:
        case Switch():
            choices.leave(draft, owner, left)
        case Fork() | For():
            parallel.leave(draft, owner, left)
        case While():
            loops.leave(draft, owner, left)
        case Try() | Module() | RunWorkflow():
            guarding.leave(draft, owner, left)
        case _:
            raise AssertionError(f"{type(kind).__name__} holds no steps")
