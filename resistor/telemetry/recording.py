"""The one place where facts become log lines, counts and spans. Called by the daemon after a commit.

Must cost a few microseconds a fact: no metrics library, no I/O but the log's, and no span unless traces
were asked for.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from typing import Any, Protocol

from resistor.config.sections import Traces
from resistor.engine.decision import Verdict
from resistor.engine.facts import Fact, FactName
from resistor.engine.run import Run, StepRecord
from resistor.engine.workflow import Step, Workflow
from resistor.errors import Reason
from resistor.messages.result import Failure
from resistor.ports import Outcome
from resistor.telemetry.counters import Counters
from resistor.telemetry.exposition import Exposition
from resistor.telemetry.logs import FactRecord
from resistor.telemetry.throttle import Throttle

log = logging.getLogger("resistor.facts")

_LEVELS = {FactName.STEP_PROGRESSED: logging.DEBUG, FactName.RUN_FAILED: logging.WARNING}
_ENDS_ATTEMPT = {FactName.STEP_COMPLETED, FactName.STEP_FAILED}


class Spans(Protocol):
    """What makes spans (`tracing.Tracer`), seen from here: this room does without OpenTelemetry's imports."""

    def traceparent(self, run: Run, step: str, attempt: int) -> str | None:
        """Return the header that makes a module's spans children of this attempt's span."""

    def attempt_ended(self, run: Run, fact: Fact, record: StepRecord, step: Step | None) -> None:
        """Make the span of the attempt that `fact` ended."""

    def run_ended(self, run: Run) -> None:
        """Make the span of a run that is over."""

    def shutdown(self) -> None:
        """Hand over what is left. Idempotent."""


class Telemetry:
    """What one process says of its work."""

    def __init__(self, tracer: Spans | None = None) -> None:
        """Log and count; make spans with `tracer` where there is one."""
        self.counters = Counters()
        self._tracer = tracer
        self._throttle = Throttle()
        self._exposition: Exposition | None = None

    # -------------------------------------------------------------------------------- what happened

    def record(self, before: Run | None, after: Run, facts: Sequence[Fact], workflow: Workflow) -> None:
        """Take a run's step forward, once it is committed. `before` is None for a run that began."""
        for fact in facts:
            step = workflow.step(fact.step) if fact.step is not None else None
            record = _record_of(fact, before, after)
            seconds = _seconds(fact, record, after)
            self._count(fact, after, step, seconds)
            level = _LEVELS.get(fact.name, logging.INFO)
            if log.isEnabledFor(level):
                log.handle(
                    FactRecord(log.name, level, fact.at, fact.name, _fields(fact, after, step, seconds))
                )
            if self._tracer is not None and record is not None and fact.name in _ENDS_ATTEMPT:
                self._tracer.attempt_ended(after, fact, record, step)
        if after.state.status.is_final and not (before and before.state.status.is_final):
            self._run_ended(after)

    def message(self, queue: str, verdict: Verdict) -> None:
        """Count a message that was decided on."""
        self.counters.messages[queue, verdict] += 1

    def rejected(self, queue: str, reason: Reason, detail: str) -> None:
        """Count a message that goes to the dead letters, and say why: the first few times."""
        self.counters.messages[queue, "rejected"] += 1
        self.counters.rejected[queue, reason] += 1
        if self._may_say("message_rejected", queue, reason):
            extra = {"action": "message_rejected", "queue": queue, "reason": reason.value}
            log.warning("%s", detail, extra=extra)

    def published(self, outcomes: Sequence[Outcome]) -> None:
        """Count what became of publishes."""
        for outcome in outcomes:
            self.counters.publishes[outcome,] += 1

    def undelivered(self, routing_key: str, outcome: Outcome) -> None:
        """Count an action that no queue took, and say so: it is tried again later."""
        self.counters.undelivered[routing_key, outcome] += 1
        if self._may_say("publish_refused", routing_key, outcome):
            why = "is there no queue for it?" if outcome is Outcome.UNROUTABLE else "is its queue full?"
            extra = {"action": "publish_refused", "routing_key": routing_key, "outcome": outcome.value}
            log.warning("an action for %s was not taken: %s", routing_key, why, extra=extra)

    def dead_letters_refused(self, count: int) -> None:
        """Count dead letters that found the dead queue full: their originals stay where they are."""
        self.counters.dead_letters_refused += count
        if self._may_say("dead_letters_full"):
            extra = {"action": "dead_letters_full", "count": count}
            log.warning("the dead queue takes no more: empty it, or make it larger", extra=extra)

    def conflict(self) -> None:
        """Count a commit that another daemon was faster than."""
        self.counters.commit_conflicts += 1

    def batch(self, size: int, seconds: float) -> None:
        """Count a batch of `size` messages that took so long."""
        self.counters.batch_messages.add(size)
        self.counters.batch_seconds.add(seconds)

    # ------------------------------------------------------------------------------- what others need

    def traceparent_for(self, run: Run, step: str, attempt: int) -> str | None:
        """Return the `traceparent` header of an action: the attempt's span, or the event's own header."""
        if self._tracer is None:
            return run.origin.traceparent
        return self._tracer.traceparent(run, step, attempt)

    def render(self) -> tuple[bytes, str]:
        """Return what /metrics answers: the text and its content type."""
        if self._exposition is None:
            self._exposition = Exposition(self.counters)
        return self._exposition.render()

    def tick(self) -> None:
        """Say how often what was left out of the log came again. To be called every second or so."""
        for kind, count in self._throttle.left_out(time.monotonic()):
            self._say_repeated(kind, count)

    def shutdown(self) -> None:
        """Say what is left to say, and hand over the last spans. Idempotent."""
        for kind, count in self._throttle.left_out(float("inf")):
            self._say_repeated(kind, count)
        if self._tracer is not None:
            self._tracer.shutdown()

    # ---------------------------------------------------------------------------------------- inside

    def _count(self, fact: Fact, run: Run, step: Step | None, seconds: float | None) -> None:
        seen, origin = self.counters, run.origin
        does = (step.module, step.action) if step is not None else ("", "")
        match fact.name:
            case FactName.STEP_SCHEDULED:
                seen.steps_scheduled[does] += 1
            case FactName.STEP_COMPLETED:
                seen.steps_completed[does] += 1
            case FactName.STEP_FAILED:
                seen.steps_failed[does] += 1
            case FactName.STEP_POSTPONED:
                seen.steps_postponed[does] += 1
            case FactName.RUN_STARTED:
                seen.runs_started[origin.namespace, origin.workflow, str(origin.version)] += 1
                if origin.event.id is None:
                    seen.events_without_id[origin.namespace, origin.workflow] += 1
            case _:
                pass
        if seconds is not None and fact.name in _ENDS_ATTEMPT:
            seen.step_seconds[does].add(seconds)

    def _run_ended(self, run: Run) -> None:
        origin, state = run.origin, run.state
        key = (origin.namespace, origin.workflow)
        self.counters.runs_finished[*key, str(origin.version), state.status] += 1
        if state.finished_at is not None:
            self.counters.run_seconds[key].add(state.finished_at - origin.started_at)
        if self._tracer is not None:
            self._tracer.run_ended(run)

    def _may_say(self, *kind: str) -> bool:
        return self._throttle.lets(kind, time.monotonic())

    def _say_repeated(self, kind: Any, count: int) -> None:
        extra = {"action": "repeated", "count": count, "of": " ".join(kind)}
        log.warning("%d more like it", count, extra=extra)


