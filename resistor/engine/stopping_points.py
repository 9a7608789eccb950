"""Where the lists of a run stopped: at a step that did not end well, before one, or behind the last.

Called by whoever lets a run go on (reviving.py), or begins another from there (rerunning.py). The whole run
is at hand.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from resistor.engine.draft import Draft
from resistor.engine.places import Frame, Place, frame_inside, try_label
from resistor.engine.run import Chosen, Counts, Guard, Rounds, StepRecord, StepStatus
from resistor.engine.workflow import (
    END,
    EXIT,
    For,
    Fork,
    Module,
    OnError,
    RunWorkflow,
    Step,
    Switch,
    Try,
    While,
)


@dataclass(frozen=True, slots=True)
class Stop:
    """A list stopped at `place` (None: behind its last step). `before` is the last step with an output."""

    frame: Frame
    place: Place | None
    before: str | None

    def is_below(self, path: str) -> bool:
        """Whether it stopped at the step `path`, or inside it."""
        here = self.frame.path if self.place is None else self.place.path
        return here == path or here.startswith((f"{path}/", f"{path}#"))


def stops_of(draft: Draft, frame: Frame) -> list[Stop]:
    """Return where a list, and those inside it, stopped."""
    found: list[Stop] = []
    is_at_step = False
    for step in frame.block.steps:
        record = draft.record(frame.place(step).path)
        if record is not None and _is_stop(step, record):
            is_at_step = True
            place = frame.place(step, record.turn)
            found += _inside(draft, place, record) or [Stop(frame, place, record.before)]
    return found if is_at_step else [_between(draft, frame)]


def _inside(draft: Draft, place: Place, record: StepRecord) -> list[Stop]:
    """Return where the lists of a block stopped; none where it is the block itself that did."""
    found: list[Stop] = []
    for frame in _frames(draft, place, record):
        stops = stops_of(draft, frame)
        has_begun = any(draft.record(frame.place(step).path) for step in frame.block.steps)
        if has_begun or not isinstance(place.step.kind, While):
            found += stops  # a round that has not begun is for the loop to begin
    return found


def _frames(draft: Draft, place: Place, record: StepRecord) -> Iterator[Frame]:
    """Yield the frames of a block that ran last, but for those that ended, and are dealt with."""
    kind = place.step.kind
    for label in _labels(kind, record):
        frame = frame_inside(place, label)
        end = draft.block_end(frame.path) if frame is not None and isinstance(kind, Fork | For) else None
        is_settled = isinstance(kind, Fork | For) and kind.on_error is OnError.CONTINUE
        if frame is not None and (end is None or (end.failure is not None and not is_settled)):
            yield frame


def _is_stop(step: Step, record: StepRecord) -> bool:
    if record.status is StepStatus.FAILED:
        return not step.continues_on_error
    return record.status in (StepStatus.CANCELLED, StepStatus.RUNNING)  # a block that is open again


def _labels(kind: object, record: StepRecord) -> list[str]:
    """Return the labels of the frames that a block was in last."""
    guard, labels = record.guard or Guard(), []
    match kind, record.control:
        case Fork(branches), Counts():
            labels = list(branches)
        case For(), Counts(begun=begun):
            labels = [str(number) for number in range(begun)]
        case While(), Rounds(index=number):
            labels = [str(number)]
        case Switch(), Chosen(case=number):
            labels = [str(number)]
        case Try(), _ if record.guard is not None:
            labels = [guard.block or try_label(guard.tries)]
        case ((Module() | RunWorkflow()), _) if guard.block:
            labels = [guard.block]
        case _:
            pass
    return labels


def _between(draft: Draft, frame: Frame) -> Stop:
    """Return the place behind the step that ended last: the list was cut off before it could go on."""
    ended = [
        (record.finished_at or 0.0, number, record)
        for number, step in enumerate(frame.block.steps)
        if (record := draft.record(frame.place(step).path)) is not None
    ]
    if not ended:
        first = frame.place(frame.block.steps[0]) if frame.block.steps else None
        return Stop(frame, first, None)
    _, number, record = max(ended, key=lambda each: each[:2])
    step = frame.block.steps[number]
    then = _then(step, record)
    following = frame.block.after(step) if then is None else None
    if then is not None and then not in (END, EXIT):
        following = frame.block.step(then)
    has_output = record.status is StepStatus.COMPLETED and record.output_of is not None
    last = frame.place(step).path if has_output else record.before
    return Stop(frame, None if following is None else frame.place(following), last)


def _then(step: Step, record: StepRecord) -> str | None:
    """Return where an ended step leads."""
    kind, then = step.kind, None
    if isinstance(kind, Switch) and isinstance(record.control, Chosen):
        then = kind.cases[record.control.case].then
    elif isinstance(kind, Module | RunWorkflow | Try) and record.guard and record.guard.caught is not None:
        then = kind.catches[record.guard.caught].then
    return then or step.then
