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
from resistor.engine.places import COMPENSATE
from resistor.engine.run import Run
from resistor.engine.workflow import Workflow
from resistor.errors import Reason
from resistor.ports import Outcome
from resistor.telemetry.attempts import UNDOES, Attempt, ended, record_at
from resistor.telemetry.counters import Counters
from resistor.telemetry.exposition import Exposition
from resistor.telemetry.lines import fields_of
from resistor.telemetry.logs import FactRecord
from resistor.telemetry.steps import NOTHING, Does, Steps
from resistor.telemetry.throttle import Throttle

log = logging.getLogger("resistor.facts")

_LEVELS = {
    FactName.STEP_SCHEDULED: logging.DEBUG,  # how it ends is said, with how long it took
    FactName.STEP_STARTED: logging.DEBUG,
    FactName.STEP_QUEUED: logging.DEBUG,
    FactName.STEP_ADMITTED: logging.DEBUG,
    FactName.STEP_PROGRESSED: logging.DEBUG,
    FactName.STEP_HEARD: logging.DEBUG,
    FactName.STEP_ANSWERED_LATE: logging.WARNING,
    FactName.RUN_FAILED: logging.WARNING,
    FactName.RUN_TIMED_OUT: logging.WARNING,
    FactName.COMPENSATION_FAILED: logging.WARNING,
}
_RUN_ENDS = frozenset(
    {
        FactName.RUN_COMPLETED,
        FactName.RUN_FAILED,
        FactName.RUN_CANCELLED,
        FactName.RUN_TERMINATED,
        FactName.RUN_TIMED_OUT,
    }
)
_STEP_ENDS = frozenset({FactName.STEP_COMPLETED, FactName.STEP_FAILED, FactName.STEP_CANCELLED})


_REFUSALS = {
    Reason.BAD_TOKEN: logging.ERROR,
    Reason.WRONG_USER: logging.ERROR,
    Reason.UNKNOWN_RUN: logging.ERROR,  # of a result: its token is ours, so the store has lost the run
    Reason.POISON: logging.ERROR,
}


