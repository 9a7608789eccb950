"""What a run asks people, and whether an answer fits.

Called by `resistor run answer`. Pure: the run has been read.
"""

from __future__ import annotations

from typing import Any

from resistor.catalog.wording import did_you_mean
from resistor.engine.places import find
from resistor.engine.run import StepStatus
from resistor.engine.workflow import Ask
from resistor.errors import NotFound, OperatorMistake, ResistorError
from resistor.ops.runs import Found
from resistor.ops.text import printable, shortened

LONGEST_PROMPT = 60


def open_asks(found: Found) -> dict[str, Ask]:
    """Return the `ask` steps that wait for an answer, by path. Raises `ResistorError`: workflow is lost."""
    if found.workflow is None:
        origin = found.run.origin
        lost = f"{origin.namespace}/{origin.workflow}@{origin.version}"
        raise ResistorError(f"{lost}, which the run is pinned to, cannot be read: its form is not known")
    asks = {}
    for path, record in sorted(found.run.steps.items()):
        place = find(found.workflow, path) if record.status is StepStatus.WAITING else None
        if place is not None and isinstance(place.step.kind, Ask):
            asks[path] = place.step.kind
    return asks


def ask_at(found: Found, step: str | None) -> tuple[str, Ask]:
    """Return the open `ask` step that is meant by a path, or by an id that only one of them has.

    Raises `NotFound` where the run asks nothing of that name, `OperatorMistake` where `step` is missing.
    """
    asks = open_asks(found)
    if not asks:
        status = found.run.state.status
        now = f"it is {status}" if status.is_final else "no `ask` step of it waits"
        raise NotFound(f"run {found.run.id} asks nothing now: {now}")
    if step is None:
        raise OperatorMistake(f"which step is answered? {_listed(asks)}")
    meant = [path for path in asks if path == step] or [
        path for path in asks if path.rpartition("/")[2] == step
    ]
    if len(meant) != 1:
        near = did_you_mean(step, asks) if not meant else None
        problem = f"no open `ask` step {step}" if not meant else f"{len(meant)} open `ask` steps {step}"
        raise NotFound(f"run {found.run.id} has {problem}: {near or _listed(asks)}")
    return meant[0], asks[meant[0]]


def require_fit(ask: Ask, answer: Any) -> None:
    """Raise `OperatorMistake` where an answer does not fit the form."""
    refusal = ask.accepts(answer) if ask.accepts is not None else None
    if refusal is not None:
        raise OperatorMistake(f"--data: the answer does not fit the form: {refusal}")


def _listed(asks: dict[str, Ask]) -> str:
    told = [f"{path} ({printable(shortened(ask.prompt, LONGEST_PROMPT))})" for path, ask in asks.items()]
    return f"open are {', '.join(told)}"
