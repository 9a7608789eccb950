"""A decision in the making: what the engine's functions add to, one fact and one change at a time.

Lives for the length of one `advance`, and is the only mutable value in the engine.
"""

from __future__ import annotations

from typing import Any

import msgspec

from resistor.engine.decision import Decision, Dispatch, Verdict
from resistor.engine.facts import Fact, FactName
from resistor.engine.limits import Limits
from resistor.engine.run import Run, StepRecord, StepStatus, become
from resistor.engine.workflow import Workflow


class Draft:
    """The run as it will be, with the actions and facts so far."""

    def __init__(self, workflow: Workflow, run: Run, *, now: float, limits: Limits) -> None:
        """Begin with `run` as it is. `now` is in seconds since the epoch."""
        self.workflow = workflow
        self.run = run
        self.now = now
        self.limits = limits
        self.outgoing: list[Dispatch] = []
        self.facts: list[Fact] = []

    def say(
        self, name: FactName, step: str | None = None, attempt: int | None = None, **details: Any
    ) -> None:
        """Add a fact that happened now."""
        self.facts.append(Fact(self.now, name, step, attempt, details))

    def set_state(self, **changes: Any) -> None:
        """Change the run's own state; a new `status` must be one that it can become."""
        if "status" in changes:
            become(self.run.state.status, changes["status"])
        self.run = msgspec.structs.replace(self.run, state=msgspec.structs.replace(self.run.state, **changes))

    def add_step(self, step_id: str, record: StepRecord) -> None:
        """Put a step that was pending into the run."""
        become(StepStatus.PENDING, record.status)
        self.run = msgspec.structs.replace(self.run, steps={**self.run.steps, step_id: record})

    def set_step(self, step_id: str, **changes: Any) -> StepRecord:
        """Change a step that is in the run; a new `status` must be one that it can become."""
        record = self.run.steps[step_id]
        if "status" in changes:
            become(record.status, changes["status"])
        record = msgspec.structs.replace(record, **changes)
        self.run = msgspec.structs.replace(self.run, steps={**self.run.steps, step_id: record})
        return record

    def set_input(self, step_id: str, input_: bytes) -> None:
        """Keep what a step was given, where that is not the event's data."""
        self.run = msgspec.structs.replace(self.run, inputs={**self.run.inputs, step_id: input_})

    def set_output(self, step_id: str, output: bytes) -> None:
        """Keep what a step gave."""
        self.run = msgspec.structs.replace(self.run, outputs={**self.run.outputs, step_id: output})

    def decide(self, verdict: Verdict = Verdict.APPLIED) -> Decision:
        """Close the draft."""
        return Decision(verdict=verdict, run=self.run, outgoing=tuple(self.outgoing), facts=tuple(self.facts))
