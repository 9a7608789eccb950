"""A new run that begins at a step of another run, with what that one had come to before it.

Kept are the steps that come before it, in its own list and in those around, with everything inside them;
branches beside it go on where they had stopped. The new run has an id, tokens and idempotency keys of its
own.

Called by starting.py. The version may be another one: what it does not know of the old run is left out.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from resistor.engine.draft import Draft
from resistor.engine.inbound import Reuse
from resistor.engine.moves import Begin
from resistor.engine.places import BODY, Frame, Place, compensated, find, root_frame
from resistor.engine.reviving import again, reopen_around
from resistor.engine.run import Part, Run, RunState, RunStatus, StepRecord, StepStatus
from resistor.engine.stopping_points import stops_of
from resistor.engine.workflow import For, Fork, While, Workflow
from resistor.errors import Reason, RejectedMessage

Parts = dict[str, Part]


def inherited(workflow: Workflow, reuse: Reuse) -> tuple[Parts, RunState]:
    """Return what a run that begins at `reuse.path` begins with.

    Raises `RejectedMessage` where it cannot begin there, or where something before it was undone.
    """
    place = _place(workflow, reuse)
    parts = _parts_before(workflow, reuse.run, place)
    undone = [name for name, part in parts.items() if _is_undone(part)]
    if undone:
        raise _refused(f"step {min(undone)[2:]} was undone: rerun from it, or from one before")
    for owner in owners(place):
        record = parts[f"s:{owner.path}"]
        assert isinstance(record, StepRecord)  # noqa: S101 - `_place` has looked
        parts[f"s:{owner.path}"] = msgspec.structs.replace(
            record, status=StepStatus.RUNNING, finished_at=None, failure=None
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
    for owner in owners(place):
        if isinstance(owner.step.kind, Fork | For):
            _go_on_beside(draft, owner, place)
    draft.agenda.append(Begin(place, before))


def owners(place: Place) -> Iterator[Place]:
    """Yield the block steps around, from the inside out."""
    frame = place.frame
    while frame.owner is not None:
        yield frame.owner
        frame = frame.owner.frame


def _go_on_beside(draft: Draft, owner: Place, place: Place) -> None:
    """Let the other branches of a block go on where they were."""
    body = root_frame(draft.workflow, BODY)
    assert body is not None  # noqa: S101 - every workflow has a body
    for stop in stops_of(draft, body, with_open=True):
        is_beside = stop.frame.path.startswith(f"{owner.address}/")
        if is_beside and not _is_around(stop.frame, place):
            reopen_around(draft, stop.frame)
            if stop.place is not None:
                draft.put(f"s:{stop.place.path}", None)
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
    return Place(place.step, place.frame)


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
    is_last = place is not None and isinstance(record, StepRecord) and record.turn == place.turn
    return f"s:{place.path}" if is_last and place is not None else f"s:{address}"
