"""A workflow that always runs itself never ends.

Called by settling. Sees what is certain: a step of the workflow's own list that nothing leads around, and
that waits for the child. Whatever else goes round in circles is stopped when it is 16 deep.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from resistor.catalog.blocks import entries, mapping
from resistor.catalog.naming import kind_key
from resistor.catalog.places import Finding

_GO_ON = frozenset({"module", "wait", "emit", "set", "run", "fork", "for", "listen", "ask"})
"""Kinds of steps that cannot end the run or jump by themselves when they succeed."""


def check_self_runs(namespace: str, name: str, definition: Any) -> Iterator[Finding]:
    """Yield the step by which a workflow always runs itself, if there is one."""
    steps = definition.get("steps") if isinstance(definition, dict) else None
    for position, step in entries(steps):
        run = mapping(step.get("run"))
        called = (run.get("namespace", namespace), run.get("workflow"))
        own_version = run.get("version") in (None, definition.get("version"))
        if called == (namespace, name) and own_version and "if" not in step and not run.get("detach"):
            message = "this workflow always runs itself, and never ends"
            yield Finding(("steps", position, "run"), message, "give the step an `if`, or `detach: true`")
            return
        if kind_key(step) not in _GO_ON or "then" in step:
            return  # what follows is not certain to be reached
