"""`module`: one action by one module; its attempts, its answers, its silence."""

from __future__ import annotations

from typing import Any, assert_never

import msgspec

from resistor.engine import compensating, outbox, passing
from resistor.engine.draft import Draft
from resistor.engine.facts import FactName
from resistor.engine.moves import (
    Fail,
    complete,
    keep_output,
    record_of,
    refuse,
    render,
    scope_of,
    start,
    value_of,
)
from resistor.engine.places import Place
from resistor.engine.run import Passage, StepRecord, StepStatus
from resistor.engine.workflow import Module
from resistor.messages import json
from resistor.messages.names import DOTTED
from resistor.messages.result import Answer, Completed, Failed, Failure, Later, Progress


def begin(draft: Draft, place: Place, before: str | None) -> None:
    """Send the action, or fail where its input cannot be made."""
    module = kind_of(place)
    action, failure = _action_name(draft, place, module)
    if failure is None and module.input is not None:
        failure = _make_input(draft, place, module)
    if failure is not None:
        refuse(draft, place, before, failure)
        return
    way = _way(draft, place, module)
    if isinstance(way, Failure):
        refuse(draft, place, before, way)
        return
    first_at = draft.now if module.retry.within is not None else None
    if module.gates:
        start(draft, place, before, StepStatus.WAITING, action=action, first_at=first_at, control=way)
        passing.enter(draft, passing.action_of(place))
        return
    start(
        draft, place, before, StepStatus.SCHEDULED, action=action, first_at=first_at, **times(draft, module)
    )
    _sent(draft, place, 1)


def begin_again(draft: Draft, place: Place, *, is_fresh: bool = False) -> None:
    """Make the next attempt. `is_fresh`: a catch's `retry` began the step anew, with all its attempts."""
    record, module = record_of(draft, place), kind_of(place)
    attempt = record.attempt + 1
    changes: dict[str, Any] = {"attempt": attempt, "scheduled_at": draft.now, "started_at": None}
    if is_fresh:
        changes |= {"earlier": record.attempt, "first_at": draft.now if record.first_at else None}
    if isinstance(record.control, Passage):
        changes["control"] = msgspec.structs.replace(record.control, left=None, is_told=False)
    if module.gates:
        draft.change(place.path, status=StepStatus.WAITING, **changes)
        passing.enter(draft, passing.action_of(place))
        return
    draft.change(place.path, status=StepStatus.SCHEDULED, resume_at=None, **changes, **times(draft, module))
    _sent(draft, place, attempt)


def resume(draft: Draft, place: Place) -> None:
    """Hand the action back to the module that wanted it later: the same attempt, the same token.

    Or go on behind a gate that opens at a moment.
    """
    if kind_of(place).gates:
        action = passing.action_of(place)
        if not passing.way_of(record_of(draft, place)).is_in:
            passing.enter(draft, action)
        elif not passing.go_on(draft, action):
            send(draft, place)
        return
    limits = times(draft, kind_of(place))
    record = draft.change(place.path, status=StepStatus.SCHEDULED, resume_at=None, **limits)
    draft.say(FactName.STEP_RESUMED, place.path, record.attempt)
    outbox.action(draft, place)


def send(draft: Draft, place: Place) -> None:
    """Send the action that has passed its gates, or was held: its time runs from now on."""
    record, module = record_of(draft, place), kind_of(place)
    way = passing.way_of(record)
    limits = times(draft, module)
    if way.left is not None:
        limits["deadline"] = draft.now + way.left
    draft.change(
        place.path,
        status=StepStatus.SCHEDULED,
        scheduled_at=draft.now,
        resume_at=None,
        control=msgspec.structs.replace(way, is_told=True, left=None),
        **limits,
    )
    if way.is_told:
        draft.say(FactName.STEP_RESUMED, place.path, record.attempt)
        outbox.action(draft, place)
    else:
        _sent(draft, place, record.attempt)


def answer(draft: Draft, place: Place, answer: Answer) -> bool:
    """Apply an answer to the attempt that is out. Returns False where it changes nothing."""
    match answer:
        case Completed(output):
            _completed(draft, place, output)
        case Failed(failure):
            _over(draft, place)
            draft.agenda.append(Fail(place, failure))
        case Progress(details):
            _progressed(draft, place, details)
        case Later(after):
            return _postponed(draft, place, after)
        case _:
            assert_never(answer)
    return True


