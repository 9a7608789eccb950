"""The tables: one small definition for each sentence of the language, and what comes of it.

    a sentence of the reference:
      steps: |                     the workflow's steps; or `workflow: |`, its whole body; or `file: |`
        - {module: m, action: charge}
      input: {amount: 5}           the event's data; `event` has its id, source, time
      answers: {charge: [{fails: busy}, {gives: 1}]}
      story: [{after: 30s}, {cancel: enough}]
      expect: {sent: [charge, charge (2)], output: 1}

`answers` go by address, action or called workflow, one for each time that it is asked for (the last one again
and again): `{gives: value}`, `{fails: type}` or `{fails: {type: …, retryable: …}}`, `{later: 30s}`,
`{progress: value}`, `never`. Who is not named gives its own name. driver.py says what a story may have,
outcome.py what can be expected. Definitions are text, because the catalog reads them as a user's.

Used by driver.py, and by the test of the reference's own examples.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import indent
from typing import Any

from resistor.catalog import load_text
from resistor.catalog.loading import Loaded
from resistor.catalog.reading import read
from resistor.engine.workflow import Workflow

NAMESPACE, NAME = "shop", "w"
_KEYS = {
    *("steps", "workflow", "file", "input", "event", "answers", "slots", "limits", "depth", "parent"),
    *("story", "expect", "defect"),
}


@dataclass(frozen=True)
class Case:
    """One sentence. `defect` names what is wrong with the engine where it is not kept."""

    sentence: str
    text: str
    input: Mapping[str, Any] = field(default_factory=dict)
    event: Mapping[str, Any] = field(default_factory=dict)
    answers: Mapping[str, Any] = field(default_factory=dict)
    slots: str = "free"
    limits: Mapping[str, Any] = field(default_factory=dict)
    depth: int = 0
    parent: bool = False
    story: list[Mapping[str, Any]] = field(default_factory=list)
    expect: Mapping[str, Any] = field(default_factory=dict)
    defect: str | None = None

    def load(self) -> Loaded:
        """Load the definition as the catalog does."""
        return load_text(self.text.encode(), "case.yaml")

    def workflow(self) -> Workflow:
        """Return the workflow that is started: `w`, or the only one there is."""
        workflows = self.load().or_raise().workflows
        return next((each for each in workflows if each.name == NAME), workflows[0])


def case_of(sentence: str, written: Mapping[str, Any]) -> Case:
    """Make a case of what stands in a table."""
    unknown = written.keys() - _KEYS
    assert not unknown, f"{sentence!r} has {unknown}: there is {sorted(_KEYS)}"
    given = {key: value for key, value in written.items() if key not in ("steps", "workflow", "file")}
    return Case(sentence, _text(written), **given)


def cases_in(folder: Path) -> Iterator[tuple[str, Case]]:
    """Yield every case of every table, with the table's name."""
    for file in sorted(folder.glob("*.yaml")):
        for sentence, written in table(file).items():
            yield file.stem, case_of(sentence, written)


def table(file: Path) -> dict[str, Any]:
    """Read a table, as strictly as a definition."""
    document = read(file.read_bytes(), file.name)
    assert not document.problems, document.problems
    assert document.source.root is not None, f"{file.name} is empty"
    value: dict[str, Any] = document.source.root.value
    return value


def file_of(body: str) -> str:
    """Wrap a workflow's body into a file."""
    version = "" if body.startswith("version:") or "\nversion:" in body else "    version: 1\n"
    return f"{NAMESPACE}:\n  {NAME}:\n{version}{indent(body, '    ')}"


def _text(written: Mapping[str, Any]) -> str:
    if "file" in written:
        return str(written["file"])
    if "workflow" in written:
        return file_of(written["workflow"])
    return file_of(f"steps:\n{indent(written['steps'], '  ')}")
