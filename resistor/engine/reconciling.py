"""A run whose store went back in time: all that it waits for goes out once more, with the same tokens.

What the run says was sent may never have been, or its answer was told to a state that is gone; whoever did it
already answers from memory. Called by `advance`, for the order to do so and for an answer that is ahead of
the run. Must never begin anything anew: nothing here has another name, attempt or id than before.
"""

from __future__ import annotations

from resistor.engine import outbox, passing
from resistor.engine.draft import Draft
from resistor.engine.places import find
from resistor.engine.run import Child, Phase, StepRecord, StepStatus
from resistor.engine.workflow import Emit, Listen, RunWorkflow


def reconcile(draft: Draft, since: float | None) -> None:
    """Let all that is under way out again, and be woken when it is due; see `names_again`."""
    again(draft, names_again(draft, since))
    draft.rearm("")
    for path, record in draft.records().items():
        if record.status.is_open:
            draft.rearm(path)


def again(draft: Draft, names: set[str]) -> None:
    """Let out again what goes by these names, byte for byte; what nobody wants any more is done."""
    for name in sorted(names - draft.said_by_now):
        outgoing = outbox.again(draft, name)
        if outgoing is not None:
            draft.send(outgoing)
        elif name in draft.run.unconfirmed:
            draft.settle(name)


def names_again(draft: Draft, since: float | None = None) -> set[str]:
    """Return the names of all that is under way; with `since`, of what came to an end from then on as well.

    `since` is in seconds since the epoch. Each name is one of outbox.py's. Raises `NeedMore`.
    """
    names = set(draft.run.unconfirmed)
    is_over = draft.state.status.is_final
    for path, record in draft.records().items():
        is_recent = since is not None and (record.finished_at or 0.0) >= since
        if not is_over and record.status.is_open:
            names.update(_under_way(draft, _address(path, record), record))
        elif is_recent:
            names.add(_left_behind(draft, _address(path, record), record))
    if draft.state.slot_key is not None or draft.state.phase is Phase.QUEUED:
        names.add(outbox.UNSLOT if is_over else outbox.SLOT)
    if is_over and since is not None and (draft.state.finished_at or 0.0) >= since:
        names.update(f"told {number}" for number in range(len(outbox.waiting_for(draft))))
    return names - {""}


def _address(path: str, record: StepRecord) -> str:
    """Return a step's address. An earlier turn's record is kept under a path that has the turn behind it."""
    head, slash, last = path.rpartition("/")
    name = f"{head}{slash}{last.partition('#')[0]}"
    return f"{name}#{record.turn}" if record.turn > 1 else name


def _under_way(draft: Draft, address: str, record: StepRecord) -> set[str]:
    """Name what an open step waits for; nothing where nothing of it is out."""
    place = find(draft.workflow, address)
    names: set[str] = set()
    match None if place is None else place.step.kind:
        case Listen() if record.status is StepStatus.WAITING:
            names = {f"listen {address}"}
        case RunWorkflow() if record.status is StepStatus.WAITING:
            names = {f"start {address}"}
            if isinstance(record.control, Child) and record.control.revivals:
                names.add(f"retry {address}")
        case Listen() | RunWorkflow() | Emit():
            pass
        case _ if record.status is StepStatus.WAITING:
            names = passing.names_of_wait(record, address)
        case _ if record.status.is_sent:
            names = {address}
        case _:
            pass
    return names


def _left_behind(draft: Draft, address: str, record: StepRecord) -> str:
    """Name what a step that is over has let out, and of which nobody else would ask whether it arrived."""
    place = find(draft.workflow, address)
    match None if place is None else place.step.kind:
        case Emit() if record.status is StepStatus.COMPLETED:
            return f"emit {address}"
        case RunWorkflow(is_detached=True) if record.status is StepStatus.COMPLETED:
            return f"start {address}"
        case RunWorkflow() if isinstance(record.control, Child) and record.status is not StepStatus.COMPLETED:
            return f"end {record.control.run}@{record.control.revivals} {address}"
        case _:
            return ""
