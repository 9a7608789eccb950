"""The lists of steps ("blocks") of a definition, as it was read.

Read by the checks. Takes whatever stands in a file: what is malformed is left out in silence, because the
check of shapes speaks of it. Labels are those of paths in a run (`guard/catch-0/undo`). Never raises.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from resistor.catalog.naming import kind_key, step_ids
from resistor.catalog.places import KeyPath

MAX_DEPTH = 16
"""Blocks inside each other, the body not counted. What is deeper is refused, and not looked into."""


@dataclass(frozen=True, slots=True)
class RawStep:
    """A step that is a mapping. `index` counts such steps in their list; `id` None: it cannot be said."""

    id: str | None
    kind: str | None
    value: Mapping[str, Any]
    path: KeyPath
    index: int


@dataclass(frozen=True, slots=True, eq=False)
class RawBlock:
    """A list of steps.

    `owner` is the step that holds it (None: the body, `on_failure`, `finally`), `outer` the list around it
    whose steps can be read here. `variables` are those that are there besides the usual ones. `is_whole`:
    the id of every entry is known, so that an unknown id is one.
    """

    path: KeyPath
    label: str
    outer: RawBlock | None
    owner: RawStep | None
    variables: frozenset[str]
    steps: tuple[RawStep, ...]
    is_whole: bool
    depth: int
    by_id: Mapping[str, RawStep] = field(repr=False)

    def __contains__(self, step_id: object) -> bool:
        """Say whether a step of this list, or of one around it, goes by that id."""
        return any(step_id in block.by_id for block in self.chain())

    def chain(self) -> Iterator[RawBlock]:
        """Yield this block and those around it, from the inside out."""
        block: RawBlock | None = self
        while block is not None:
            yield block
            block = block.outer

    @property
    def is_body(self) -> bool:
        """Whether these are the workflow's own `steps`."""
        return self.label == "" and self.outer is None


@dataclass(frozen=True, slots=True)
class Blocks:
    """Every block of a definition, outer ones before those inside them."""

    all: tuple[RawBlock, ...]
    inside: Mapping[KeyPath, tuple[RawBlock, ...]]
    """By the path of a step: the blocks that it holds."""

    @property
    def body(self) -> RawBlock | None:
        """The workflow's own steps."""
        return self.all[0] if self.all and self.all[0].is_body else None


class _Found(NamedTuple):
    """A list inside a step: its label, the way to it from the step, and what can be read in it."""

    label: str
    way: KeyPath
    steps: list[Any]
    variables: frozenset[str] = frozenset()


ERROR = frozenset({"error"})
INDEX = frozenset({"index"})


def blocks_of(definition: Any) -> Blocks:
    """Find the blocks of a definition, whatever that is."""
    collecting = _Collecting([], {})
    if isinstance(definition, dict):
        body = None
        if isinstance(definition.get("steps"), list):
            body = collecting.add(_Found("", ("steps",), definition["steps"]), None, None)
        for label in ("on_failure", "finally"):
            if isinstance(definition.get(label), list):
                collecting.add(_Found(label, (label,), definition[label], ERROR), body, None)
    return Blocks(tuple(collecting.blocks), collecting.inside)


def loop_variables(step: Mapping[str, Any]) -> tuple[str, str]:
    """Return what a `for` calls its item and its position."""
    each, at = (mapping(step.get("for")).get(key) for key in ("each", "at"))
    return each if isinstance(each, str) else "item", at if isinstance(at, str) else "index"


def catches_of(step: Mapping[str, Any]) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Yield the entries of a step's `catch`, each with its position."""
    return entries(step.get("catch"))


def entries(value: Any) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Yield the mappings of a list, each with its position."""
    return (
        (number, each)
        for number, each in enumerate(value if isinstance(value, list) else ())
        if isinstance(each, dict)
    )


def mapping(value: Any) -> Mapping[str, Any]:
    """Return a mapping as it is, and anything else as an empty one."""
    return value if isinstance(value, dict) else {}


@dataclass(slots=True)
class _Collecting:
    blocks: list[RawBlock]
    inside: dict[KeyPath, tuple[RawBlock, ...]]

    def add(self, found: _Found, outer: RawBlock | None, owner: RawStep | None) -> RawBlock:
        """Take a block and all that are inside it. The depth is limited, and so the recursion."""
        block = _block(found, outer, owner)
        self.blocks.append(block)
        if block.depth <= MAX_DEPTH:
            for step in block.steps:
                inner = tuple(self.add(each, block, step) for each in _lists_in(step))
                if inner:
                    self.inside[step.path] = inner
        return block


def _block(found: _Found, outer: RawBlock | None, owner: RawStep | None) -> RawBlock:
    way = found.way if owner is None else (*owner.path, *found.way)
    ids = step_ids(found.steps, taken=outer or ())
    steps: list[RawStep] = []
    for position, (step_id, value) in enumerate(zip(ids, found.steps, strict=True)):
        if isinstance(value, dict):
            steps.append(RawStep(step_id, kind_key(value), value, (*way, position), len(steps)))
    by_id: dict[str, RawStep] = {}
    for step in steps:
        if step.id is not None:
            by_id.setdefault(step.id, step)
    return RawBlock(
        path=way,
        label=found.label,
        outer=outer,
        owner=owner,
        variables=found.variables | (outer.variables if outer is not None else frozenset()),
        steps=tuple(steps),
        is_whole=None not in ids,
        depth=0 if owner is None or outer is None else outer.depth + 1,
        by_id=by_id,
    )


def _lists_in(step: RawStep) -> Iterator[_Found]:
    value = step.value
    match step.kind:
        case "switch":
            for number, case in entries(value["switch"]):
                yield from _list(str(number), ("switch", number, "do"), case.get("do"))
        case "fork":
            for name, branch in mapping(mapping(value["fork"]).get("branches")).items():
                yield from _list(name, ("fork", "branches", name), branch)
        case "for":
            yield from _list("*", ("do",), value.get("do"), frozenset(loop_variables(value)))
        case "while" | "until":
            yield from _list("*", ("do",), value.get("do"), INDEX)
        case "try":
            yield from _list("try", ("try",), value["try"])
            yield from _catch_lists(value)
            yield from _list("finally", ("finally",), value.get("finally"))
        case "module" | "run":
            yield from _catch_lists(value)
        case _:
            return


def _catch_lists(value: Mapping[str, Any]) -> Iterator[_Found]:
    for number, entry in catches_of(value):
        yield from _list(f"catch-{number}", ("catch", number, "do"), entry.get("do"), ERROR)


def _list(label: str, way: KeyPath, steps: Any, variables: frozenset[str] = frozenset()) -> Iterator[_Found]:
    if isinstance(steps, list):
        yield _Found(label, way, steps, variables)
