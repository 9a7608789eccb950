"""How a scenario ended, as far as it must be the same whatever goes wrong on the way."""

from __future__ import annotations

from collections import Counter
from typing import Any

from resistor.testing.difference import first_difference
from resistor.testing.watched import WatchedRun
from resistor.testing.workflows import Workflows

Ending = dict[str, Any]


def ending_of(workflows: Workflows) -> Ending:
    """Return each run's ending by its id, and the events that were published."""
    return {
        "runs": {run.id: _of_run(run) for run in workflows.runs},
        "emitted": sorted({f"{each.name} {each.id}" for each in workflows.emitted}),
    }


def difference_between(calm: Ending, other: Ending, workflows: Workflows) -> str | None:
    """Return where an ending differs first from the calm one, or what was done twice in it."""
    for run_id, ending in calm["runs"].items():
        if run_id not in other["runs"]:
            return f"the run of {ending['workflow']} is not there"
        different = first_difference(ending, other["runs"][run_id], ending["workflow"], exactly=True)
        if different is not None:
            return different
    more = [each["workflow"] for run_id, each in other["runs"].items() if run_id not in calm["runs"]]
    if more:
        return f"there is one more run of {more[0]}"
    different = first_difference(calm["emitted"], other["emitted"], "emitted")
    return different or _done_twice(workflows)


def _of_run(run: WatchedRun) -> Ending:
    error = run.error
    ending: Ending = {
        "workflow": run.workflow,
        "status": run.status,
        "error": None if error is None else {"type": error["type"], "step": error.get("step")},
        "output": run.output,
        "compensations": sorted(run.compensations),
        "labels": dict(run.labels),
    }
    return ending if run.is_over else {**ending, "waiting": sorted(run.waiting)}


def _done_twice(workflows: Workflows) -> str | None:
    """Return the attempt that a module was asked for as two things: under two tokens."""
    asked = Counter((call.idempotency_key, call.attempt) for call in workflows.calls)
    twice = next((key for key, count in asked.items() if count > 1), None)
    return None if twice is None else f"attempt {twice[1]} at {twice[0]} was asked for under two tokens"