class Spans(Protocol):
    """What makes spans (`tracing.Tracer`), seen from here: this room does without OpenTelemetry's imports."""

    def traceparent(self, run: Run, address: str, attempt: int) -> str | None:
        """Return the header that makes a module's spans children of this attempt's span."""

    def attempt_ended(self, run: Run, attempt: Attempt, does: Does, at: float) -> None:
        """Make the span of an attempt that ended at `at`."""

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
        self._steps = Steps()
        self._exposition: Exposition | None = None

    # -------------------------------------------------------------------------------- what happened

    def record(self, before: Run | None, after: Run, facts: Sequence[Fact], workflow: Workflow) -> None:
        """Take a run's step forward, once it is committed. `before` is None for a run that began."""
        for fact in facts:
            self._record(fact, before, after, workflow)
        if after.state.status.is_final and not (before and before.state.status.is_final):
            self._run_ended(after)

    def _record(self, fact: Fact, before: Run | None, after: Run, workflow: Workflow) -> None:
        does, attempt, seconds = NOTHING, None, None
        if fact.step is not None:
            does = _does(fact, self._steps.does(workflow, _subject(fact)), after)
            attempt = ended(fact, before, after) if does.module else None
            seconds = _seconds(fact, attempt, before, after)
            self._count_step(fact, does, attempt)
        else:
            seconds = fact.at - after.origin.started_at if fact.name in _RUN_ENDS else None
            self._count_run(fact, after)
        level = _LEVELS.get(fact.name, logging.INFO)
        if log.isEnabledFor(level):
            log.handle(FactRecord(log.name, level, fact.at, fact.name, fields_of(fact, after, does, seconds)))
        if self._tracer is not None and attempt is not None:
            self._tracer.attempt_ended(after, attempt, does, fact.at)

    def message(self, queue: str, verdict: Verdict) -> None:
        """Count a message that was decided on."""
        self.counters.messages[queue, verdict] += 1
        if verdict is Verdict.CONFLICT and self._may_say("event_conflict", queue, verdict):
            what = "an event's id was used before, with other data: the first one counts"
            log.warning(what, extra={"action": "event_conflict", "queue": queue})

    def rejected(self, queue: str, reason: Reason, detail: str) -> None:
        """Count a message that goes to the dead letters, and say why: the first few times.

        What can only be a forgery, a loss or a defect is said as an error.
        """
        self.counters.messages[queue, "rejected"] += 1
        self.counters.rejected[queue, reason] += 1
        if self._may_say("message_rejected", queue, reason):
            extra = {"action": "message_rejected", "queue": queue, "reason": reason.value}
            log.log(_REFUSALS.get(reason, logging.WARNING), "%s", detail, extra=extra)

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

    def store_went_back(self) -> None:
        """Count, and say loudly, that the store has lost what it had confirmed."""
        self.counters.store_rollbacks += 1
        log_ = logging.getLogger("resistor.daemon")
        extra = {"action": "store_went_back"}
        log_.error("Redis has lost writes that it had confirmed: all open runs are reconciled", extra=extra)

    def reconciled(self, runs: int) -> None:
        """Count runs that let out again all that was under way."""
        self.counters.runs_reconciled += runs

    def retold(self, told: int, skipped: int) -> None:
        """Count events of the journal: told again, and skipped, because without an id they would be two."""
        self.counters.events_retold["told",] += told
        self.counters.events_retold["skipped",] += skipped

    def batch(self, size: int, seconds: float) -> None:
        """Count a batch of `size` messages that took so long."""
        self.counters.batch_messages.add(size)
        self.counters.batch_seconds.add(seconds)

    # ------------------------------------------------------------------------------- what others need

    def traceparent_for(self, run: Run, address: str, attempt: int) -> str | None:
        """Return the `traceparent` header of an action: the attempt's span, or the event's own header.

        `address` is the action's name in the outbox: a step that is begun again has spans of its own.
        """
        if self._tracer is None:
            return run.origin.traceparent
        return self._tracer.traceparent(run, address, attempt)

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

    def _count_run(self, fact: Fact, run: Run) -> None:
        seen, origin = self.counters, run.origin
        if fact.name is FactName.RUN_STARTED:
            seen.runs_started[origin.namespace, origin.workflow, str(origin.version)] += 1
            if origin.event.id is None:
                seen.events_without_id[origin.namespace, origin.workflow] += 1
        elif fact.name is FactName.RUN_QUEUED:
            seen.runs_queued[origin.namespace, origin.workflow] += 1

    def _count_step(self, fact: Fact, does: Does, attempt: Attempt | None) -> None:
        seen = self.counters
        labels = seen.bounded(does)
        counter = seen.of_steps.get(fact.name)
        if counter is not None:
            counter[labels] += 1
        if attempt is not None:
            seen.step_seconds[labels].add(fact.at - attempt.record.scheduled_at)
        if _has_failed(fact, does, attempt):
            seen.steps_failed[labels] += 1

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


def _has_failed(fact: Fact, does: Does, attempt: Attempt | None) -> bool:
    """Whether an attempt failed, or a step of another kind."""
    if attempt is not None:
        return attempt.failure is not None
    return fact.name is FactName.STEP_FAILED and not does.module


def _subject(fact: Fact) -> str:
    """Return the path of what a fact is about: of a compensation, where it names the step that is undone."""
    return f"{fact.step}/{COMPENSATE}" if fact.name in UNDOES else fact.step or ""


def _does(fact: Fact, does: Does, run: Run) -> Does:
    """Return what a step does, where an expression has named the action."""
    if fact.name is FactName.STEP_SCHEDULED:
        return Does(str(fact.details.get("module", "")), str(fact.details.get("action", "")))
    if does.action or not does.module or fact.step is None:
        return does
    record = record_at(fact.step, None, None, run)
    return Does(does.module, record.action or "") if record is not None else does


def _seconds(fact: Fact, attempt: Attempt | None, before: Run | None, after: Run) -> float | None:
    """Return how long what `fact` ended took: an attempt, or a step of another kind."""
    if attempt is not None:
        return fact.at - attempt.record.scheduled_at
    if fact.name not in _STEP_ENDS or fact.step is None:
        return None
    record = record_at(fact.step, fact.attempt, before, after)
    return None if record is None else fact.at - record.scheduled_at
