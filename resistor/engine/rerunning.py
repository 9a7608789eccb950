"""A new run that begins at a step of another run, with what that one had come to before it.

Kept are the steps that come before it, in its own list and in those around, with everything inside them;
branches beside it go on where they had stopped. The new run has an id, tokens and idempotency keys of its
own.

Called by starting.py. The version may be another one: what it does not know of the old run is left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from resistor.engine.draft import Draft
from resistor.engine.inbound import Reuse
from resistor.engine.moves import Begin
from resistor.engine.places import BODY, Frame, Place, catch_label, compensated, find, root_frame
from resistor.engine.reviving import again, reopen_around
from resistor.engine.run import Part, Run, RunState, RunStatus, StepRecord, StepStatus
from resistor.engine.scope import variable_frames
from resistor.engine.stopping_points import Stop, stops_of
from resistor.engine.workflow import Assign, For, Fork, RunWorkflow, While, Workflow
from resistor.errors import Reason, RejectedMessage
from resistor.messages import json

Parts = dict[str, Part]


def inherited(workflow: Workflow, reuse: Reuse) -> tuple[Parts, RunState]:
    """Return what a run that begins at `reuse.path` begins with.

    Raises `RejectedMessage` where it cannot begin there, or where something before it was undone.
    """
    place = _place(workflow, reuse)
    parts = {name: _closed(part) for name, part in _parts_before(workflow, reuse.run, place).items()}
    _set_again(workflow, parts, place)
    undone = [name for name, part in parts.items() if _is_undone(part)]
    if undone:
        raise _refused(f"step {min(undone)[2:]} was undone: rerun from it, or from one before")
    for owner in owners(place):
        record = parts[f"s:{owner.path}"]
        assert isinstance(record, StepRecord)  # noqa: S101 - `_place` has looked
        parts[f"s:{owner.path}"] = msgspec.structs.replace(
            record, status=StepStatus.RUNNING, finished_at=None
        )
    old = reuse.run.parts.get(f"s:{place.path}")
    behind = old.before if isinstance(old, StepRecord) else None
    undo = _relinked(workflow, reuse.run, parts)
    return parts, RunState(RunStatus.RUNNING, undo=undo, rerun_at=place.path, rerun_behind=behind)


def begin(draft: Draft, path: str, before: str | None) -> None:
    """Let the new run begin at `path`, and beside it where the old one had stopped."""
    place = find(draft.workflow, path)
    assert place is not None  # noqa: S101 - `inherited` has found it
    reopen_around(draft, place.frame)
    _go_on_beside(draft, place)
    draft.agenda.append(Begin(place, before))


def owners(place: Place) -> Iterator[Place]:
    """Yield the block steps around, from the inside out."""
    frame = place.frame
    while frame.owner is not None:
        yield frame.owner
        frame = frame.owner.frame


def _go_on_beside(draft: Draft, place: Place) -> None:
    """Let the other branches of the blocks around go on where they were."""
    body = root_frame(draft.workflow, BODY)
    assert body is not None  # noqa: S101 - every workflow has a body
    blocks = [owner for owner in owners(place) if isinstance(owner.step.kind, Fork | For)]
    for stop in stops_of(draft, body) if blocks else ():
        is_beside = any(stop.frame.path.startswith(f"{owner.address}/") for owner in blocks)
        if is_beside and not _is_around(stop.frame, place):
            reopen_around(draft, stop.frame)
            _go_on(draft, stop)


def _go_on(draft: Draft, stop: Stop) -> None:
    """Let a list go on; a child is another one, because the old run's has that for its parent."""
    if stop.place is not None and isinstance(stop.place.step.kind, RunWorkflow):
        draft.agenda.append(Begin(Place(stop.place.step, stop.place.frame), stop.before))
    else:
        again(draft, stop)


def _is_around(frame: Frame, place: Place) -> bool:
    """Whether `place` stands in this list, or in one inside it."""
    return f"{place.path}/".startswith(f"{frame.path}/")


def _place(workflow: Workflow, reuse: Reuse) -> Place:
    place = find(workflow, reuse.path)
    if place is None or compensated(reuse.path) or _root_of(place).label != BODY:
        what = f"{workflow.namespace}/{workflow.name}@{workflow.version}"
        raise _refused(f"{what} has no step {reuse.path} to begin at")
    for owner in owners(place):
        record = reuse.run.parts.get(f"s:{owner.path}")
        if not isinstance(record, StepRecord) or record.turn != owner.turn:
            raise _refused(f"run {reuse.run.id} has not come to {owner.path}: rerun from before it")
    for frame in _frames_around(place):
        if not _was_in(reuse.run, frame):
            raise _refused(f"run {reuse.run.id} has not come to {frame.path}: rerun from before it")
    return Place(place.step, place.frame)


def _was_in(old: Run, frame: Frame) -> bool:
    """Whether the run caught the error that a catch's block is about; other blocks are entered freely."""
    record = None if frame.owner is None else old.parts.get(f"s:{frame.owner.path}")
    if not frame.label.startswith("catch-"):
        return True
    guard = record.guard if isinstance(record, StepRecord) else None
    return guard is not None and guard.caught is not None and frame.label == catch_label(guard.caught)