def telemetry_for(settings: Traces) -> Telemetry:
    """Return the telemetry of a process. Raises `OperatorMistake` for traces that cannot be made."""
    if settings.exporter == "none":
        return Telemetry()
    from resistor.telemetry.tracing import tracer_for  # noqa: PLC0415 - 0.2 s of imports, for who asks

    return Telemetry(tracer_for(settings))


def _record_of(fact: Fact, before: Run | None, after: Run) -> StepRecord | None:
    """Return the record of the attempt that `fact` is about: a later attempt may be in `after` by now."""
    if fact.step is None:
        return None
    record = after.steps.get(fact.step)
    if record is not None and record.attempt == fact.attempt:
        return record
    return before.steps.get(fact.step) if before is not None else None


def _seconds(fact: Fact, record: StepRecord | None, run: Run) -> float | None:
    """Return how long what `fact` ended took."""
    match fact.name:
        case FactName.STEP_COMPLETED | FactName.STEP_FAILED:
            return None if record is None else fact.at - record.scheduled_at
        case FactName.RUN_COMPLETED | FactName.RUN_FAILED:
            return fact.at - run.origin.started_at
        case _:
            return None


def _fields(fact: Fact, run: Run, step: Step | None, seconds: float | None) -> dict[str, Any]:
    origin = run.origin
    fields: dict[str, Any] = {
        "run": run.id,
        "namespace": origin.namespace,
        "workflow": origin.workflow,
        "version": origin.version,
    }
    if fact.step is not None:
        fields |= {"step": fact.step, "attempt": fact.attempt}
    if step is not None:
        fields |= {"module": step.module, "module_action": step.action}
    if seconds is not None:
        fields["seconds"] = round(seconds, 6)
    failure = fact.details.get("error")
    if isinstance(failure, Failure):
        fields["error_type"] = failure.type
    return fields
