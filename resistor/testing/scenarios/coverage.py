"""What of the definitions the scenarios have taken, and what never: steps, branches, catches, compensations.

step           every step, by its path: `*` stands for an item's or a round's number
branch         each case of a `switch` (and none of them, where it has no default), and of each `if` both
catch          each entry of a `catch`
compensation   what undoes a step
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import NamedTuple

from resistor.catalog import Catalog
from resistor.engine.facts import Fact, FactName
from resistor.engine.places import BODY, FINALLY, ON_FAILURE, TRY, Frame, Place, compensated, find
from resistor.engine.workflow import (
    Block,
    For,
    Module,
    RunWorkflow,
    Step,
    Switch,
    Try,
    While,
    Workflow,
    blocks_of,
)
from resistor.testing.watched import World


class What(StrEnum):
    """What can be taken."""

    STEP = "step"
    BRANCH = "branch"
    CATCH = "catch"
    COMPENSATION = "compensation"


class Goal(NamedTuple):
    """One thing that a scenario may take, and how a person reads it."""

    what: What
    path: str
    detail: str = ""

    def __str__(self) -> str:
        """Return it as `refund: skipped`."""
        return f"{self.path}{': ' if self.detail else ''}{self.detail}"


class Coverage:
    """Of a catalog's workflows, each version of its own."""

    def __init__(self, catalog: Catalog) -> None:
        """Begin with nothing taken."""
        self._catalog = catalog
        self._goals = {_name(each): tuple(goals_of(each)) for each in catalog.workflows}
        self._taken: dict[str, set[Goal]] = {name: set() for name in self._goals}

    def add(self, world: World) -> None:
        """Count what every run of a world has taken."""
        for run_id in world.run_ids():
            workflow = world.found(run_id).workflow
            if workflow is not None:
                self._taken[_name(workflow)].update(taken_by(workflow, world.facts(run_id)))

    def counts(self, workflow: str) -> dict[What, tuple[int, int]]:
        """Return how many of each kind were taken, and how many there are."""
        found = {}
        for what in What:
            goals = [goal for goal in self._goals[workflow] if goal.what is what]
            found[what] = (sum(goal in self._taken[workflow] for goal in goals), len(goals))
        return found

    def missed(self, workflow: str) -> list[Goal]:
        """Return what was never taken, in the order of the definition."""
        return [goal for goal in self._goals[workflow] if goal not in self._taken[workflow]]

    @property
    def workflows(self) -> list[str]:
        """The workflows, as `namespace/event@version`."""
        return sorted(self._goals)

    @property
    def percent(self) -> float:
        """The share of all that was taken."""
        total = sum(map(len, self._goals.values()))
        missed = sum(len(self.missed(name)) for name in self._goals)
        return 100.0 if not total else 100.0 * (total - missed) / total


def _name(workflow: Workflow) -> str:
    return f"{workflow.namespace}/{workflow.name}@{workflow.version}"


# --------------------------------------------------------------------------------- what there is


def goals_of(workflow: Workflow) -> Iterator[Goal]:
    """Give all that can be taken of a workflow."""
    tops = ((BODY, workflow.body), (ON_FAILURE, workflow.on_failure), (FINALLY, workflow.finally_))
    for label, block in tops:
        if block is not None:
            yield from _of_block(block, f"{label}/" if label else "")


def _of_block(block: Block, before: str) -> Iterator[Goal]:
    for step in block.steps:
        path = f"{before}{step.id}"
        yield from _of_step(step, path)
        for label, inner in blocks_of(step.kind):
            yield from _of_block(inner, f"{path}/{label}/")


def _of_step(step: Step, path: str) -> Iterator[Goal]:
    yield Goal(What.STEP, path)
    if step.condition is not None:
        yield from (Goal(What.BRANCH, path, detail) for detail in ("taken", "skipped"))
    match step.kind:
        case Switch(cases):
            yield from (Goal(What.BRANCH, path, f"case {number}") for number in range(len(cases)))
            if all(case.when is not None for case in cases):
                yield Goal(What.BRANCH, path, "no case")
        case Module(catches=catches) | RunWorkflow(catches=catches) | Try(catches=catches):
            yield from (Goal(What.CATCH, path, f"catch {number}") for number in range(len(catches)))
        case _:
            pass
    if isinstance(step.kind, Module) and step.kind.compensation is not None:
        yield Goal(What.COMPENSATION, path)


# --------------------------------------------------------------------------------- what was taken


def taken_by(workflow: Workflow, facts: Iterable[Fact]) -> Iterator[Goal]:
    """Give all that a run has taken, by its history; the same thing more than once."""
    for fact in facts:
        if fact.step is None:
            continue
        undone = compensated(fact.step)
        place = find(workflow, fact.step if undone is None else undone)
        if place is None:
            continue
        path = static_path(place)
        if undone is not None or fact.name is FactName.STEP_COMPENSATED:
            yield Goal(What.COMPENSATION, path)
        else:
            yield from _by_fact(place, path, fact)


def _by_fact(place: Place, path: str, fact: Fact) -> Iterator[Goal]:
    if fact.name is FactName.STEP_SKIPPED:
        yield Goal(What.BRANCH, path, "skipped")
        return
    yield Goal(What.STEP, path)
    if place.step.condition is not None:
        yield Goal(What.BRANCH, path, "taken")
    if fact.name in (FactName.STEP_CAUGHT, FactName.STEP_RETRYING) and "entry" in fact.details:
        yield Goal(What.CATCH, path, f"catch {fact.details['entry']}")
    if fact.name is FactName.STEP_STARTED and isinstance(place.step.kind, Switch):
        case = fact.details.get("case")
        yield Goal(What.BRANCH, path, "no case" if case is None else f"case {case}")


def static_path(place: Place) -> str:
    """Return a step's path as the definition has it: `*` for an item's or a round's number."""
    words = [place.step.id]
    frame: Frame | None = place.frame
    while frame is not None:
        if frame.owner is None:
            words += [frame.label] if frame.label else []
            break
        words += [_label(frame, frame.owner), frame.owner.step.id]
        frame = frame.owner.frame
    return "/".join(reversed(words))


def _label(frame: Frame, owner: Place) -> str:
    if isinstance(owner.step.kind, For | While):
        return "*"
    word = frame.label.partition("#")[0]
    return TRY if word == TRY else frame.label
