"""Spans: where they hang, when they begin and end, and when there are none."""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from typing import Any

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from resistor.config import Traces
from resistor.engine.identity import span_id, trace_id
from resistor.errors import OperatorMistake
from resistor.telemetry import Telemetry, telemetry_for
from resistor.telemetry.tracing import Tracer
from tests.unit.telemetry.nested import played
from tests.unit.telemetry.playing import Play
from tests.unit.telemetry.stories import BEGINNING, RUN, START, WORKFLOW, begun, completed, failed

AGAIN = """
shop:
  poll:
    version: 1
    steps:
      - {id: check, module: prober, action: look}
      - {id: pause, wait: 1m, then: check}
"""
SAMPLED = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
UNSAMPLED = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"


@pytest.fixture
def exporter() -> InMemorySpanExporter:
    """Give what keeps the spans."""
    return InMemorySpanExporter()


@pytest.fixture
def telemetry(exporter: InMemorySpanExporter) -> Telemetry:
    """Give telemetry that makes spans."""
    return Telemetry(Tracer(SimpleSpanProcessor(exporter)))


def spans_of(
    telemetry: Telemetry, exporter: InMemorySpanExporter, traceparent: str | None
) -> Sequence[ReadableSpan]:
    """Let a run complete, its end seen by a daemon that knows nothing of its beginning."""
    run = begun(traceparent=traceparent)
    telemetry.record(run, *completed(run), WORKFLOW)
    return exporter.get_finished_spans()


def ids(span: ReadableSpan) -> tuple[str, str]:
    """Return a span's trace and its own id."""
    context = span.get_span_context()
    assert context is not None
    return f"{context.trace_id:032x}", f"{context.span_id:016x}"


def test_a_run_is_a_span_and_each_attempt_a_child(
    telemetry: Telemetry, exporter: InMemorySpanExporter
) -> None:
    step, run = spans_of(telemetry, exporter, None)
    assert ids(run) == (trace_id(RUN), span_id(RUN))
    assert run.parent is None
    assert ids(step) == (trace_id(RUN), span_id(RUN, "charge", 1))
    assert step.parent is not None
    assert f"{step.parent.span_id:016x}" == span_id(RUN)
    assert (run.name, step.name) == ("run shop/order.placed", "step charge")
    assert (run.start_time, run.end_time) == (round(START * 1e9), round((START + 2) * 1e9))
    assert (step.start_time, step.end_time) == (round(START * 1e9), round((START + 2) * 1e9))
    assert step.attributes == {
        "resistor.run": RUN,
        "resistor.namespace": "shop",
        "resistor.workflow": "order.placed",
        "resistor.version": 3,
        "resistor.step": "charge",
        "resistor.path": "charge",
        "resistor.attempt": 1,
        "resistor.module": "payments",
        "resistor.action": "take",
    }


def test_a_run_continues_the_trace_of_its_event(telemetry: Telemetry, exporter: InMemorySpanExporter) -> None:
    step, run = spans_of(telemetry, exporter, SAMPLED)
    assert ids(run)[0] == ids(step)[0] == "0af7651916cd43dd8448eb211c80319c"
    assert run.parent is not None
    assert f"{run.parent.span_id:016x}" == "b7ad6b7169203331"


def test_a_failed_run_and_its_attempt_are_errors(
    telemetry: Telemetry, exporter: InMemorySpanExporter
) -> None:
    run = begun()
    telemetry.record(run, *failed(run), WORKFLOW)
    for span in exporter.get_finished_spans():
        assert span.status.status_code is StatusCode.ERROR
        assert span.attributes is not None
        assert span.attributes["error.type"] == "card_declined"


def test_each_attempt_of_an_item_is_a_span_with_its_path(
    telemetry: Telemetry, exporter: InMemorySpanExporter
) -> None:
    played(telemetry)
    spans = [span for span in exporter.get_finished_spans() if span.name != "run shop/order.placed"]
    assert [(span.name, *attributes(span, "path", "attempt", "action")) for span in spans] == [
        ("step charge", "charge", 1, "take"),
        ("step pack", "each/0/guard/try/pack", 1, "wrap"),
        ("step pack", "each/1/guard/try/pack", 1, "fold"),
        ("step pack", "each/0/guard/try/pack", 2, "wrap"),
        ("step pack", "each/2/guard/try/pack", 1, "wrap"),
        ("step pack", "each/2/guard/try/pack", 2, "wrap"),
        ("step ship", "ship", 1, "send"),
        ("compensate charge", "charge/compensate", 1, "refund"),
    ]
    assert ids(spans[-1])[1] == span_id(RUN, "charge/compensate", 1)
    assert spans[4].attributes is not None
    assert spans[4].attributes["error.type"] == "timeout"


