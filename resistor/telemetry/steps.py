"""Which module and action a fact is about: a record's path → `Does`, in about a microsecond.

Called by `recording.py` for every fact. Paths have an item's or a round's number in them, so each workflow's
steps are laid out once by their path without numbers; only where two steps then look alike (cases of a switch
that reuse an id) the engine is asked, which takes ten times as long.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from resistor.engine.places import COMPENSATE, FINALLY, ON_FAILURE, compensated, find
from resistor.engine.workflow import Block, Module, Step, Workflow, blocks_of

MOST_WORKFLOWS = 1_000
"""Versions that are remembered; then it begins anew, so that a long life cannot fill the memory."""

_NUMBERS = re.compile(r"(?<=/)(?:\d+|\*)(?=/)|#\d+")
"""Items, rounds and cases, as a path has them or `blocks_of`; and turns."""


class Does(NamedTuple):
    """What a step asks of whom. `action` is empty where an expression says it."""

    module: str
    action: str


NOTHING = Does("", "")
"""What a step of another kind asks of a module."""

Layout = dict[str, Does | None]


class Steps:
    """The steps of the workflows seen so far."""

    def __init__(self) -> None:
        """Know none."""
        self._layouts: dict[str, Layout] = {}

    def does(self, workflow: Workflow, path: str) -> Does:
        """Return what the step or the compensation at `path` does; `NOTHING` for every other kind."""
        layout = self._layouts.get(workflow.digest)
        if layout is None:
            layout = self._laid_out(workflow)
        shape = _NUMBERS.sub("", path) if "/" in path or "#" in path else path
        does = layout.get(shape, NOTHING)
        return _looked_up(workflow, path) if does is None else does

    def _laid_out(self, workflow: Workflow) -> Layout:
        if len(self._layouts) >= MOST_WORKFLOWS:
            self._layouts.clear()
        layout: Layout = {}
        for path, does in _walk(workflow):
            shape = _NUMBERS.sub("", path)
            layout[shape] = does if layout.get(shape, does) == does else None
        self._layouts[workflow.digest] = layout
        return layout


def _walk(workflow: Workflow) -> Iterator[tuple[str, Does]]:
    yield from _walk_block(workflow.body, "")
    for label, block in ((ON_FAILURE, workflow.on_failure), (FINALLY, workflow.finally_)):
        if block is not None:
            yield from _walk_block(block, f"{label}/")


def _walk_block(block: Block, before: str) -> Iterator[tuple[str, Does]]:
    for step in block.steps:
        path = before + step.id
        yield path, _of_step(step)
        undoing = _of_compensation(step)
        if undoing is not None:
            yield f"{path}/{COMPENSATE}", undoing
        for label, inner in blocks_of(step.kind):
            yield from _walk_block(inner, f"{path}/{label}/")


def _looked_up(workflow: Workflow, path: str) -> Does:
    place = find(workflow, path)
    if place is not None:
        return _of_step(place.step)
    place = find(workflow, compensated(path) or "")
    return (_of_compensation(place.step) if place is not None else None) or NOTHING


def _of_step(step: Step) -> Does:
    if not isinstance(step.kind, Module):
        return NOTHING
    return Does(step.kind.module, step.kind.action if isinstance(step.kind.action, str) else "")


def _of_compensation(step: Step) -> Does | None:
    undoing = step.kind.compensation if isinstance(step.kind, Module) else None
    return None if undoing is None else Does(undoing.module, undoing.action)
