"""A run's flat list of steps → which step holds which; and only the steps that somebody wants to see.

Works on the objects of `views.run_view`, so on JSON. Called by the tree and by `run get --steps`. Pure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from resistor.engine.places import FINALLY, ON_FAILURE, path_of
from resistor.engine.run import StepStatus

View = dict[str, Any]

OPEN = frozenset(status.value for status in StepStatus if status.is_open)
WANTED = {"all": None, "open": OPEN, "failed": frozenset({StepStatus.FAILED.value})}
"""What `--steps` can ask for, and the statuses that it means (None: any)."""

MANY = 8
FIRST = 3
"""Of more than `MANY` items or rounds the first are shown, and as many again that did not end well."""


@dataclass(frozen=True, slots=True)
class Node:
    """A step with those inside it. `name` is its path from the step around it."""

    step: View
    name: str
    inner: list[Node] = field(default_factory=list)

    @property
    def label(self) -> str:
        """The branch, item, round … of the step around it that it is in; empty for a compensation."""
        return self.name.rpartition("/")[0]


def nested(steps: Iterable[View]) -> dict[str, list[Node]]:
    """Return the outermost steps of the body (``""``), of `on_failure` and of `finally`."""
    tops: dict[str, list[Node]] = {"": [], ON_FAILURE: [], FINALLY: []}
    nodes: dict[str, Node] = {}
    for step in steps:
        path, owner = step["path"], owner_of(step)
        around = nodes.get(owner) if owner is not None else None
        if around is not None:
            node = Node(step, _relative(path, around.step["path"]))
            around.inner.append(node)
        else:
            top = path.partition("/")[0] if owner is None and "/" in path else ""
            node = Node(step, path[len(top) + 1 :] if top else path)
            tops[top if top in tops else ""].append(node)
        nodes[path] = node
    return tops


def owner_of(step: View) -> str | None:
    """Return the path of the step that holds this one, or that it undoes; None for an outermost one."""
    if step.get("compensates"):
        return path_of(step["compensates"])
    frame = step["path"].rpartition("/")[0]
    return path_of(frame.rpartition("/")[0]) or None


def only(steps: list[View], statuses: frozenset[str] | None) -> list[View]:
    """Return the steps of these statuses, with the blocks around them; None: all."""
    if statuses is None:
        return steps
    by_path = {step["path"]: step for step in steps}
    kept = set()
    for step in steps:
        path = step["path"] if step["status"] in statuses else None
        while path is not None and path not in kept:
            kept.add(path)
            path = owner_of(by_path[path]) if path in by_path else None
    return [step for step in steps if step["path"] in kept]


def shown(node: Node, *, is_whole: bool) -> tuple[list[Node], Counter[str]]:
    """Return the steps inside that are worth a line each, and how the other items or rounds are.

    A block with many items is cut to the first few, and the first few that did not end well, unless
    `is_whole`.
    """
    frames = _frames(node)
    rest: Counter[str] = Counter()
    inner = node.inner
    if len(frames) > MANY and not is_whole and all(_is_number(label) for label in frames):
        wanted = _most_telling(frames)
        rest.update(_status(steps) for label, steps in frames.items() if label not in wanted)
        inner = [each for each in inner if each.label in wanted]
    counts = node.step.get("counts")
    if counts and counts["begun"] < counts["total"] and not is_whole:
        rest["pending"] = counts["total"] - counts["begun"]
    return inner, rest


def _most_telling(frames: dict[str, list[Node]]) -> set[str]:
    labels = list(frames)
    unhappy = (label for label in labels[FIRST:] if _status(frames[label]) != "completed")
    return {*labels[:FIRST], *islice(unhappy, FIRST)}


def _is_number(label: str) -> bool:
    return label.rpartition("/")[2].isdecimal()


def _frames(node: Node) -> dict[str, list[Node]]:
    frames: dict[str, list[Node]] = {}
    for each in node.inner:
        frames.setdefault(each.label, []).append(each)
    return frames


def _status(inner: list[Node]) -> str:
    """Return how an item is, by its steps."""
    statuses = {node.step["status"] for node in inner}
    if statuses & OPEN:
        return "running"
    return next((status for status in ("failed", "cancelled") if status in statuses), "completed")


def _relative(path: str, owner: str) -> str:
    """Return what follows the owner in a path; of a later turn it begins with `#2`."""
    return path[len(owner) :].lstrip("/")
