"""Runs and attempts → OpenTelemetry spans. Made only where the OTEL_* variables ask for traces.

A span is made whole, with its start and its end, when the end is known: which daemon saw the start does not
matter, and nothing is kept until then. That works because ids are derived: the header that went out with an
action named the span that is made later.

Sampling is the SDK's (OTEL_TRACES_SAMPLER), asked once for a run's root and binding for its steps. An event
whose own trace is not sampled gets no spans: its header goes on to the modules as it came.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, assert_never

from opentelemetry.context import Context
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, ConsoleSpanExporter, SimpleSpanProcessor
from opentelemetry.sdk.trace.id_generator import IdGenerator
from opentelemetry.sdk.trace.sampling import Decision
from opentelemetry.trace import (
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    TraceState,
    set_span_in_context,
)

from resistor import __version__
from resistor.config.sections import Traces
from resistor.engine.identity import span_id, trace_id
from resistor.engine.places import compensated
from resistor.engine.run import Run, RunStatus
from resistor.errors import OperatorMistake
from resistor.messages.result import Failure
from resistor.telemetry.attempts import Attempt
from resistor.telemetry.steps import Does

# https://www.w3.org/TR/trace-context/#traceparent-header-field-values; later versions may add fields.
_TRACEPARENT = re.compile(r"(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?\Z")
_SAMPLED = TraceFlags(TraceFlags.SAMPLED)


@dataclass(frozen=True, slots=True)
class Trace:
    """The trace that a run belongs to. `parent` is the span of whoever sent the event, if there was one."""

    id: int
    parent: SpanContext | None
    is_sampled: bool


class _Derived(IdGenerator):
    """Gives the SDK the ids that it is told to give. Spans are made on one thread, one at a time."""

    trace = 0
    span = 0

    def generate_trace_id(self) -> int:
        return self.trace

    def generate_span_id(self) -> int:
        return self.span


class Tracer:
    """Makes spans."""

    def __init__(self, processor: SpanProcessor, service_name: str = "resistor") -> None:
        """Hand finished spans to `processor`."""
        self._ids = _Derived()
        self._provider = TracerProvider(
            resource=_resource(service_name), id_generator=self._ids, shutdown_on_exit=False
        )
        self._provider.add_span_processor(processor)
        self._tracer = self._provider.get_tracer("resistor", __version__)

    def shutdown(self) -> None:
        """Hand over what is left. Idempotent."""
        self._provider.shutdown()

    def traceparent(self, run: Run, address: str, attempt: int) -> str | None:
        """Return the header that makes a module's spans children of this attempt's span."""
        trace = self._trace(run)
        if trace.parent is not None and not trace.parent.trace_flags.sampled:
            return run.origin.traceparent
        flags = "01" if trace.is_sampled else "00"
        return f"00-{trace.id:032x}-{span_id(run.id, address, attempt)}-{flags}"

    def run_ended(self, run: Run) -> None:
        """Make the span of a run that is over."""
        trace, state = self._trace(run), run.state
        if not trace.is_sampled or state.finished_at is None:
            return
        context = set_span_in_context(NonRecordingSpan(trace.parent)) if trace.parent else Context()
        attributes = _of_run(run) | {"resistor.status": state.status.value}
        self._ids.trace, self._ids.span = trace.id, int(span_id(run.id), 16)
        span = self._tracer.start_span(
            f"run {run.origin.namespace}/{run.origin.workflow}",
            context=context,
            kind=SpanKind.CONSUMER,
            attributes=attributes,
            start_time=_nanoseconds(run.origin.started_at),
        )
        if state.status is not RunStatus.COMPLETED:
            _blame(span, state.failure, otherwise=state.status.value)
        span.end(_nanoseconds(state.finished_at))

    def attempt_ended(self, run: Run, attempt: Attempt, does: Does, at: float) -> None:
        """Make the span of an attempt that ended at `at`, in seconds since the epoch."""
        trace = self._trace(run)
        if not trace.is_sampled:
            return
        root = SpanContext(trace.id, int(span_id(run.id), 16), is_remote=False, trace_flags=_SAMPLED)
        self._ids.span = int(span_id(run.id, attempt.address, attempt.number), 16)
        span = self._tracer.start_span(
            _name(attempt),
            context=set_span_in_context(NonRecordingSpan(root), Context()),
            kind=SpanKind.CLIENT,
            attributes=_of_run(run) | _of_attempt(attempt, does),
            start_time=_nanoseconds(attempt.record.scheduled_at),
        )
        if attempt.failure is not None or attempt.is_cancelled:
            _blame(span, attempt.failure, otherwise="cancelled")
        span.end(_nanoseconds(at))

    def _trace(self, run: Run) -> Trace:
        parent = _parent(run.origin.traceparent, run.origin.tracestate)
        if parent is not None:
            wanted, context = parent.trace_id, set_span_in_context(NonRecordingSpan(parent), Context())
            is_wanted = parent.trace_flags.sampled
        else:
            wanted, context, is_wanted = int(trace_id(run.id), 16), Context(), True
        name = f"run {run.origin.namespace}/{run.origin.workflow}"
        is_sampled = is_wanted and self._sampled(context, wanted, name)
        return Trace(wanted, parent, is_sampled)

    def _sampled(self, context: Context, trace: int, name: str) -> bool:
        asked = self._provider.sampler.should_sample(context, trace, name, SpanKind.CONSUMER)
        return asked.decision is Decision.RECORD_AND_SAMPLE


def tracer_for(settings: Traces) -> Tracer | None:
    """Return what makes spans, or None where nobody asked. Raises `OperatorMistake`."""
    match settings.exporter:
        case "none":
            return None
        case "console":
            return Tracer(SimpleSpanProcessor(ConsoleSpanExporter()), settings.service_name)
        case "otlp":
            return Tracer(BatchSpanProcessor(_otlp_exporter(settings)), settings.service_name)
        case _:
            assert_never(settings.exporter)


def _otlp_exporter(settings: Traces) -> Any:
    if settings.protocol != "http/protobuf":
        raise OperatorMistake(
            f"OTEL_EXPORTER_OTLP_PROTOCOL: only http/protobuf is there (port 4318), not {settings.protocol!r}"
        )
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415 - an extra
            OTLPSpanExporter,
        )
    except ImportError:
        raise OperatorMistake(
            "traces are to go to an OTLP collector, and the package for that is not installed:"
            " pip install 'resistor[otlp]'"
        ) from None
    return OTLPSpanExporter()


def _resource(service_name: str) -> Resource:
    """Name the service, unless OTEL_RESOURCE_ATTRIBUTES did."""
    found = Resource.create()
    if str(found.attributes.get(SERVICE_NAME, "unknown_service")).startswith("unknown_service"):
        found = found.merge(Resource({SERVICE_NAME: service_name}))
    return found.merge(Resource({"service.version": __version__}))


def _parent(traceparent: str | None, tracestate: str | None) -> SpanContext | None:
    """Read the event's header; a broken one counts as none, as the W3C has it."""
    match = _TRACEPARENT.match(traceparent or "")
    if match is None:
        return None
    trace, span, flags = (int(part, 16) for part in match.groups())
    state = TraceState.from_header([tracestate]) if tracestate else TraceState()
    parent = SpanContext(trace, span, is_remote=True, trace_flags=TraceFlags(flags), trace_state=state)
    return parent if parent.is_valid else None


def _of_run(run: Run) -> dict[str, str | int]:
    origin = run.origin
    return {
        "resistor.run": run.id,
        "resistor.namespace": origin.namespace,
        "resistor.workflow": origin.workflow,
        "resistor.version": origin.version,
    }


def _of_attempt(attempt: Attempt, does: Does) -> dict[str, str | int]:
    return {
        "resistor.step": attempt.path.rpartition("/")[2],
        "resistor.path": attempt.path,
        "resistor.attempt": attempt.number,
        "resistor.module": does.module,
        "resistor.action": does.action,
    }


def _name(attempt: Attempt) -> str:
    """Return a span's name: the step's id without item or round, so that there are few names."""
    undone = compensated(attempt.address)
    path = attempt.path if undone is None else undone.partition("#")[0]
    return f"{'step' if undone is None else 'compensate'} {path.rpartition('/')[2]}"


def _blame(span: Any, failure: Failure | None, *, otherwise: str) -> None:
    span.set_attribute("error.type", failure.type if failure else otherwise)
    span.set_status(Status(StatusCode.ERROR))


def _nanoseconds(seconds: float) -> int:
    return round(seconds * 1e6) * 1000  # microseconds are what a float of today's time holds
