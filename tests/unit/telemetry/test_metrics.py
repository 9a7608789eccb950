"""What Prometheus sees."""

from __future__ import annotations

import re

import pytest

import resistor.telemetry
from resistor.engine.decision import Verdict
from resistor.engine.inbound import Cancel, Inbound, Terminate
from resistor.errors import Reason
from resistor.ports import Outcome
from resistor.telemetry import Telemetry, counters
from resistor.telemetry.counters import Histogram
from tests.unit.telemetry.nested import played
from tests.unit.telemetry.playing import Play
from tests.unit.telemetry.stories import BEGINNING, DEFINITION, WORKFLOW, begun, completed, failed


def lines(telemetry: Telemetry) -> set[str]:
    """Return the lines of /metrics."""
    text, content_type = telemetry.render()
    assert content_type.startswith("text/plain")
    return set(text.decode().splitlines())


def test_a_run_is_counted_when_it_begins_and_when_it_ends() -> None:
    telemetry, run = Telemetry(), begun()
    telemetry.record(None, run, BEGINNING, WORKFLOW)
    telemetry.record(run, *completed(run), WORKFLOW)
    telemetry.record(run, *failed(run), WORKFLOW)
    of, flow = 'namespace="shop"', 'workflow="order.placed"'
    does = 'action="take",module="payments"'
    assert {
        f'resistor_runs_started_total{{{of},version="3",{flow}}} 1.0',
        f'resistor_runs_finished_total{{{of},status="completed",version="3",{flow}}} 1.0',
        f'resistor_runs_finished_total{{{of},status="failed",version="3",{flow}}} 1.0',
        f'resistor_run_duration_seconds_bucket{{le="1.0",{of},{flow}}} 0.0',
        f'resistor_run_duration_seconds_bucket{{le="5.0",{of},{flow}}} 2.0',
        f"resistor_run_duration_seconds_sum{{{of},{flow}}} 4.0",
        f"resistor_steps_scheduled_total{{{does}}} 1.0",
        f"resistor_steps_completed_total{{{does}}} 1.0",
        f"resistor_steps_failed_total{{{does}}} 1.0",
        f"resistor_step_duration_seconds_count{{{does}}} 2.0",
    } <= lines(telemetry)


def test_what_happens_to_an_attempt_is_counted_by_module_and_action() -> None:
    telemetry = Telemetry()
    played(telemetry)
    pack, fold = 'action="wrap",module="warehouse"', 'action="fold",module="warehouse"'
    refund, ship = 'action="refund",module="payments"', 'action="send",module="carrier"'
    other = 'action="",module=""'
    counted = {line for line in lines(telemetry) if line.startswith(("resistor_steps_", "resistor_comp"))}
    assert counted == {
        f"resistor_steps_scheduled_total{{{pack}}} 4.0",
        f"resistor_steps_scheduled_total{{{fold}}} 1.0",
        f"resistor_steps_scheduled_total{{{ship}}} 1.0",
        f"resistor_steps_scheduled_total{{{refund}}} 1.0",
        'resistor_steps_scheduled_total{action="take",module="payments"} 1.0',
        'resistor_steps_completed_total{action="take",module="payments"} 1.0',
        f"resistor_steps_completed_total{{{pack}}} 2.0",
        f"resistor_steps_completed_total{{{other}}} 4.0",  # three `try` and the `for`
        f"resistor_steps_failed_total{{{pack}}} 2.0",
        f"resistor_steps_failed_total{{{fold}}} 1.0",
        f"resistor_steps_failed_total{{{ship}}} 1.0",
        f"resistor_steps_retried_total{{{pack}}} 2.0",
        f"resistor_steps_timed_out_total{{{pack}}} 1.0",
        f"resistor_steps_caught_total{{{other}}} 1.0",
        f"resistor_steps_compensated_total{{{refund}}} 1.0",
    }


