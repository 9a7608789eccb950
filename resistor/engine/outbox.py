"""Everything that goes out, by its name in the run's outbox, made from the run's state: always the same.

    <address>              the action of a module step, or of a compensation
    emit <address>         an event                       start <address>     a child run
    end <run>@<n> <address>  … and its cancellation       told <number>       word of the end to who waits
    retry <address>        … and its retry                revived <number>    word to them that it goes on
    nudge <address>        a look at what is due, by way of a delay queue
    listen <address>       a subscription                 unlisten <address>  … and its end
    take slot              a slot of the concurrency key  return slot         … and its return
    enter …, leave …       the gates of an action's limits, and hold …, unhold … of its module's pause: the
                           way of an action, passing.py

Called when something goes out for the first time, and by whoever repeats what was not confirmed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from resistor.engine import passing
from resistor.engine.decision import (
    AcquireSlot,
    Dispatch,
    Emission,
    EndChild,
    Nudge,
    Outgoing,
    ReleaseSlot,
    RetryChild,
    StartChild,
    Subscribe,
    TellEnd,
    TellRevived,
    Unsubscribe,
)
from resistor.engine.draft import Draft
from resistor.engine.identity import emitted_event_id, idempotency_key
from resistor.engine.outputs import output_of
from resistor.engine.places import Place, compensated, find, path_of
from resistor.engine.run import Child, Hearing, Parent, RunStatus, StepRecord, StepStatus
from resistor.engine.workflow import Compensation, Emit, Listen, Module, RunWorkflow

LONGEST_NUDGE = 3600.0  # seconds: the longest delay queue; a longer pause has its timer only
SLOT = "take slot"
UNSLOT = "return slot"


def action(draft: Draft, place: Place) -> None:
    """Send a module step's action."""
    draft.send(_action(draft, place, draft.existing(place.path)))


def compensation(draft: Draft, undone: Place) -> None:
    """Send the action that undoes a step."""
    draft.send(_compensation(draft, undone, f"{undone.address}/compensate"))


def emission(draft: Draft, place: Place) -> None:
    """Publish an `emit` step's event."""
    draft.send(_emission(draft, place, draft.existing(place.path)))


def start_child(draft: Draft, place: Place) -> None:
    """Start a `run` step's run."""
    draft.send(_start_child(draft, place, draft.existing(place.path)))


def end_child(draft: Draft, place: Place) -> None:
    """Cancel a `run` step's run, or terminate it with this one."""
    draft.settle(f"start {place.address}", f"retry {place.address}")
    child = draft.existing(place.path).control
    if isinstance(child, Child):
        draft.send(_end_child(draft, f"{child.run}@{child.revivals}", place.address))


def retry_child(draft: Draft, place: Place) -> None:
    """Have the run of a `run` step go on, which did not end well."""
    draft.send(_retry_child(draft, place, draft.existing(place.path)))


def nudge(draft: Draft, address: str, at: float) -> None:
    """Have somebody look at the run when a retry is due: its timer may be late, or lost."""
    if at - draft.now <= LONGEST_NUDGE:
        draft.send(Nudge(name=f"nudge {address}", at=at))


def subscribe(draft: Draft, place: Place) -> None:
    """Have events told to a `listen` step."""
    draft.send(_subscribe(draft, place, draft.existing(place.path)))


def unsubscribe(draft: Draft, place: Place) -> None:
    """End the subscription of a `listen` step."""
    draft.settle(f"listen {place.address}")
    draft.send(_unsubscribe(draft, place, draft.existing(place.path)))


def acquire_slot(draft: Draft) -> None:
    """Ask for a slot of the concurrency key."""
    draft.send(_slot(draft))


def release_slot(draft: Draft) -> None:
    """Give the slot, or the place in the queue, back."""
    draft.settle(SLOT)
    draft.send(_unslot(draft))


def tell_end(draft: Draft, only: Parent | None = None) -> None:
    """Tell everyone who waits for this run that it is over; or one of them, who asks again."""
    for number, parent in enumerate(waiting_for(draft)):
        if only is None or parent == only:
            draft.send(_told(draft, number))


def answer_retry(draft: Draft, parent: Parent, order: str) -> None:
    """Tell a step that wants this run to go on that it stays as it is."""
    waiting = [(each.run, each.address) for each in waiting_for(draft)]
    if (parent.run, parent.address) in waiting:
        number = waiting.index((parent.run, parent.address))
        draft.send(_told(draft, number, order))


