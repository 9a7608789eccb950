"""In which order the steps of a run are shown: as in the definition, and item 2 before item 10.

Called by `steps.py`. Every path becomes a key, its words one after the other, so that what a block holds
comes right behind it. Where the definition is lost, or has no such step, time says the order.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from resistor.engine.places import (
    COMPENSATE,
    FINALLY,
    ON_FAILURE,
    TRY,
    Frame,
    Place,
    find,
    frame_inside,
    path_of,
    root_frame,
)
from resistor.engine.workflow import Fork, Workflow

Word = tuple[int, int, str]
Key = tuple[Word, ...]

_UNKNOWN = 1_000_000
_COMPENSATION = (_UNKNOWN + 1, 0, "")
_ROOTS = ("", ON_FAILURE, FINALLY)


class _List(NamedTuple):
    """A list of steps being run: where it comes, and where its steps stand in it."""

    key: Key
    frame: Frame | None
    positions: dict[str, int]


class Order:
    """The order of one run's steps."""

    def __init__(self, workflow: Workflow | None, began: Mapping[str, float]) -> None:
        """Take the run's workflow, None where it is lost, and when its steps began, by path."""
        self._workflow = workflow
        self._began = began
        self._lists: dict[str, _List] = {}

    def key(self, path: str) -> Key:
        """Return what to sort the step at `path` by."""
        head, _, word = path.rpartition("/")
        if word == COMPENSATE and head and self._is_no_step(path):
            return (*self.key(head), _COMPENSATION)
        around = self._list(head)
        step_id, _, turn = word.partition("#")
        position = around.positions.get(step_id)
        if position is None:
            milliseconds = int(self._began.get(path_of(path), 0.0) * 1000)
            return (*around.key, (_UNKNOWN, milliseconds, path_of(word)))
        return (*around.key, (position, _number(turn), ""))

    def _is_no_step(self, path: str) -> bool:
        return self._workflow is None or find(self._workflow, path) is None

    def _list(self, path: str) -> _List:
        found = self._lists.get(path)
        if found is None:
            found = self._lists[path] = self._root(path) if path in _ROOTS else self._inner(path)
        return found

    def _root(self, label: str) -> _List:
        frame = root_frame(self._workflow, label) if self._workflow is not None else None
        return _listed(((_ROOTS.index(label), 0, ""),), frame)

    def _inner(self, path: str) -> _List:
        owner, _, label = path.rpartition("/")
        place = self._place(owner)
        frame = frame_inside(place, label) if place is not None else None
        return _listed((*self.key(owner), _label_key(place, label)), frame)

    def _place(self, path: str) -> Place | None:
        head, _, word = path.rpartition("/")
        frame = self._list(head).frame
        step = frame.block.step(word.partition("#")[0]) if frame is not None else None
        return frame.place(step) if frame is not None and step is not None else None


def _listed(key: Key, frame: Frame | None) -> _List:
    steps = frame.block.steps if frame is not None else ()
    return _List(key, frame, {step.id: position for position, step in enumerate(steps)})


def _label_key(place: Place | None, label: str) -> Word:
    kind = place.step.kind if place is not None else None
    if isinstance(kind, Fork) and label in kind.branches:
        return (list(kind.branches).index(label), 0, "")
    if label.isdecimal():
        return (int(label), 0, "")
    word, _, number = label.partition("-")
    rank = {TRY: 0, "catch": 1, FINALLY: 2}.get(word.partition("#")[0], 3)
    return (rank, _number(number or word.partition("#")[2]), label)


def _number(text: str) -> int:
    return int(text) if text.isdecimal() else 0
