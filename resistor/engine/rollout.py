"""Who starts what: which version a new run gets, and what an event of another name sets off.

Called by the daemon for every start; the answer for the same input is always the same.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from resistor.engine.moves import text_of
from resistor.engine.scope import EventScope
from resistor.engine.workflow import Rollout, Trigger, Workflow
from resistor.errors import ExpressionError
from resistor.messages.event import Event


def chosen(candidates: Sequence[Workflow], event: Event, run: str) -> Workflow | None:
    """Return the version that run `run` gets: the first that has no rollout, or whose rollout takes it.

    A rollout that cannot be evaluated for this event does not take it.
    """
    for workflow in candidates:
        if workflow.rollout is None or _takes(workflow, workflow.rollout, event, run):
            return workflow
    return None


def _takes(workflow: Workflow, rollout: Rollout, event: Event, run: str) -> bool:
    scope = EventScope(event, run)
    try:
        if rollout.when is not None and not rollout.when.test(scope):
            return False
        if rollout.percent is None:
            return True
        key = run if rollout.key is None else text_of(rollout.key.evaluate(scope))
    except ExpressionError:
        return False
    return share_of(f"{workflow.namespace}/{workflow.name}@{workflow.version}", key) < rollout.percent


def share_of(version: str, key: str) -> float:
    """Return where `key` stands between 0 and 100 for a version: the same every time, spread evenly."""
    drawn = hashlib.sha256(f"{version}\0{key}".encode()).digest()[:6]
    return int.from_bytes(drawn) / 2**48 * 100.0


def triggered(trigger: Trigger, event: Event, run: str) -> bytes | None:
    """Return the data with which a trigger starts its run, None where its `if` says no.

    Raises `ExpressionError` where either cannot be evaluated.
    """
    scope = EventScope(event, run)
    if trigger.condition is not None and not trigger.condition.test(scope):
        return None
    return event.data if trigger.input is None else trigger.input.render(scope)
