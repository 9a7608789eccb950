"""What of a definition is evaluated: every expression, its place, when that happens, what it may name.

Read by the checks. The one list of the places where the language takes expressions; a new one is a line
here. Takes whatever stands in a file: values of the wrong type are left out in silence. Never raises.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import Any

from resistor.catalog.blocks import (
    ERROR,
    INDEX,
    Blocks,
    RawBlock,
    RawStep,
    blocks_of,
    catches_of,
    entries,
    mapping,
)
from resistor.catalog.places import KeyPath, texts_in

ARRIVAL = frozenset({"input", "event"})
"""What `triggers` and `rollout` know: there is no run yet."""

ALWAYS = ARRIVAL | {"steps", "vars", "run"}
"""What every other expression knows."""

RESULT = frozenset({"result"})
EXPRESSION_MARK = "${"


class Moment(Enum):
    """When an expression is evaluated."""

    ARRIVAL = auto()  # when an event came, before there is a run
    START = auto()  # before the first step
    ENTRY = auto()  # when its step begins, or fails: with what there was when it began
    RESULT = auto()  # when its step's action has given a result
    BEFORE_ROUND = auto()  # of a `while`
    AFTER_ROUND = auto()  # of an `until`, inside the round
    UNDO = auto()  # when its step, which completed, is compensated
    END = auto()  # at the end of the body


@dataclass(frozen=True, slots=True)
class Evaluated:
    """One text that is evaluated. `is_bare`: all of it is an expression; else what stands in `${…}` is.

    `block` and `step` say from where steps are read; None: of the workflow itself.
    """

    path: KeyPath
    text: str
    is_bare: bool
    moment: Moment
    variables: frozenset[str]
    block: RawBlock | None = None
    step: RawStep | None = None


def evaluated_in(definition: Any, blocks: Blocks | None = None) -> Iterator[Evaluated]:
    """Yield everything in a definition that is evaluated. `blocks` are its blocks, where known already."""
    blocks = blocks or blocks_of(definition)
    if isinstance(definition, dict):
        yield from _of_workflow(definition, blocks.body)
    for block in blocks.all:
        for step in block.steps:
            yield from _Places(block, step, ALWAYS | block.variables).all(blocks)


def _of_workflow(definition: Mapping[str, Any], body: RawBlock | None) -> Iterator[Evaluated]:
    rollout = mapping(definition.get("rollout"))
    yield from _bare(("rollout", "when"), rollout.get("when"), Moment.ARRIVAL, ARRIVAL)
    yield from _template(("rollout", "key"), rollout.get("key"), Moment.ARRIVAL, ARRIVAL)
    for number, trigger in entries(definition.get("triggers")):
        place: KeyPath = ("triggers", number)
        yield from _bare((*place, "if"), trigger.get("if"), Moment.ARRIVAL, ARRIVAL)
        yield from _template((*place, "input"), trigger.get("input"), Moment.ARRIVAL, ARRIVAL)
    yield from _template(("labels",), definition.get("labels"), Moment.START, ALWAYS)
    key = mapping(definition.get("concurrency")).get("key")
    yield from _template(("concurrency", "key"), key, Moment.START, ALWAYS)
    for each in _template(("output",), definition.get("output"), Moment.END, ALWAYS):
        yield replace(each, block=body)


def _bare(path: KeyPath, value: Any, moment: Moment, variables: frozenset[str]) -> Iterator[Evaluated]:
    if isinstance(value, str) and value.strip():
        yield Evaluated(path, value, True, moment, variables)


def _template(path: KeyPath, value: Any, moment: Moment, variables: frozenset[str]) -> Iterator[Evaluated]:
    for where, text in texts_in(value, path):
        if EXPRESSION_MARK in text:
            yield Evaluated(where, text, False, moment, variables)


@dataclass(frozen=True, slots=True)
class _Places:
    """The places of one step."""

    block: RawBlock
    step: RawStep
    variables: frozenset[str]

    def all(self, blocks: Blocks) -> Iterator[Evaluated]:
        yield from self._bare(self.step.value.get("if"), "if")
        match self.step.kind:
            case "module":
                yield from self._module()
            case "for" | "switch" | "while" | "until":
                yield from self._branching(blocks)
            case "wait" | "listen":
                yield from self._waiting()
            case "try":
                yield from self._catches()
            case _:
                yield from self._other()

    def _module(self) -> Iterator[Evaluated]:
        value = self.step.value
        yield from self._template(value.get("action"), "action")
        yield from self._template(value.get("with"), "with")
        yield from self._template(value.get("output"), "output", moment=Moment.RESULT, more=RESULT)
        undo = mapping(value.get("compensate")).get("with")
        yield from self._template(undo, "compensate", "with", moment=Moment.UNDO)
        yield from self._catches()

    def _branching(self, blocks: Blocks) -> Iterator[Evaluated]:
        value, kind = self.step.value, self.step.kind
        if kind == "for":
            yield from self._template(mapping(value["for"]).get("in"), "for", "in")
        elif kind == "switch":
            for number, case in entries(value["switch"]):
                yield from self._bare(case.get("when"), "switch", number, "when")
        elif kind == "while":
            yield from self._bare(value["while"], "while", moment=Moment.BEFORE_ROUND, more=INDEX)
        else:
            inner = blocks.inside.get(self.step.path)
            moment = Moment.AFTER_ROUND if inner else Moment.ENTRY
            for each in self._bare(value["until"], "until", moment=moment, more=INDEX):
                yield replace(each, block=inner[0]) if inner else each

    def _waiting(self) -> Iterator[Evaluated]:
        if self.step.kind == "wait":
            yield from self._bare(mapping(self.step.value["wait"]).get("until"), "wait", "until")
            return
        listen = mapping(self.step.value["listen"])
        yield from self._bare(listen.get("match"), "listen", "match")
        key = mapping(listen.get("key"))
        yield from self._bare(key.get("event"), "listen", "key", "event")
        yield from self._bare(key.get("run"), "listen", "key", "run")

    def _other(self) -> Iterator[Evaluated]:
        value = self.step.value
        match self.step.kind:
            case "emit":
                yield from self._template(mapping(value["emit"]).get("data"), "emit", "data")
            case "set":
                yield from self._template(value["set"], "set")
            case "run":
                for key in ("workflow", "input", "id"):
                    yield from self._template(mapping(value["run"]).get(key), "run", key)
                yield from self._catches()
            case "raise":
                for key in ("type", "message", "details"):
                    yield from self._template(mapping(value["raise"]).get(key), "raise", key)
            case "end":
                yield from self._template(mapping(value["end"]).get("output"), "end", "output")
            case _:
                return

    def _catches(self) -> Iterator[Evaluated]:
        for number, entry in catches_of(self.step.value):
            yield from self._bare(entry.get("if"), "catch", number, "if", more=ERROR)
            yield from self._template(entry.get("output"), "catch", number, "output", more=ERROR)

    def _bare(
        self,
        value: Any,
        *way: str | int,
        moment: Moment = Moment.ENTRY,
        more: frozenset[str] = frozenset(),
    ) -> Iterator[Evaluated]:
        for each in _bare((*self.step.path, *way), value, moment, self.variables | more):
            yield replace(each, block=self.block, step=self.step)

    def _template(
        self,
        value: Any,
        *way: str | int,
        moment: Moment = Moment.ENTRY,
        more: frozenset[str] = frozenset(),
    ) -> Iterator[Evaluated]:
        for each in _template((*self.step.path, *way), value, moment, self.variables | more):
            yield replace(each, block=self.block, step=self.step)
