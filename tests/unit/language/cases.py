"""The tables of this folder: one case for each sentence of the language, read from `*.yaml`.

    - name: without `with` the input is the event's data
      event: {total: 5}                     # the event's data; {} without it
      steps: [{module: m, action: charge}]  # or `workflow`, for the keys beside `steps`
      answers: {charge: {output: 1}}        # by action (or path): what modules say; a list: one for each sending
      children: {ship: {error: lost}}       # by workflow: how the runs end that this one starts
      story: [{time: 5s}, cancel]           # what happens besides; without it, time passes until the run is over
      expect:
        steps: {charge: completed}          # every step that has a record
        actions: [{charge: {total: 5}}]     # all that were sent, in order, with their input where it matters
        status: completed                   # this is what is expected where a case says nothing

driver.py says what may stand in `answers` and `story`, test_language.py what in `expect`.
Called by test_language.py only.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import yaml

from resistor.catalog import Loaded, load_text
from resistor.engine.limits import Limits

TABLES = Path(__file__).parent
NAMESPACE, WORKFLOW = "shop", "order"


@dataclass(frozen=True)
class Case:
    """One sentence: a definition, what happens to a run of it, and what is expected."""

    name: str
    expect: dict[str, Any]
    steps: list[Any] | None = None
    workflow: dict[str, Any] = field(default_factory=dict)
    modules: dict[str, Any] | None = None
    event: dict[str, Any] = field(default_factory=dict)
    answers: dict[str, Any] = field(default_factory=dict)
    children: dict[str, Any] = field(default_factory=dict)
    story: list[Any] | None = None
    limits: dict[str, int] = field(default_factory=dict)
    xfail: str | None = None

    def load(self) -> Loaded:
        """Have the definition compiled, as from a file."""
        definition = {"version": 1, **self.workflow}
        if self.steps is not None:
            definition["steps"] = self.steps
        document: dict[str, Any] = {NAMESPACE: {WORKFLOW: definition}}
        if self.modules is not None:
            document["modules"] = self.modules
        return load_text(msgspec.json.encode(document), "case.json")

    @property
    def bounds(self) -> Limits:
        """The limits that the decisions are held to."""
        return msgspec.convert(self.limits, Limits)


def read_tables() -> Iterator[tuple[str, Case]]:
    """Yield each case with the name of its table."""
    for table in sorted(TABLES.glob("*.yaml")):
        for entry in yaml.safe_load(table.read_text(encoding="utf-8")):
            yield table.stem, Case(**entry)