def test_an_attempt_is_measured_once_however_it_ended() -> None:
    telemetry = Telemetry()
    played(telemetry)
    assert {
        'resistor_step_duration_seconds_count{action="wrap",module="warehouse"} 4.0',
        'resistor_step_duration_seconds_count{action="fold",module="warehouse"} 1.0',
        'resistor_step_duration_seconds_sum{action="refund",module="payments"} 5.0',
        'resistor_step_duration_seconds_sum{action="take",module="payments"} 1.0',
    } <= lines(telemetry)


@pytest.mark.parametrize(
    ("message", "status"),
    [(Cancel(), "cancelled"), (Terminate(), "terminated")],
)
def test_an_order_to_end_is_a_run_that_ended_that_way(message: Inbound, status: str) -> None:
    telemetry = Telemetry()
    Play(DEFINITION, telemetry=telemetry).tell(message)
    assert {
        f'resistor_runs_finished_total{{namespace="shop",status="{status}",version="3",'
        'workflow="order.placed"} 1.0',
        'resistor_steps_cancelled_total{action="take",module="payments"} 1.0',
        'resistor_step_duration_seconds_count{action="take",module="payments"} 1.0',
    } <= lines(telemetry)


def test_a_run_that_waits_for_a_slot_is_counted_as_queued() -> None:
    telemetry = Telemetry()
    Play("shop: {a: {version: 1, concurrency: {limit: 1}, steps: []}}", telemetry=telemetry)
    assert 'resistor_runs_queued_total{namespace="shop",workflow="a"} 1.0' in lines(telemetry)


def test_events_cannot_make_labels_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counters, "MOST_ACTIONS", 3)
    telemetry = Telemetry()
    played(telemetry)
    assert 'resistor_steps_scheduled_total{action="other",module="warehouse"} 1.0' in lines(telemetry)


def test_an_event_without_an_id_is_counted() -> None:
    telemetry = Telemetry()
    telemetry.record(None, begun(event_id=None), BEGINNING, WORKFLOW)
    assert 'resistor_events_without_id_total{namespace="shop",workflow="order.placed"} 1.0' in lines(
        telemetry
    )


def test_messages_are_counted_by_queue_and_outcome() -> None:
    telemetry = Telemetry()
    telemetry.message("resistor.results", Verdict.APPLIED)
    telemetry.message("resistor.results", Verdict.APPLIED)
    telemetry.rejected("resistor.results", Reason.BAD_TOKEN, "forged")
    telemetry.published([Outcome.CONFIRMED, Outcome.UNROUTABLE])
    telemetry.undelivered("payments", Outcome.UNROUTABLE)
    telemetry.conflict()
    telemetry.batch(3, 0.004)
    assert {
        'resistor_messages_total{outcome="applied",queue="resistor.results"} 2.0',
        'resistor_messages_total{outcome="rejected",queue="resistor.results"} 1.0',
        'resistor_messages_rejected_total{queue="resistor.results",reason="bad_token"} 1.0',
        'resistor_publishes_total{outcome="confirmed"} 1.0',
        'resistor_publishes_total{outcome="unroutable"} 1.0',
        'resistor_undelivered_total{outcome="unroutable",routing_key="payments"} 1.0',
        "resistor_commit_conflicts_total 1.0",
        "resistor_dead_letters_refused_total 0.0",
        'resistor_batch_messages_bucket{le="2.0"} 0.0',
        'resistor_batch_messages_bucket{le="5.0"} 1.0',
        'resistor_batch_messages_bucket{le="+Inf"} 1.0',
        'resistor_batch_seconds_bucket{le="0.005"} 1.0',
    } <= lines(telemetry)


def test_a_value_on_a_bound_counts_below_it() -> None:
    histogram = Histogram((1.0, 2.0))
    for value in (1.0, 1.5, 2.0, 2.5):
        histogram.add(value)
    assert histogram.counts == [1, 2, 1]


def test_the_table_in_the_docstring_names_every_metric() -> None:
    told = set(re.findall(r"`(resistor_\w+)`", resistor.telemetry.__doc__ or ""))
    shown = {line.split()[2] for line in lines(Telemetry()) if line.startswith("# TYPE resistor_")}
    assert told == shown
