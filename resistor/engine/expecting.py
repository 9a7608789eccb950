"""What a decision will probably look at: asked for at once, because each look is a round trip.

A guess too much costs microseconds, a guess too little one more round trip (`NeedMore`); neither changes what
is decided.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import assert_never

from resistor.engine.expressions import Expression, Template
from resistor.engine.inbound import (
    Admitted,
    Answered,
    AnsweredLate,
    Cancel,
    ChildEnded,
    ChildRevived,
    Delivered,
    Denied,
    Granted,
    Heard,
    Held,
    Inbound,
    Pause,
    Reconcile,
    Released,
    Replied,
    Resume,
    Retry,
    Signal,
    Skip,
    Start,
    Terminate,
    Undelivered,
    Wake,
)
from resistor.engine.places import BODY, MOST_KNOWN, Frame, Place, compensated, find, path_of, root_frame
from resistor.engine.run import EVERYTHING, Reads
from resistor.engine.scope import variable_frames
from resistor.engine.workflow import (
    Assign,
    Emit,
    For,
    Module,
    RunWorkflow,
    Step,
    Switch,
    Wait,
    While,
    Workflow,
)

HEAD_ONLY = Reads()


def reads_of(workflow: Workflow, message: Inbound) -> Reads:
    """Return the parts of the run that `advance` will most likely look at for `message`."""
    if isinstance(message, Answered):  # first, because it is what nearly all are
        return _of_step(workflow, message.address)
    return _of_others(workflow, message)


def _of_others(workflow: Workflow, message: Inbound) -> Reads:  # noqa: PLR0911 - one a kind of message
    match message:
        case Start() | Granted() | Denied() | Pause():
            return HEAD_ONLY
        case Undelivered(name=name) | Delivered(name=name):
            return Reads(parts=frozenset({f"s:{path_of(name)}"}))
        case Answered(address=address) | ChildEnded(address=address) | Replied(address=address):
            return _of_step(workflow, address)
        case AnsweredLate():
            return HEAD_ONLY
        case Heard(address=address, id=event_id):
            reads = _of_step(workflow, address)
            return Reads(parts=reads.parts | {f"e:{event_id}"})
        case Admitted(address=address) | Held(address=address) | Released(address=address):
            # The head of the chain is enough, and what the action is given: it may go out now.
            path = path_of(address)
            return Reads(parts=frozenset({f"s:{path}", f"i:{path}"}))
        case Wake():
            return Reads(outstanding=True)
        case Cancel() | Terminate() | Resume() | Retry() | Skip() | Signal():
            return EVERYTHING
        case ChildRevived() | Reconcile():
            return EVERYTHING
        case _:
            assert_never(message)


def _of_step(workflow: Workflow, address: str) -> Reads:
    cache = workflow.expected
    found = cache.get(address)
    if found is None:
        found = Reads(parts=frozenset(_parts(workflow, address)))
        if len(cache) < MOST_KNOWN:
            cache[address] = found
    return found


def _parts(workflow: Workflow, address: str) -> Iterator[str]:
    undone = compensated(address)
    if undone is not None:
        yield f"s:{address}"
    place = find(workflow, undone or address)
    if place is None:
        return
    yield f"s:{path_of(undone or address)}"
    frame: Frame | None = place.frame
    while frame is not None and frame.owner is not None:
        yield f"s:{frame.owner.path}"
        frame = frame.owner.frame
    if isinstance(place.step.kind, Module) and place.step.kind.output is not None:
        yield from _named(workflow, place, place.step.kind.output)
    following = place.frame.block.after(place.step)
    if following is not None:
        yield from _beginning(workflow, place.frame.place(following))


def _beginning(workflow: Workflow, place: Place) -> Iterator[str]:
    """Yield what the begin of a step reads."""
    if place.frame.block.may_repeat:
        yield f"s:{place.path}"
    for expression in expressions_of(place.step):
        yield from _named(workflow, place, expression)


def expressions_of(step: Step) -> Iterator[Expression | Template]:
    """Yield what is evaluated when a step begins."""
    if step.condition is not None:
        yield step.condition
    match step.kind:
        case Module(action=action, input=given):
            yield from (each for each in (action, given) if each is not None and not isinstance(each, str))
        case RunWorkflow(workflow=name, input=given, key=key):
            yield from (each for each in (name, given, key) if each is not None and not isinstance(each, str))
        case Switch(cases):
            yield from (case.when for case in cases if case.when is not None)
        case For(items=items):
            yield items
        case While(condition=condition, is_until=False):
            yield condition
        case Emit(data=data) if data is not None:
            yield data
        case Assign(values):
            yield from values.values()
        case Wait(until=until) if until is not None:
            yield until
        case _:
            return


def _named(workflow: Workflow, place: Place, expression: Expression | Template) -> Iterator[str]:
    """Yield the parts that an expression of a step names."""
    for step_id in {reference.id for reference in expression.steps}:
        yield from _of_reference(workflow, place.frame, step_id)
    if "vars" in expression.roots:
        yield from (f"v:{path}" for path in variable_frames(place.frame))
    frame: Frame | None = place.frame
    while frame is not None and frame.owner is not None:
        kind = frame.owner.step.kind
        if isinstance(kind, For) and kind.each in expression.roots:
            yield f"i:{frame.path}"
        frame = frame.owner.frame


def _of_reference(workflow: Workflow, start: Frame, step_id: str) -> Iterator[str]:
    frame: Frame | None = start
    while frame is not None:
        step = frame.block.step(step_id)
        if step is not None:
            path = frame.place(step).path
            yield f"s:{path}"
            yield f"o:{path}"
            return
        if frame.owner is not None:
            frame = frame.owner.frame
        else:
            frame = root_frame(workflow, BODY) if frame.label != BODY else None
