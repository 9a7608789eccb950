"""Where something is in a run: the frames and places that a path leads through.

A *frame* is a list of steps being run: the body, a branch, an item of a `for`, a round of a `while`, a case,
a guarded block. A *place* is a step in a frame.

    charge                  a step of the body
    prepare/a/pack          step `pack` in branch `a` of the fork `prepare`
    each/3/charge           … in item 3 of the for `each`        poll/2/check   … in round 2
    route/0/refund          … in case 0 of the switch `route`
    guard/try/charge        … in the try; `guard/try#2/charge` the second time, `guard/catch-0/undo`,
                            `guard/finally/clean`
    on_failure/notify       … of the workflow's own `on_failure`; likewise `finally/clean`
    charge/compensate       what undoes `charge`

A *path* names a step's record; an *address* is the path, with `#n` where the step was begun for the n-th
time, and names what belongs to that turn only: tokens, and the frames inside. So a label always stands
between two steps: an odd number of words leads through the body, an even one through `on_failure` or
`finally`.

Called by the engine, and by ops to find the step of a record.
"""

from __future__ import annotations

import msgspec
from msgspec.structs import force_setattr

from resistor.engine.workflow import (
    Block,
    Catch,
    For,
    Fork,
    Module,
    RunWorkflow,
    Step,
    Switch,
    Try,
    While,
    Workflow,
)

BODY = ""
ON_FAILURE = "on_failure"
FINALLY = "finally"
TRY = "try"
COMPENSATE = "compensate"

MOST_KNOWN = 1_000
"""Places of a workflow that are remembered: those of items and rounds are without number."""


class Frame(msgspec.Struct, frozen=True):
    """A list of steps being run. `path` is empty for the body."""

    block: Block
    path: str
    label: str
    owner: Place | None = None

    @property
    def is_isolated(self) -> bool:
        """Whether variables that are set here stay here: a branch's, or an item's."""
        return self.owner is not None and isinstance(self.owner.step.kind, Fork | For)

    def place(self, step: Step, turn: int = 1) -> Place:
        """Return the place of a step of this list."""
        return Place(step, self, turn)


class Place(msgspec.Struct, frozen=True):
    """A step in a frame, for the `turn`-th time.

    `path` is what the step's record goes by, `address` what belongs to this turn: both are made of the
    others.
    """

    step: Step
    frame: Frame
    turn: int = 1
    path: str = ""
    address: str = ""

    def __post_init__(self) -> None:
        """Make both names: they are asked for a dozen times in a decision."""
        path = f"{self.frame.path}/{self.step.id}" if self.frame.path else self.step.id
        force_setattr(self, "path", path)
        force_setattr(self, "address", path if self.turn == 1 else f"{path}#{self.turn}")

    def inside(self, label: str, block: Block) -> Frame:
        """Return a frame of a block of this step."""
        return Frame(block, f"{self.address}/{label}", label, self)

    @property
    def is_alone(self) -> bool:
        """Whether nothing can run beside this step: no fork and no for is around it."""
        frame: Frame | None = self.frame
        while frame is not None:
            if frame.is_isolated:
                return False
            frame = frame.owner.frame if frame.owner else None
        return True


def path_of(address: str) -> str:
    """Return the path of the record that `address` belongs to."""
    head, _, last = address.rpartition("/")
    word = last.partition("#")[0]
    return f"{head}/{word}" if head else word


def root_frame(workflow: Workflow, label: str) -> Frame | None:
    """Return the body, `on_failure` or `finally` of a workflow."""
    block = {BODY: workflow.body, ON_FAILURE: workflow.on_failure, FINALLY: workflow.finally_}.get(label)
    return None if block is None else Frame(block, label, label)


def find(workflow: Workflow, address: str) -> Place | None:
    """Return the place that `address` (or a path) leads to, or None where the workflow has no such step."""
    known = workflow.places
    place = known.get(address)
    if place is None:
        place = _found(workflow, address)
        if place is not None and len(known) < MOST_KNOWN:
            known[address] = place
    return place


def _found(workflow: Workflow, address: str) -> Place | None:
    words = address.split("/")
    frame = root_frame(workflow, BODY if len(words) % 2 else words.pop(0))
    place = None
    while frame is not None and words:
        place = _place(frame, words.pop(0))
        if place is None or not words:
            return place
        frame = frame_inside(place, words.pop(0))
    return None


def _place(frame: Frame, word: str) -> Place | None:
    step_id, _, turn = word.partition("#")
    step = frame.block.step(step_id)
    if step is None or (turn and not turn.isdecimal()):
        return None
    return Place(step, frame, int(turn) if turn else 1)


def frame_inside(place: Place, label: str) -> Frame | None:
    """Return the frame that `label` leads to inside a block step."""
    block = _block(place, label)
    return None if block is None else place.inside(label, block)


def _block(place: Place, label: str) -> Block | None:
    match place.step.kind:
        case Switch(cases):
            return cases[int(label)].block if label.isdecimal() and int(label) < len(cases) else None
        case Fork(branches):
            return branches.get(label)
        case For() | While():
            return place.step.kind.block if label.isdecimal() else None
        case Try(block, catches, finally_):
            guarded = block if label.partition("#")[0] == TRY else None
            return guarded or (finally_ if label == FINALLY else _catch(catches, label))
        case Module(catches=catches) | RunWorkflow(catches=catches):
            return _catch(catches, label)
        case _:
            return None


def _catch(catches: tuple[Catch, ...], label: str) -> Block | None:
    word, _, number = label.partition("-")
    if word != "catch" or not number.isdecimal() or int(number) >= len(catches):
        return None
    return catches[int(number)].block


def catch_label(number: int) -> str:
    """Return the label of a catch entry's block."""
    return f"catch-{number}"


def try_label(number: int) -> str:
    """Return the label of a try's block, for the `number`-th time."""
    return TRY if number == 1 else f"{TRY}#{number}"


def compensated(address: str) -> str | None:
    """Return the path of the step that a compensation's address undoes, or None where it is no such thing."""
    head, _, last = address.rpartition("/")
    return head if last == COMPENSATE and head else None
