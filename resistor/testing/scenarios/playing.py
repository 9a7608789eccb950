"""A scenario → what came of it."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from resistor.catalog import Catalog
from resistor.errors import ResistorError
from resistor.messages.names import split_workflow
from resistor.testing.installation import Installation
from resistor.testing.scenarios.expecting import difference
from resistor.testing.scenarios.forms import ExpectForm, HappeningForm
from resistor.testing.scenarios.reading import Scenario
from resistor.testing.stage import Install
from resistor.testing.stubs import Unanswered
from resistor.testing.watched import WatchedRun
from resistor.testing.workflows import Refused, Workflows


class Different(Exception):
    """Something is not as it is expected."""


@dataclass(frozen=True, slots=True)
class Played:
    """What came of one scenario.

    `difference` is the first thing that is not as expected, None where all is; `trees` the runs. `took` is in
    real seconds, `passed` in virtual ones. `skipped` says why it was not played where it was to be.
    """

    scenario: Scenario
    difference: str | None
    trees: tuple[str, ...]
    took: float
    passed: float
    skipped: str | None = None

    @property
    def is_good(self) -> bool:
        """Whether all is as expected."""
        return self.difference is None


@contextmanager
def playing(
    scenario: Scenario, catalog: Catalog, install: Install = Installation
) -> Iterator[tuple[Played, Workflows]]:
    """Play a scenario on the stage that `install` makes, and have it at hand for a while."""
    began = time.perf_counter()
    with silence():
        workflows = Workflows(
            start=scenario.start,
            has_schedules=scenario.form.schedules,
            install=install,
            stubs=scenario.stubs(),
        )
        try:
            different = _difference(scenario, workflows, catalog)
            trees = () if different is None else tuple(run.tree() for run in workflows.runs)
            took = time.perf_counter() - began
            yield Played(scenario, different, trees, took, workflows.elapsed), workflows
        finally:
            workflows.close()


def _difference(scenario: Scenario, workflows: Workflows, catalog: Catalog) -> str | None:
    try:
        workflows.deploy(catalog)
        happenings = Happenings(scenario, workflows)
        happenings.happen()
        happenings.check()
    except (Different, Unanswered) as different:
        return str(different)
    return None


class Happenings:
    """What happens in a scenario, one thing after the other."""

    def __init__(self, scenario: Scenario, workflows: Workflows) -> None:
        self._form = scenario.form
        self._workflows = workflows
        self._refusal: str | None = None

    def happen(self, *, is_checked: bool = True) -> None:
        """Let it all happen. Raises `Different`, `Unanswered`.

        `is_checked`: with what is expected on the way.
        """
        self._begin()
        for number, happening in enumerate(self._form.then):
            if happening.expect is not None and not is_checked:
                continue
            try:
                self._happen(happening, f"then[{number}]")
            except Unanswered:
                raise
            except ResistorError as error:
                raise Different(f"then[{number}].{happening.kind}: {error}") from None
        self._workflows.finish()

    def check(self) -> None:
        """Compare what came of it with what is expected. Raises `Different`."""
        self._compare(self._form.expect, "")

    def _begin(self) -> None:
        reference = self._form.workflow or self._form.event
        if reference is None:
            return
        try:
            if self._form.workflow is not None:
                self._workflows.start(reference, self._form.data, id=self._form.id)
            else:
                self._workflows.publish(reference, self._form.data, id=self._form.id)
        except Refused as refused:
            self._refusal = refused.reason
            if self._form.expect.refused != refused.reason:
                raise Different(str(refused)) from None
        if self._form.expect.refused is not None and self._refusal is None:
            raise Different(f"refused: the event is not refused, expected {self._form.expect.refused}")

    @property
    def _run(self) -> WatchedRun | None:
        """The run that the event has started: where there are several, that of the event's own workflow."""
        runs = [run for run in self._workflows.runs if run.parent is None]
        name = None if self._form.event is None else split_workflow(self._form.event)[1]
        return next((run for run in runs if run.name == name), runs[0] if runs else None)

    def _happen(self, happening: HappeningForm, where: str) -> None:
        if happening.after is not None:
            self._workflows.advance(happening.after)
        elif happening.event is not None:
            self._workflows.publish(happening.event, happening.data, id=happening.id)
        elif happening.expect is not None:
            self._compare(happening.expect, f"{where}.")
        else:
            self._tell(happening)

    def _tell(self, happening: HappeningForm) -> None:
        run = self._run
        if run is None:
            raise Different(f"no run has begun that could be told to {happening.kind}")
        match happening.kind:
            case "answer":
                run.answer(happening.answer, step=happening.step)
            case "signal":
                run.signal(happening.signal or "", happening.data)
            case "skip":
                run.skip(happening.skip or "", happening.output)
            case "retry":
                run.retry(happening.step, why=happening.retry or "")
            case kind:
                getattr(run, kind)(getattr(happening, kind))

    def _compare(self, expect: ExpectForm, where: str) -> None:
        different = difference(expect, self._workflows, self._run)
        if different is not None:
            raise Different(f"{where}{different}")


@contextmanager
def silence() -> Iterator[None]:
    """Let nothing be logged: what happens in a scenario is told by its result."""
    level = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(level)