def test_a_step_that_is_begun_again_has_spans_of_its_own(
    telemetry: Telemetry, exporter: InMemorySpanExporter
) -> None:
    play = Play(AGAIN, telemetry=telemetry)
    for address in ("check", "check#2"):
        play.complete(address)
        play.wait(60)
    first, second = exporter.get_finished_spans()
    assert (ids(first)[1], ids(second)[1]) == (span_id(RUN, "check", 1), span_id(RUN, "check#2", 1))
    assert first.name == second.name == "step check"
    assert attributes(second, "path", "attempt") == ("check", 1)


def attributes(span: ReadableSpan, *names: str) -> tuple[Any, ...]:
    """Return some of our attributes of a span."""
    assert span.attributes is not None
    return tuple(span.attributes[f"resistor.{name}"] for name in names)


def test_an_action_s_header_names_the_span_that_is_made_when_it_ends(
    telemetry: Telemetry, exporter: InMemorySpanExporter
) -> None:
    header = telemetry.traceparent_for(begun(), "charge", 1)
    step, _ = spans_of(telemetry, exporter, None)
    assert header == f"00-{'-'.join(ids(step))}-01"


def test_a_beginning_makes_no_span(telemetry: Telemetry, exporter: InMemorySpanExporter) -> None:
    telemetry.record(None, begun(), BEGINNING, WORKFLOW)
    assert exporter.get_finished_spans() == ()


def test_a_trace_that_is_not_sampled_gets_no_spans_and_goes_on_as_it_came(
    telemetry: Telemetry, exporter: InMemorySpanExporter
) -> None:
    assert spans_of(telemetry, exporter, UNSAMPLED) == ()
    assert telemetry.traceparent_for(begun(traceparent=UNSAMPLED), "charge", 1) == UNSAMPLED


@pytest.mark.parametrize("broken", ["", "hello", f"ff{SAMPLED[2:]}", f"00-{'0' * 32}-b7ad6b7169203331-01"])
def test_a_broken_header_counts_as_none(
    telemetry: Telemetry, exporter: InMemorySpanExporter, broken: str
) -> None:
    _, run = spans_of(telemetry, exporter, broken)
    assert ids(run)[0] == trace_id(RUN)


def test_what_the_sampler_leaves_out_is_left_out_with_its_steps(
    monkeypatch: pytest.MonkeyPatch, exporter: InMemorySpanExporter
) -> None:
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "parentbased_traceidratio")
    monkeypatch.setenv("OTEL_TRACES_SAMPLER_ARG", "0")
    telemetry = Telemetry(Tracer(SimpleSpanProcessor(exporter)))
    assert spans_of(telemetry, exporter, None) == ()
    header = telemetry.traceparent_for(begun(), "charge", 1)
    assert header is not None
    assert header.endswith("-00")


@pytest.mark.parametrize("header", [SAMPLED, UNSAMPLED, None])
def test_without_traces_the_event_s_header_goes_on_as_it_came(header: str | None) -> None:
    assert telemetry_for(Traces()).traceparent_for(begun(traceparent=header), "charge", 1) == header


def test_a_missing_exporter_is_one_line_that_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without_otlp(name: str, *rest: Any, **more: Any) -> Any:
        if name.startswith("opentelemetry.exporter"):
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without_otlp)
    with pytest.raises(OperatorMistake, match=r"pip install 'resistor\[otlp\]'\Z"):
        telemetry_for(Traces(exporter="otlp"))


def test_a_protocol_that_is_not_there_is_one_line() -> None:
    with pytest.raises(OperatorMistake, match=r"only http/protobuf is there \(port 4318\), not 'grpc'"):
        telemetry_for(Traces(exporter="otlp", protocol="grpc"))


def test_the_service_is_named_and_the_last_spans_are_handed_over(
    monkeypatch: pytest.MonkeyPatch, exporter: InMemorySpanExporter
) -> None:
    monkeypatch.delenv("OTEL_SERVICE_NAME", raising=False)
    telemetry = Telemetry(Tracer(SimpleSpanProcessor(exporter), "orders"))
    _, run = spans_of(telemetry, exporter, None)
    assert run.resource.attributes["service.name"] == "orders"
    telemetry.shutdown()
    telemetry.shutdown()
