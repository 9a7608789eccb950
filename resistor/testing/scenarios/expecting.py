"""What is expected → the first difference from what came of it."""

from __future__ import annotations

from resistor.testing.comparing import compare
from resistor.testing.scenarios.forms import ExpectForm
from resistor.testing.watched import WatchedRun
from resistor.testing.workflows import Workflows

_OF_RUN = (
    "workflow",
    "status",
    "error",
    "path",
    "calls",
    "attempts",
    "compensations",
    "emitted",
    "waiting",
    "labels",
    "output",
    "steps",
    "took",
)
"""What is said of a run, in the order in which differences say most."""


def difference(expect: ExpectForm, workflows: Workflows, run: WatchedRun | None) -> str | None:
    """Return where what came differs first, None where all is as it was expected. `run` began first."""
    if expect.runs is not None and len(workflows.runs) != expect.runs:
        return f"runs is {len(workflows.runs)}, expected {expect.runs}"
    names = [name for name in _OF_RUN if name in expect.model_fields_set]
    if run is None:
        return "no run has begun" if names else None
    named = {
        "calls": [(call.name, call.input) for call in workflows.calls],
        "emitted": [(each.name, each.data) for each in workflows.emitted],
    }
    differences = (compare(run, name, _plain(expect, name), named) for name in names)
    return next((each for each in differences if each is not None), None)


def _plain(expect: ExpectForm, name: str) -> object:
    return expect.took.model_dump() if name == "took" and expect.took is not None else getattr(expect, name)