def tell_revived(draft: Draft) -> None:
    """Tell everyone who was told of the end that this run goes on."""
    for number, parent in enumerate(waiting_for(draft)):
        draft.settle(f"told {number}")
        draft.send(TellRevived(name=f"revived {number}", to=parent, revivals=draft.state.revivals))


# --------------------------------------------------------------------------------------------- again


def again(draft: Draft, name: str) -> Outgoing | None:
    """Make what goes by this name once more, or None where nobody wants it any more."""
    verb, _, address = name.rpartition(" ")
    found: Outgoing | None = None
    if verb.partition(" ")[0] in passing.VERBS:
        return passing.again(draft, verb, address)
    match verb:
        case "take" if not draft.state.status.is_final:
            found = _slot(draft)
        case "return":
            found = _unslot(draft)
        case "told" if draft.state.status.is_final:
            number, _, order = address.partition(":")
            found = _told(draft, int(number), order or None)
        case "revived":
            to = waiting_for(draft)[int(address)]
            found = TellRevived(name=name, to=to, revivals=draft.state.revivals)
        case "nudge":
            found = _nudge(draft, address)
        case "take" | "told":
            pass
        case _ if verb.startswith("end "):
            found = _end_child(draft, verb.removeprefix("end "), address)
        case _:
            found = _of_step(draft, verb, address)
    return found


def _nudge(draft: Draft, address: str) -> Nudge | None:
    record = draft.record(path_of(address))
    if record is None or record.status is not StepStatus.RETRYING or record.resume_at is None:
        return None
    return Nudge(name=f"nudge {address}", at=record.resume_at)


def _of_step(draft: Draft, verb: str, address: str) -> Outgoing | None:
    place = find(draft.workflow, address)
    if place is None:
        return _compensation_again(draft, address)
    record = draft.record(draft.kept_path(place))
    if record is None:
        return None
    if not verb:
        is_out = isinstance(place.step.kind, Module) and record.has_action_out and record.turn == place.turn
        return _action(draft, place, record) if is_out else None
    if verb == "listen" and record.status is not StepStatus.WAITING:
        return None
    if verb == "retry" and record.status is not StepStatus.WAITING:
        return None
    make = _MAKE.get(verb)
    return None if make is None else make(draft, place, record)


def _compensation_again(draft: Draft, address: str) -> Outgoing | None:
    undone = compensated(address)
    place = find(draft.workflow, undone) if undone else None
    record = draft.record(address)
    if place is None or record is None or not record.status.is_sent:
        return None
    return _compensation(draft, place, address)


# --------------------------------------------------------------------------------------- one each


def _action(draft: Draft, place: Place, record: StepRecord) -> Dispatch:
    kind = place.step.kind
    assert isinstance(kind, Module)  # noqa: S101 - asked for by what it is
    given = draft.payload(f"i:{place.path}") if kind.input is not None else None
    return Dispatch(
        name=place.address,
        path=place.path,
        attempt=record.attempt,
        module=kind.module,
        action=record.action or str(kind.action),
        input=draft.run.input if given is None else given,
        metadata=kind.metadata,
        idempotency_key=idempotency_key(draft.run.id, place.address),
        scheduled_at=record.scheduled_at,
        deadline=record.deadline,
        priority=kind.priority,
    )


def _compensation(draft: Draft, undone: Place, address: str) -> Dispatch:
    kind = undone.step.kind
    assert isinstance(kind, Module)  # noqa: S101 - only they can be undone
    undo, record = kind.compensation, draft.existing(address)
    assert isinstance(undo, Compensation)  # noqa: S101 - or there would be no such record
    given = draft.payload(f"i:{address}") if undo.input is not None else None
    return Dispatch(
        name=address,
        path=address,
        attempt=record.attempt,
        module=undo.module,
        action=undo.action,
        input=draft.run.input if given is None else given,
        metadata=undo.metadata,
        idempotency_key=idempotency_key(draft.run.id, address),
        scheduled_at=record.scheduled_at,
        deadline=record.deadline,
        priority=kind.priority,
    )


def _emission(draft: Draft, place: Place, _: StepRecord) -> Emission:
    kind = place.step.kind
    assert isinstance(kind, Emit)  # noqa: S101 - asked for by what it is
    return Emission(
        name=f"emit {place.address}",
        namespace=kind.namespace or draft.workflow.namespace,
        event=kind.event,
        id=emitted_event_id(draft.run.id, place.address),
        data=draft.payload(f"i:{draft.kept_path(place)}") or b"{}",
    )


