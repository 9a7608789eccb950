"""One action that a module was asked for, as a test sees it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from resistor.messages import Action, json


@dataclass(slots=True)
class Call:
    """One attempt at one step, as its module got it.

    `step` is the step's path; `at` is when it came, in virtual seconds since the beginning; `deliveries`
    counts how often it was handed out: again after a crash, after `Later`, or by the broker's mistake.
    """

    module: str
    action: str
    input: Any
    metadata: Any
    run: str
    namespace: str
    workflow: str
    version: int
    step: str
    attempt: int
    idempotency_key: str
    deadline: float | None
    at: float
    deliveries: int = field(default=1, compare=False)

    @property
    def name(self) -> str:
        """What it is stubbed by: `module.action`."""
        return f"{self.module}.{self.action}"


def call_of(action: Action, *, at: float) -> Call:
    """Return the call that an action makes."""
    return Call(
        module=action.module,
        action=action.action,
        input=json.decode_trusted(action.input),
        metadata=json.decode_trusted(action.metadata),
        run=action.run,
        namespace=action.namespace,
        workflow=action.workflow,
        version=action.version,
        step=action.step,
        attempt=action.attempt,
        idempotency_key=action.idempotency_key,
        deadline=action.deadline,
        at=at,
    )
