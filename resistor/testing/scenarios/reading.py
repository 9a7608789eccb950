"""Files → scenarios, and everything that is wrong with them: each with its line, as in definitions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from resistor.catalog import Catalog
from resistor.catalog.checks.shape import findings_of
from resistor.catalog.files import find, read_bytes
from resistor.catalog.places import Finding, KeyPath, Source
from resistor.catalog.reading import MAX_BYTES, read
from resistor.catalog.scenario_files import is_scenario
from resistor.catalog.wording import did_you_mean, quote
from resistor.engine.places import compensated
from resistor.engine.places import find as find_step
from resistor.engine.workflow import Compensation, Module
from resistor.errors import Problem
from resistor.messages.names import split_workflow
from resistor.testing.scenarios.answers import entries_of, findings_in
from resistor.testing.scenarios.forms import ScenarioForm
from resistor.testing.stubs import Entry, Stubs
from resistor.testing.virtual_loop import EPOCH

SHOWN_ACTIONS = 8  # of those that there are


@dataclass(frozen=True, slots=True)
class Scenario:
    """A scenario that can be played."""

    file: str
    form: ScenarioForm
    answers: Mapping[str, Sequence[Entry]]

    @property
    def title(self) -> str:
        """What it shows."""
        return self.form.scenario

    @property
    def start(self) -> float:
        """When it begins, in seconds since the epoch."""
        return EPOCH if self.form.at is None else self.form.at

    def stubs(self) -> Stubs:
        """Return what modules answer in it, before any call."""
        stubs = Stubs()
        for name, entries in self.answers.items():
            stubs.say(name, entries)
        return stubs


@dataclass(frozen=True, slots=True)
class Found:
    """The scenarios that are good, and what is wrong with the others."""

    scenarios: tuple[Scenario, ...]
    problems: tuple[Problem, ...]


def read_scenarios(paths: Sequence[Path], catalog: Catalog) -> Found:
    """Read the scenarios of these files and directories, for the workflows of `catalog`.

    Raises `OperatorMistake` for a path that is not there.
    """
    known = _Known(catalog)
    scenarios: list[Scenario] = []
    problems: list[Problem] = []
    for file in find(paths):
        raw = file if isinstance(file, Problem) else read_bytes(file, MAX_BYTES)
        if isinstance(raw, bytes) and is_scenario(raw):
            _take(raw, str(file), known, scenarios, problems)
    return Found(tuple(scenarios), tuple(problems))


def _take(raw: bytes, file: str, known: _Known, scenarios: list[Scenario], problems: list[Problem]) -> None:
    document = read(raw, file)
    source = document.source
    if document.problems or source.root is None:
        problems += document.problems
        return
    try:
        form = ScenarioForm.model_validate(source.root.value)
    except ValidationError as error:
        problems += _located(source, findings_of(error))
        return
    findings = [*findings_in(form.answers, source.root.value.get("answers", {})), *known.findings_in(form)]
    if findings:
        problems += _located(source, findings)
        return
    scenarios.append(Scenario(file, form, entries_of(form.answers)))


def _located(source: Source, findings: Iterator[Finding] | Sequence[Finding]) -> list[Problem]:
    return sorted(map(source.locate, findings), key=lambda problem: (problem.line, problem.column))


class _Known:
    """What the workflows of a catalog are called, and what their modules do."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._actions: set[str] = set()
        self._open: set[str] = set()  # modules whose actions an expression names
        for workflow in catalog.workflows:
            for step in workflow.walk():
                if isinstance(step.kind, Module):
                    self._add(step.kind)
                    if step.kind.compensation is not None:
                        self._add(step.kind.compensation)

    def _add(self, kind: Module | Compensation) -> None:
        if isinstance(kind.action, str):
            self._actions.add(f"{kind.module}.{kind.action}")
        else:
            self._open.add(kind.module)

    def findings_in(self, form: ScenarioForm) -> Iterator[Finding]:
        """Yield the names that mean nothing here."""
        for key, reference in (("event", form.event), ("workflow", form.workflow)):
            if reference is not None and form.expect.refused is None:
                yield from self._of_reference(key, reference)
        for number, happening in enumerate(form.then):
            if happening.event is not None:
                yield from self._of_heard(("then", number, "event"), happening.event)
        for name in form.answers:
            if not self._is_known(name):
                names = sorted(self._actions)
                asked = f"modules are asked for {', '.join(names[:SHOWN_ACTIONS])}"
                hint = did_you_mean(name, names) or (asked if names else "no module is asked for anything")
                yield Finding(
                    ("answers", name),
                    f"no workflow here has an action or a step {quote(name)}",
                    hint,
                    at_key=True,
                )

    def _of_reference(self, key: str, reference: str) -> Iterator[Finding]:
        try:
            namespace, name, version = split_workflow(reference)
        except ValueError:
            form = "NAMESPACE.EVENT" if key == "event" else "NAMESPACE/EVENT@VERSION"
            yield Finding((key,), f"{quote(reference)} is no {key}", f"write it as `{key}: {form}`")
            return
        if (key == "workflow") is (version is None):
            hint = "write it as `workflow: NAMESPACE/EVENT@VERSION`" if version else "name its version: @1"
            yield Finding((key,), f"{quote(reference)} is not what `{key}` takes", hint)
        elif version is not None and self._catalog.get(namespace, name, version) is None:
            versions = [str(each.version) for each in self._catalog.versions(namespace, name)]
            near = f"there is version {', '.join(versions)}" if versions else self._near(namespace, name)
            yield Finding((key,), f"there is no workflow {quote(reference)} here", near)
        elif version is None and not self._starts(namespace, name):
            what = f"no workflow here is started by {quote(reference)}"
            yield Finding((key,), what, self._near(namespace, name))

    def _of_heard(self, path: KeyPath, reference: str) -> Iterator[Finding]:
        """Find what is wrong with an event that comes later: workflows may also listen for it."""
        try:
            namespace, name, version = split_workflow(reference)
            is_event = version is None
        except ValueError:
            namespace, name, is_event = "", "", False
        if not is_event:
            yield Finding(path, f"{quote(reference)} is no event", "write it as `event: NAMESPACE.EVENT`")
        elif not self._starts(namespace, name) and not self._catalog.listeners(namespace, name):
            what = f"no workflow here is started by {quote(reference)}, nor listens for it"
            yield Finding(path, what, self._near(namespace, name))

    def _near(self, namespace: str, name: str) -> str | None:
        near = self._catalog.nearest(namespace, name)
        return f"did you mean {quote(near)}?" if near else None

    def _starts(self, namespace: str, name: str) -> bool:
        return bool(self._catalog.candidates(namespace, name) or self._catalog.triggered_by(namespace, name))

    def _is_known(self, name: str) -> bool:
        module, _, action = name.partition(".")
        if name == "*" or name in self._actions or module in self._open:
            return True
        if action == "*":
            return any(each.partition(".")[0] == module for each in self._actions)
        path = name.replace("/*/", "/0/")
        path = compensated(path) or path
        return any(find_step(workflow, path) is not None for workflow in self._catalog.workflows)
