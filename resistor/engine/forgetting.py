"""Dropping what a loop does not keep: the rounds that are long over."""

from __future__ import annotations

from resistor.engine.draft import Draft
from resistor.engine.places import TRY, Frame, Place, frame_inside, try_label
from resistor.engine.run import Counts, Hearing, Rounds, StepRecord
from resistor.engine.workflow import (
    Emit,
    For,
    Kind,
    Listen,
    Module,
    RunWorkflow,
    While,
    blocks_of,
)


def forget_frame(draft: Draft, frame: Frame) -> None:
    """Drop every part of a frame that is over.

    Steps that can be undone stay, because a run that fails later must find them.
    """
    draft.need(f"s:{frame.place(step).path}" for step in frame.block.steps)
    for step in frame.block.steps:
        _forget_step(draft, frame.place(step))
    for name in ("b", "i", "v"):
        draft.put(f"{name}:{frame.path}", None)


def _forget_step(draft: Draft, place: Place) -> None:
    record = draft.record(place.path)
    if record is None:
        return
    kind = place.step.kind
    if isinstance(kind, Module) and kind.compensation is not None:
        return
    for turn in range(1, record.turn + 1):
        _forget_inside(draft, Place(place.step, place.frame, turn))
    if isinstance(kind, Emit | Listen | RunWorkflow):
        draft.put(f"o:{place.path}", None)  # what it let out may be unconfirmed, and is made of the rest
        return
    for name in ("s", "i", "o"):
        draft.put(f"{name}:{place.path}", None)


def _forget_inside(draft: Draft, place: Place) -> None:
    kind, record = place.step.kind, draft.record(place.path)
    control = record.control if record else None
    if isinstance(kind, Listen) and isinstance(control, Hearing) and kind.count is not None:
        for number in range(control.count):
            draft.put(f"o:{place.address}/{number}", None)
    for label, _ in blocks_of(kind):
        for each in _labels(kind, label, record):
            frame = frame_inside(place, each)
            if frame is not None:
                forget_frame(draft, frame)


def _labels(kind: Kind, label: str, record: StepRecord | None) -> list[str]:
    """Return the labels of the frames that a block of this kind may have had."""
    control = record.control if record else None
    if isinstance(kind, For):
        return [str(number) for number in range(control.total if isinstance(control, Counts) else 0)]
    if isinstance(kind, While):
        last = control.index if isinstance(control, Rounds) else 0
        return [str(number) for number in range(max(0, last - kind.keep), last + 1)]
    if label == TRY:
        tries = record.guard.tries if record and record.guard else 1
        return [try_label(number) for number in range(1, tries + 1)]
    return [label]
