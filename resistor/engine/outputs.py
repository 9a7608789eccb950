"""What a step hands on: its own output, that of a step inside it, or one gathered from many.

What a fork or a for gives is never stored: it is put together from its parts where somebody reads it, so
that the ten-thousandth item costs what the first did.
"""

from __future__ import annotations

from collections.abc import Iterable

from resistor.engine.draft import Draft
from resistor.engine.places import Frame, Place, find
from resistor.engine.run import BlockEnd, Counts, Hearing, StepRecord
from resistor.engine.workflow import For, Fork, Listen, OnError
from resistor.messages import json
from resistor.messages.result import Failure

_NULL = b"null"


def output_of(draft: Draft, path: str) -> bytes | None:
    """Return the output of the step at `path` as JSON, or None where it has none."""
    record = draft.record(path)
    if record is None or record.output_of is None:
        return None
    if record.output_of != path:
        return output_of(draft, record.output_of)
    kept = None if isinstance(record.control, Counts) else draft.payload(f"o:{path}")
    place = find(draft.workflow, path) if kept is None else None
    return kept if place is None else _gathered(draft, Place(place.step, place.frame, record.turn), record)


def _gathered(draft: Draft, place: Place, record: StepRecord) -> bytes | None:
    match place.step.kind, record.control:
        case For(block=block), Counts(total):
            return _list(draft, [place.inside(str(number), block) for number in range(total)])
        case Fork(branches, on_error=on_error), _:
            frames = {label: place.inside(label, block) for label, block in branches.items()}
            return _mapping(draft, frames, with_errors=on_error is OnError.CONTINUE)
        case Listen(count=int()), Hearing(count=count):
            names = [f"o:{place.address}/{number}" for number in range(count)]
            draft.need(names)
            return b"[" + b",".join(draft.payload(name) or _NULL for name in names) + b"]"
        case _:
            return None


def end_output(draft: Draft, end: BlockEnd | None) -> bytes:
    """Return what a branch or an item gave: its last step's output, or its error."""
    if end is None:
        return _NULL
    if end.failure is not None:
        return json.encode({"error": error_value(end.failure)})
    return (output_of(draft, end.output_of) if end.output_of else None) or _NULL


def _list(draft: Draft, frames: list[Frame]) -> bytes:
    _prepare(draft, frames)
    ends = (draft.block_end(frame.path) for frame in frames)
    return b"[" + b",".join(end_output(draft, end) for end in ends) + b"]"


def _mapping(draft: Draft, frames: dict[str, Frame], *, with_errors: bool) -> bytes:
    """Put a fork's branches together: those that ended well; where errors do not matter, the others too."""
    _prepare(draft, frames.values())
    ends = {label: draft.block_end(frame.path) for label, frame in frames.items()}
    pairs = (
        json.encode(label) + b":" + end_output(draft, end)
        for label, end in ends.items()
        if end is not None and (with_errors or end.failure is None)
    )
    return b"{" + b",".join(pairs) + b"}"


def _prepare(draft: Draft, frames: Iterable[Frame]) -> None:
    """Ask for all that will be read, level by level and not one by one: each look is a round trip."""
    frames = list(frames)
    while frames:
        draft.need(f"b:{frame.path}" for frame in frames)
        ends = [draft.block_end(frame.path) for frame in frames]
        paths = {end.output_of for end in ends if end is not None and end.output_of is not None}
        frames = _prepare_steps(draft, paths)


def _prepare_steps(draft: Draft, paths: set[str]) -> list[Frame]:
    """Ask for the outputs of these steps; returns the frames of those whose output is gathered in turn."""
    frames: list[Frame] = []
    while paths:
        draft.need(f"s:{path}" for path in paths)
        records = {path: record for path in paths if (record := draft.record(path)) is not None}
        gathered = {path for path, record in records.items() if isinstance(record.control, Counts)}
        own = {path for path, record in records.items() if record.output_of == path}
        draft.need(f"o:{path}" for path in own - gathered)
        frames += [frame for path in own & gathered for frame in _frames(draft, path, records[path])]
        paths = {record.output_of for record in records.values() if record.output_of is not None} - own
    return frames


def _frames(draft: Draft, path: str, record: StepRecord) -> list[Frame]:
    """Return the frames of a fork or a for."""
    found = find(draft.workflow, path)
    if found is None or not isinstance(record.control, Counts):
        return []
    place, kind = Place(found.step, found.frame, record.turn), found.step.kind
    if isinstance(kind, Fork):
        return [place.inside(label, block) for label, block in kind.branches.items()]
    if isinstance(kind, For):
        return [place.inside(str(number), kind.block) for number in range(record.control.total)]
    return []


def error_value(failure: Failure, attempt: int | None = None) -> dict[str, object]:
    """Return what `error` is to an expression."""
    value: dict[str, object] = {"type": failure.type, "message": failure.message}
    value["details"] = failure.details
    if failure.step is not None:
        value["step"] = failure.step
    value["attempt"] = failure.attempt if attempt is None else attempt
    return value
