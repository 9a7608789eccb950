"""What an action knows of the step it works for.

Made by the runner for each action that arrives; `trial_context` makes that of an action which a test calls.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

Report = Callable[[Any], Awaitable[None]]


class StepLog(logging.LoggerAdapter[logging.Logger]):
    """A logger that adds run, step and attempt to every line, beside what the line brings itself."""

    def process(self, msg: Any, kwargs: MutableMapping[str, Any]) -> tuple[Any, MutableMapping[str, Any]]:
        """Merge both."""
        return msg, {**kwargs, "extra": {**(self.extra or {}), **(kwargs.get("extra") or {})}}


async def _nobody_listens(_: Any) -> None:
    """Be the report of a context without a broker."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """One attempt at one step.

    `idempotency_key` is the same for every attempt and every redelivery of the step: whatever must happen
    once is remembered by it. `metadata` is the step's, as the definition has it. `deadline`, in UTC, is when
    nobody will wait for the answer any more; None: the attempt may take as long as it likes. `cancelled` is
    set when the runner stops: what cannot end within its drain time is delivered again, to somebody else.
    """

    run: str
    step: str
    attempt: int
    idempotency_key: str
    namespace: str
    workflow: str
    version: int
    log: StepLog
    metadata: Mapping[str, Any] = field(default_factory=dict)
    deadline: datetime | None = None
    cancelled: asyncio.Event = field(default_factory=asyncio.Event)
    traceparent: str | None = None
    tracestate: str | None = None
    report: Report = field(default=_nobody_listens, repr=False)

    async def progress(self, details: Any = None) -> None:
        """Say that the action is still at it; `details`, any JSON, show in the run. Renews its heartbeat."""
        await self.report(details)


def trial_context(
    step: str, logger: logging.Logger, *, attempt: int = 1, metadata: Mapping[str, Any] | None = None
) -> Context:
    """Return the context of an action that a test calls: no run asked for it, nobody hears its reports."""
    return Context(
        run="test",
        step=step,
        attempt=attempt,
        idempotency_key=f"test-{step}",
        namespace="test",
        workflow="test",
        version=1,
        metadata=metadata or {},
        log=StepLog(logger, {"run": "test", "step": step}),
    )
