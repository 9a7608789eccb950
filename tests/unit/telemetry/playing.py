"""A run that is played by the engine, message by message: also for the tests of `ops`."""

from __future__ import annotations

from typing import Any

import msgspec

from resistor.catalog import load_text
from resistor.engine import advance
from resistor.engine.decision import Decision
from resistor.engine.facts import Fact
from resistor.engine.inbound import Answered, Inbound, Start, Wake
from resistor.engine.run import Run, StepRecord
from resistor.engine.workflow import Workflow
from resistor.messages import json
from resistor.messages.event import Event
from resistor.messages.result import Completed, Failed, Failure, Later
from resistor.telemetry import Telemetry

START = 1_700_000_000.0  # 2023-11-14T22:13:20Z
RUN = "abcdefghij0123456789"


def workflow_of(definition: str | bytes) -> Workflow:
    """Compile the only workflow of a definition file."""
    [workflow] = (
        load_text(definition.encode() if isinstance(definition, str) else definition).or_raise().workflows
    )
    return workflow


class Play:
    """One run. The clock stands still but for `wait`."""

    def __init__(
        self, definition: str | bytes, data: Any = None, *, telemetry: Telemetry | None = None, **event: Any
    ) -> None:
        """Start a run of the only workflow of `definition` with `data`."""
        self.workflow = workflow_of(definition)
        self.now = START
        self.facts: list[Fact] = []
        self.run: Run
        self._begun: Run | None = None
        self._telemetry = telemetry
        given = {"id": "e1", "name": self.workflow.name, "data": json.encode(data or {})} | event
        self.tell(Start(run=RUN, event=Event(namespace=self.workflow.namespace, **given)))

    def tell(self, message: Inbound) -> Decision:
        """Let the engine decide on `message`, and commit what it decides."""
        decision = advance(self.workflow, self._begun, message, now=self.now)
        before, self._begun = self._begun, msgspec.structs.replace(decision.run, due=(), is_whole=True)
        self.run = self._begun
        self.facts += decision.facts
        if self._telemetry is not None:
            self._telemetry.record(before, decision.run, decision.facts, self.workflow)
        return decision

    def complete(self, address: str, output: Any = None, attempt: int | None = None) -> None:
        """Let the module answer well."""
        self.tell(Answered(address, self._attempt(address, attempt), Completed(json.encode(output))))

    def fail(self, address: str, error: str = "busy", message: str = "", **more: Any) -> None:
        """Let the module answer badly."""
        self.tell(Answered(address, self._attempt(address, None), Failed(Failure(error, message, **more))))

    def later(self, address: str, after: float) -> None:
        """Let the module hand the action back."""
        self.tell(Answered(address, self._attempt(address, None), Later(after)))

    def wait(self, seconds: float) -> None:
        """Let time pass, and what is due by then be looked at."""
        self.now += seconds
        due = [path for path, step in self.run.steps.items() if (step.wake_at or self.now + 1) <= self.now]
        if self.run.state.deadline is not None and self.run.state.deadline <= self.now:
            due.append("")
        self._begun = msgspec.structs.replace(self.run, due=tuple(due))
        self.tell(Wake())

    def _attempt(self, address: str, attempt: int | None) -> int:
        if attempt is not None:
            return attempt
        head, _, last = address.rpartition("/")
        path = "/".join(filter(None, (head, last.partition("#")[0])))
        record = self.run.parts[f"s:{path}"]
        assert isinstance(record, StepRecord)
        return record.attempt
