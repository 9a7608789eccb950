"""How one step can end, so that its list goes on.

Called by graph. A step that is malformed is taken for one that completes: the check of shapes speaks of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from resistor.catalog.blocks import RawStep, catches_of, entries, mapping
from resistor.catalog.places import KeyPath
from resistor.engine.workflow import END, EndStatus, OnError

PAUSING = frozenset({"wait", "listen", "ask"})
"""Kinds of steps that let time pass."""

SILENT = frozenset({"wait", "set", "emit", "raise", "end"})
"""Kinds of steps that never have an output."""


class Outcome(NamedTuple):
    """One way to go on. `then` is what a `then` says (None: the next step), `place` where that stands.

    `gives`: the step has completed, and its output is there for certain; where not, `why` says so, as what
    follows "step x". `pauses`: time has passed for certain.
    """

    then: str | None = None
    place: KeyPath | None = None
    gives: bool = False
    pauses: bool = False
    why: str = ""


class Summary(NamedTuple):
    """What is known of a block. `goes_on`: its end can be reached; and then the others are certain.

    `ends`: a step inside may end the run so that the workflow's `output` is evaluated.
    """

    goes_on: bool = True
    gives: bool = True
    pauses: bool = True
    ends: bool = False


UNKNOWN = Summary()
"""Of a block that is malformed: nothing is said of what would follow from it."""

_ALWAYS = (None, True, "true")
"""What an `if` says that never skips its step."""

_MAYBE_NONE = "may have no output: no step inside has to complete"


def outcomes_of(step: RawStep, inner: Mapping[str, Summary]) -> list[Outcome]:
    """Return how a step can end. `inner` is what is known of its blocks, by label."""
    found = []
    if step.value.get("if") not in _ALWAYS:
        found.append(Outcome(why="is skipped when its `if` is false"))
    found += _Ways(step, inner).all()
    if step.value.get("on_error") == "continue" and step.kind != "end":
        why = "has no output when it fails: `on_error: continue` lets the run go on"
        found.append(_goes_on(step)._replace(pauses=step.kind in PAUSING, why=why))
    if any(each.ends for each in inner.values()):
        found.append(Outcome(then=END, why="may end the run"))
    return found


def _goes_on(step: RawStep) -> Outcome:
    """Return the outcome that follows the step's own `then`, or goes on with the next."""
    then = step.value.get("then")
    return Outcome(then, (*step.path, "then")) if isinstance(then, str) else Outcome()


class _Ways:
    """How a step of each kind can end when it neither is skipped nor fails."""

    def __init__(self, step: RawStep, inner: Mapping[str, Summary]) -> None:
        self._step = step
        self._inner = inner
        self._on = _goes_on(step)

    def all(self) -> Iterator[Outcome]:
        match self._step.kind:
            case "module" | "run":
                yield self._on._replace(gives=True)
                yield from self._caught(pauses=False)
            case "switch":
                yield from self._cases()
            case "fork":
                yield from self._branches()
            case "while" | "until":
                yield from self._rounds()
            case "try":
                yield from self._guarded()
            case "raise":
                return
            case "end":
                yield from self._ending()
            case _:
                yield self._simple()

    def _simple(self) -> Outcome:
        gives = self._step.kind not in SILENT
        pauses = self._step.kind in PAUSING or self._step.kind is None
        return self._on._replace(gives=gives, pauses=pauses, why="has no output")

    def _cases(self) -> Iterator[Outcome]:
        has_default = not isinstance(self._step.value["switch"], list)
        for number, case in entries(self._step.value["switch"]):
            has_default = has_default or case.get("when") is None
            on = self._jump(case, ("switch", number, "then"))
            if case.get("do") is not None:
                yield from self._through(self._block(str(number)), on)
            else:
                yield on._replace(why=f"has no output in its {ordinal(number + 1)} case")
        if not has_default:
            yield self._on._replace(why="has no output when no case matches")

    def _branches(self) -> Iterator[Outcome]:
        fork = mapping(self._step.value["fork"])
        blocks = [self._block(name) for name in mapping(fork.get("branches"))]
        joins_all = fork.get("join") in (None, "all")
        needs_all = joins_all and fork.get("on_error") != OnError.CONTINUE
        if all(block.goes_on for block in blocks) or not needs_all:
            pauses = [block.pauses for block in blocks]
            yield self._on._replace(gives=True, pauses=any(pauses) if joins_all else all(pauses))

    def _rounds(self) -> Iterator[Outcome]:
        if self._step.kind == "until":
            yield from self._through(self._block("*"), self._on)
        else:
            # Without a round there is none: that is for the run to find, as most loops mean to have one.
            yield self._on._replace(gives=True)

    def _guarded(self) -> Iterator[Outcome]:
        last = self._block("finally") if self._step.value.get("finally") is not None else None
        if last is not None and not last.goes_on:
            return
        pauses = last is not None and last.pauses
        for each in self._through(self._block("try"), self._on):
            yield each._replace(pauses=each.pauses or pauses)
        yield from self._caught(pauses=pauses)

    def _caught(self, *, pauses: bool) -> Iterator[Outcome]:
        for number, entry in catches_of(self._step.value):
            on = self._jump(entry, ("catch", number, "then"))._replace(pauses=pauses)
            which = f"its {ordinal(number + 1)} `catch`"
            if entry.get("do") is None:
                gives = entry.get("output") is not None
                yield on._replace(gives=gives, why=f"has no output where {which} takes the error")
                continue
            block = self._block(f"catch-{number}")
            if block.goes_on:
                gives = block.gives or entry.get("output") is not None
                why = f"may have no output where {which} takes the error"
                yield on._replace(gives=gives, pauses=pauses or block.pauses, why=why)

    def _ending(self) -> Iterator[Outcome]:
        end = mapping(self._step.value["end"])
        if end.get("status") in (None, EndStatus.COMPLETED) and end.get("output") is None:
            yield Outcome(then=END)

    def _through(self, block: Summary, on: Outcome) -> Iterator[Outcome]:
        if block.goes_on:
            yield on._replace(gives=block.gives, pauses=block.pauses, why=_MAYBE_NONE)

    def _jump(self, entry: Mapping[str, object], way: KeyPath) -> Outcome:
        """Return where a case or a catch entry leads: its own `then` wins over the step's."""
        then = entry.get("then")
        return Outcome(then, (*self._step.path, *way)) if isinstance(then, str) else self._on

    def _block(self, label: str) -> Summary:
        return self._inner.get(label, UNKNOWN)


def ordinal(number: int) -> str:
    """Write a number as `1st`, `2nd`, `3rd`."""
    if number % 100 in (11, 12, 13):
        return f"{number}th"
    return f"{number}{({1: 'st', 2: 'nd', 3: 'rd'}).get(number % 10, 'th')}"