def _root_of(place: Place) -> Frame:
    frame = place.frame
    while frame.owner is not None:
        frame = frame.owner.frame
    return frame


def _refused(why: str) -> RejectedMessage:
    return RejectedMessage(Reason.INVALID_INPUT, why)


# --------------------------------------------------------------------------------------------- parts


def _parts_before(workflow: Workflow, old: Run, place: Place) -> Parts:
    gone = tuple(_prefixes_behind(place))
    return {
        name: part
        for name, part in old.parts.items()
        if part is not None and _is_kept(workflow, name, place, gone)
    }


def _is_kept(workflow: Workflow, name: str, place: Place, gone: tuple[str, ...]) -> bool:
    kind, path = name[:2], name[2:]
    if kind in ("e:", "h:") or (kind == "o:" and not path):
        return False
    if not path:
        return True  # the run's own variables
    if path.startswith(("on_failure/", "finally/")) or find(workflow, path.split("/")[0]) is None:
        return False
    if any(_is_at_or_below(path, each) for each in gone):
        return False
    return not any(_is_in_other_frame(path, frame) for frame in _frames_around(place))


def _set_again(workflow: Workflow, parts: Parts, place: Place) -> None:
    """Give the variables around the values that they had: what was set behind the step is not set yet."""
    frames = variable_frames(place.frame)
    assigned: dict[str, list[tuple[float, int, str]]] = {frame: [] for frame in frames}
    for number, (name, part) in enumerate(parts.items()):
        found = find(workflow, name[2:]) if isinstance(part, StepRecord) else None
        if found is None or not isinstance(part, StepRecord) or not isinstance(found.step.kind, Assign):
            continue
        own = variable_frames(found.frame)[0]
        if own in assigned and part.status is StepStatus.COMPLETED:
            assigned[own].append((part.finished_at or 0.0, number, f"i:{found.path}"))
    for frame in frames:
        values: dict[str, Any] = {}
        for _, _, name in sorted(assigned[frame]):
            given = parts.get(name)
            values |= json.decode_trusted(given) if isinstance(given, bytes) else {}
        parts.pop(f"v:{frame}", None)
        if values:
            parts[f"v:{frame}"] = json.encode(values)


def _closed(part: Part) -> Part:
    """Return a step that is under way in the old run as one that was cut off: the new one has nothing out."""
    if not isinstance(part, StepRecord) or not part.status.is_open:
        return part
    return msgspec.structs.replace(
        part, status=StepStatus.CANCELLED, resume_at=None, deadline=None, silent_at=None, blocked=None
    )


def _frames_around(place: Place) -> Iterator[Frame]:
    frame = place.frame
    while frame.owner is not None:
        yield frame
        frame = frame.owner.frame


def _is_in_other_frame(path: str, frame: Frame) -> bool:
    """Whether `path` is inside the owner of `frame`, in a frame that comes later, or that excludes it."""
    owner = frame.owner
    if owner is None or isinstance(owner.step.kind, Fork | For) or not path.startswith(f"{owner.address}/"):
        return False
    label = path.removeprefix(f"{owner.address}/").split("/")[0]
    if isinstance(owner.step.kind, While):
        return label.isdecimal() and int(label) > int(frame.label)
    return label != frame.label


def _prefixes_behind(place: Place) -> Iterator[str]:
    """Yield the paths of the steps that come at or behind `place`, in its list and in those around."""
    yield from _from(place, 0)
    for owner in owners(place):
        yield from _from(owner, 1)


def _from(place: Place, offset: int) -> Iterator[str]:
    steps = place.frame.block.steps
    index = next(number for number, step in enumerate(steps) if step.id == place.step.id)
    return (place.frame.place(step).path for step in steps[index + offset :])


def _is_at_or_below(path: str, prefix: str) -> bool:
    return path == prefix or path.startswith((f"{prefix}/", f"{prefix}#"))


def _is_undone(part: Part) -> bool:
    return isinstance(part, StepRecord) and part.status is StepStatus.COMPENSATED


# -------------------------------------------------------------------------------------------- undoing


def _relinked(workflow: Workflow, old: Run, parts: Parts) -> str | None:
    """Link the kept steps that can be undone as they were, without those that are gone; returns the last."""
    kept: list[tuple[str, str]] = []
    address = old.state.undo
    while address is not None:
        name = _record_name(workflow, old, address)
        record = old.parts.get(name)
        if not isinstance(record, StepRecord):
            break
        if name in parts:
            kept.append((address, name))
        address = record.undo
    before: str | None = None
    for address, name in reversed(kept):
        record = parts[name]
        assert isinstance(record, StepRecord)  # noqa: S101 - it was taken from there
        parts[name] = msgspec.structs.replace(record, undo=before)
        before = address
    return before


def _record_name(workflow: Workflow, old: Run, address: str) -> str:
    """Return the part that has the record of this turn: an earlier one was set aside."""
    place = find(workflow, address)
    record = None if place is None else old.parts.get(f"s:{place.path}")
    if place is None:
        return f"s:{address}"
    is_last = isinstance(record, StepRecord) and record.turn == place.turn
    return f"s:{place.path}" if is_last else f"s:{place.path}#{place.turn}"