def overdue(draft: Draft, place: Place, *, is_silent: bool) -> None:
    """Fail an attempt whose time is over, or whose module was silent for too long."""
    module, record = kind_of(place), record_of(draft, place)
    if is_silent:
        failure = Failure("heartbeat", f"no sign of life for {module.heartbeat:g} s")
    else:
        failure = Failure("timeout", f"no answer within {module.timeout:g} s")
    draft.say(FactName.STEP_TIMED_OUT, place.path, record.attempt, error=failure)
    _over(draft, place)
    draft.agenda.append(Fail(place, failure))


def kind_of(place: Place) -> Module:
    """Return the module step that stands there."""
    assert isinstance(place.step.kind, Module)  # noqa: S101 - chosen by kind
    return place.step.kind


def times(draft: Draft, module: Module) -> dict[str, Any]:
    """Return when an attempt that begins now is overdue, and when its module is silent for too long."""
    return {
        "deadline": None if module.timeout is None else draft.now + module.timeout,
        "silent_at": None if module.heartbeat is None else draft.now + module.heartbeat,
    }


def _over(draft: Draft, place: Place) -> None:
    """The attempt is out no more."""
    draft.settle(place.address)
    passing.leave(draft, passing.action_of(place))


def _way(draft: Draft, place: Place, module: Module) -> Passage | Failure | None:
    """Return the way through the step's gates, None where it has none."""
    if not module.gates:
        return None
    given = draft.payload(f"i:{place.path}") if module.input is not None else None
    return passing.keys_of(draft, place, module, draft.run.input if given is None else given)


def _sent(draft: Draft, place: Place, attempt: int) -> None:
    outbox.action(draft, place)
    record, module = record_of(draft, place), kind_of(place)
    draft.say(
        FactName.STEP_SCHEDULED,
        place.path,
        attempt,
        module=module.module,
        action=record.action or module.action,
    )


def _action_name(draft: Draft, place: Place, module: Module) -> tuple[str | None, Failure | None]:
    """Return what an expression makes of the action's name, None where it is none."""
    if isinstance(module.action, str):
        return None, None
    name = value_of(module.action, scope_of(draft, place))
    if isinstance(name, Failure):
        return None, name
    if not isinstance(name, str) or not DOTTED.match(name):
        message = f"`action` must become the name of an action, not {json.encode(name).decode()[:100]}"
        return None, Failure("expression", message, retryable=False)
    return name, None


def _make_input(draft: Draft, place: Place, module: Module) -> Failure | None:
    assert module.input is not None  # noqa: S101 - the caller has looked
    made = render(module.input, scope_of(draft, place))
    if isinstance(made, Failure):
        return made
    draft.put(f"i:{place.path}", made)
    return draft.too_large("the input", made)


def _completed(draft: Draft, place: Place, output: bytes) -> None:
    module = kind_of(place)
    _over(draft, place)
    kept: bytes | Failure = output
    if module.output is not None and draft.too_large("the output", output) is None:
        kept = render(module.output, scope_of(draft, place, result=json.decode_trusted(output)))
    failure = kept if isinstance(kept, Failure) else keep_output(draft, place, kept)
    if failure is not None:
        draft.agenda.append(Fail(place, failure))
        return
    complete(draft, place, output_of=place.path)
    if module.compensation is not None and draft.state.ending is None:
        compensating.remember(draft, place)


def _progressed(draft: Draft, place: Place, details: bytes) -> None:
    record, module = record_of(draft, place), kind_of(place)
    draft.change(
        place.path,
        status=StepStatus.RUNNING,
        started_at=record.started_at or draft.now,
        silent_at=None if module.heartbeat is None else draft.now + module.heartbeat,
    )
    draft.settle(place.address)
    draft.say(FactName.STEP_PROGRESSED, place.path, record.attempt, details=msgspec.Raw(details))


def _postponed(draft: Draft, place: Place, after: float) -> bool:
    record = record_of(draft, place)
    if record.status is StepStatus.WAITING:
        return False  # the same `later` delivered again: the first one counts
    resume_at = draft.now + after
    _over(draft, place)
    if resume_at >= record.scheduled_at + draft.limits.token_seconds:
        message = f"the action was to come back after {after:g} s, when its token has expired"
        draft.agenda.append(Fail(place, Failure("limit", message, retryable=False)))
        return True
    draft.change(place.path, status=StepStatus.WAITING, resume_at=resume_at, silent_at=None)
    draft.say(FactName.STEP_POSTPONED, place.path, record.attempt, until=resume_at)
    return True


def is_stale(record: StepRecord) -> bool:
    """Whether an answer to the attempt comes too late: another block of the step runs, or it is over."""
    return not record.status.is_out or bool(record.guard and record.guard.block)