def _start_child(draft: Draft, place: Place, record: StepRecord) -> StartChild:
    kind, child = place.step.kind, record.control
    assert isinstance(kind, RunWorkflow) and isinstance(child, Child)  # noqa: S101, PT018 - likewise
    given = draft.payload(f"i:{draft.kept_path(place)}") if kind.input is not None else None
    return StartChild(
        name=f"start {place.address}",
        run=child.run,
        namespace=child.namespace,
        workflow=child.workflow,
        version=kind.version,
        input=draft.run.input if given is None else given,
        parent=Parent(draft.run.id, place.address, awaits=not kind.is_detached),
        depth=draft.run.origin.depth + 1,
        key=child.key,
    )


def _retry_child(draft: Draft, place: Place, record: StepRecord) -> RetryChild:
    child = record.control
    assert isinstance(child, Child)  # noqa: S101 - asked for by what it is
    return RetryChild(
        name=f"retry {place.address}",
        id=f"{draft.run.id}:{place.address}:{record.attempt}",
        run=child.run,
        parent=Parent(draft.run.id, place.address),
    )


def _end_child(draft: Draft, which: str, address: str) -> EndChild:
    """Make the order that ends a child; `which`: its id, and how often it was retried."""
    run, _, revivals = which.partition("@")
    return EndChild(
        name=f"end {which} {address}",
        run=run,
        parent=Parent(draft.run.id, address),
        revivals=int(revivals or 0),
        is_forced=draft.state.status is RunStatus.TERMINATED,
    )


def _subscribe(draft: Draft, place: Place, record: StepRecord) -> Subscribe:
    kind, hearing = place.step.kind, record.control
    assert isinstance(kind, Listen) and isinstance(hearing, Hearing)  # noqa: S101, PT018 - likewise
    return Subscribe(
        name=f"listen {place.address}",
        namespace=draft.workflow.namespace,
        event=kind.event,
        key=hearing.key,
        address=place.address,
        since=hearing.since,
    )


def _unsubscribe(draft: Draft, place: Place, record: StepRecord) -> Unsubscribe:
    kind, hearing = place.step.kind, record.control
    assert isinstance(kind, Listen) and isinstance(hearing, Hearing)  # noqa: S101, PT018 - likewise
    return Unsubscribe(
        name=f"unlisten {place.address}",
        namespace=draft.workflow.namespace,
        event=kind.event,
        key=hearing.key,
        address=place.address,
    )


def _slot(draft: Draft) -> AcquireSlot:
    rule = draft.workflow.concurrency
    assert rule is not None  # noqa: S101 - or nobody would ask
    return AcquireSlot(
        name=SLOT,
        namespace=draft.workflow.namespace,
        workflow=draft.workflow.name,
        key=draft.state.slot_key or "",
        limit=rule.limit,
        on_conflict=str(rule.on_conflict),
    )


def _unslot(draft: Draft) -> ReleaseSlot:
    rule = draft.workflow.concurrency
    return ReleaseSlot(
        name=UNSLOT,
        namespace=draft.workflow.namespace,
        workflow=draft.workflow.name,
        key=draft.state.slot_key or "",
        limit=rule.limit if rule else 1,
    )


def waiting_for(draft: Draft) -> tuple[Parent, ...]:
    """Return the steps of other runs that wait for this one's end."""
    parent = draft.run.origin.parent
    return (*((parent,) if parent and parent.awaits else ()), *draft.state.waiting)


def _told(draft: Draft, number: int, order: str | None = None) -> TellEnd:
    waiting = waiting_for(draft)
    status, failure = draft.state.status, draft.state.failure
    output = run_output(draft) if status is RunStatus.COMPLETED else None
    too_large = None if output is None else draft.too_large("the run's output", output)
    if too_large is not None:
        status, failure, output = RunStatus.FAILED, too_large, None
    return TellEnd(
        name=f"told {number}" if order is None else f"told {number}:{order}",
        to=waiting[number],
        status=status,
        output=output,
        failure=failure,
        revivals=draft.state.revivals,
        order=order,
    )


def run_output(draft: Draft) -> bytes | None:
    """Return what the run gives, as JSON, or None."""
    given = draft.payload("o:")
    if given is not None:
        return given
    return output_of(draft, draft.state.output_of) if draft.state.output_of else None


_MAKE: Mapping[str, Callable[[Draft, Place, StepRecord], Outgoing]] = {
    "emit": _emission,
    "start": _start_child,
    "retry": _retry_child,
    "listen": _subscribe,
    "unlisten": _unsubscribe,
}
