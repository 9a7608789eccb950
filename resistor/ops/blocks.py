"""The lists of steps in a resolved definition: which steps hold which, and what each goes by.

Read by the picture and by the comparison of two versions, which work on the definition's JSON. The labels
are those of a step's path in a run (`guard/catch-0/undo`); a loop's rounds and items all have `*` there.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from resistor.catalog.naming import kind_key, step_ids

Step = dict[str, Any]

ROUND = "*"

TOP_LISTS = (("", "steps"), ("on_failure", "on_failure"), ("finally", "finally"))
"""A workflow's own lists: the path that their steps begin with, and the key."""


class Place(NamedTuple):
    """Where a list of steps stands: its path, and the ids that its steps may not take."""

    path: str = ""
    taken: frozenset[str] = frozenset()

    def of(self, step_id: str) -> str:
        """Return the path of a step of this list."""
        return f"{self.path}/{step_id}" if self.path else step_id


def kind_of(step: Step) -> str:
    """Return the key that makes a step what it is, `unknown` for one of a newer language."""
    return kind_key(step) or "unknown"


def named_steps(steps: Any, taken: frozenset[str] = frozenset()) -> list[tuple[str, Step]]:
    """Return the steps of a list with their ids; of what is no list, none."""
    found = [step for step in steps if isinstance(step, dict)] if isinstance(steps, list) else []
    ids = step_ids(found, taken=taken)
    return [(step_id or f"step_{n}", step) for n, (step_id, step) in enumerate(zip(ids, found, strict=True))]


def lists_of(step: Step) -> Iterator[tuple[str, Any]]:
    """Yield the lists inside a step, each with its label in a path."""
    match kind_of(step):
        case "switch":
            yield from (
                (str(n), case["do"]) for n, case in enumerate(entries(step["switch"])) if "do" in case
            )
        case "fork":
            yield from branches(step).items()
        case "for" | "while" | "until":
            yield ROUND, step.get("do")
        case "try":
            yield "try", step["try"]
    for n, entry in enumerate(entries(step.get("catch"))):
        if "do" in entry:
            yield f"catch-{n}", entry["do"]
    if "finally" in step:
        yield "finally", step["finally"]


def branches(step: Step) -> dict[str, Any]:
    """Return a fork's branches."""
    fork = step["fork"]
    found = fork.get("branches") if isinstance(fork, dict) else None
    return found if isinstance(found, dict) else {}


def entries(value: Any) -> list[dict[str, Any]]:
    """Return the entries of a switch or a catch."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def walk(definition: dict[str, Any]) -> Iterator[tuple[str, Step]]:
    """Yield every step with its path, inner ones after the one that holds them."""
    for path, key in TOP_LISTS:
        yield from walk_list(definition.get(key), top_place(definition, path))


def top_place(definition: dict[str, Any], path: str) -> Place:
    """Return where one of the workflow's own lists stands: `on_failure` and `finally` see the others' ids."""
    ids = frozenset(step_id for step_id, _ in named_steps(definition.get("steps"))) if path else frozenset()
    return Place(path, ids)


def walk_list(steps: Any, place: Place) -> Iterator[tuple[str, Step]]:
    """Yield the steps of one list, and those inside them, with their paths."""
    named = named_steps(steps, place.taken)
    inner = place.taken.union(step_id for step_id, _ in named)
    for step_id, step in named:
        path = place.of(step_id)
        yield path, step
        for label, block in lists_of(step):
            yield from walk_list(block, Place(f"{path}/{label}", inner))
