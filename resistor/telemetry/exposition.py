"""Counters → the text that Prometheus reads.

Called when somebody asks for /metrics, and never on a message's way.
"""

from __future__ import annotations

import platform
from collections.abc import Iterator, Mapping
from itertools import accumulate

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, InfoMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector

from resistor import __version__
from resistor.telemetry.counters import Counters, Histogram, Labels

WORKFLOW = ("namespace", "workflow")
VERSION = (*WORKFLOW, "version")
ACTION = ("module", "action")


class Exposition(Collector):
    """The metrics of one process."""

    def __init__(self, counters: Counters) -> None:
        """Show `counters`, and what the process itself uses."""
        self._counters = counters
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(self)
        ProcessCollector(registry=self._registry)

    def render(self) -> tuple[bytes, str]:
        """Return the text, and its content type."""
        return generate_latest(self._registry), CONTENT_TYPE_LATEST

    def collect(self) -> Iterator[Metric]:
        """Give every metric as it stands."""
        build = {"version": __version__, "python": platform.python_version()}
        yield InfoMetricFamily("resistor_build", "What is running.", value=build)
        yield from self._runs()
        yield from self._steps()
        yield from self._messages()

    def _runs(self) -> Iterator[Metric]:
        seen = self._counters
        yield _counter("runs_queued", "Runs that waited for a slot.", WORKFLOW, seen.runs_queued)
        yield _counter("runs_started", "Runs that began.", VERSION, seen.runs_started)
        yield _counter("runs_finished", "Runs that ended.", (*VERSION, "status"), seen.runs_finished)
        yield _histogram("run_duration_seconds", "From the event to the end.", WORKFLOW, seen.run_seconds)
        yield _counter(
            "events_without_id",
            "Runs whose event has no message id: delivered twice, it is two runs.",
            WORKFLOW,
            seen.events_without_id,
        )

    def _steps(self) -> Iterator[Metric]:
        seen = self._counters
        for name, help_, values in (
            ("steps_scheduled", "Actions sent.", seen.steps_scheduled),
            ("steps_completed", "Steps that ended well.", seen.steps_completed),
            ("steps_failed", "Attempts that failed.", seen.steps_failed),
            ("steps_retried", "Attempts that failed, and another follows.", seen.steps_retried),
            ("steps_timed_out", "Attempts whose time was over.", seen.steps_timed_out),
            ("steps_caught", "Errors that a catch took.", seen.steps_caught),
            ("steps_cancelled", "Steps that were ended from outside.", seen.steps_cancelled),
            ("steps_postponed", "Answers `later`.", seen.steps_postponed),
            ("steps_compensated", "Steps that were undone.", seen.steps_compensated),
            ("compensations_failed", "Steps that could not be undone.", seen.compensations_failed),
        ):
            yield _counter(name, help_, ACTION, values)
        yield _histogram(
            "step_duration_seconds", "From sending an attempt to its end.", ACTION, seen.step_seconds
        )

    def _messages(self) -> Iterator[Metric]:
        seen = self._counters
        yield _counter("messages", "Messages taken.", ("queue", "outcome"), seen.messages)
        yield _counter("messages_rejected", "Dead letters made.", ("queue", "reason"), seen.rejected)
        yield _counter("publishes", "Messages published.", ("outcome",), seen.publishes)
        yield _counter(
            "undelivered", "Publishes that no queue took.", ("routing_key", "outcome"), seen.undelivered
        )
        refused: dict[Labels, int] = {(): seen.dead_letters_refused}
        yield _counter("dead_letters_refused", "Dead letters that the full dead queue refused.", (), refused)
        conflicts: dict[Labels, int] = {(): seen.commit_conflicts}
        yield _counter("commit_conflicts", "Commits that another daemon was faster than.", (), conflicts)
        rollbacks: dict[Labels, int] = {(): seen.store_rollbacks}
        yield _counter("store_rollbacks", "Times that Redis had lost what it had confirmed.", (), rollbacks)
        reconciled: dict[Labels, int] = {(): seen.runs_reconciled}
        yield _counter("runs_reconciled", "Runs that let all out again, after that.", (), reconciled)
        yield _counter(
            "events_retold", "Events told again from the journal.", ("outcome",), seen.events_retold
        )
        yield _histogram("batch_messages", "Messages decided together.", (), {(): seen.batch_messages})
        yield _histogram(
            "batch_seconds", "From taking a batch to having it published.", (), {(): seen.batch_seconds}
        )


def _counter(name: str, help_: str, labels: Labels, values: Mapping[Labels, int]) -> Metric:
    family = CounterMetricFamily(f"resistor_{name}", help_, labels=labels)
    for values_of_labels, count in sorted(values.items()):
        family.add_metric(values_of_labels, count)
    return family


def _histogram(name: str, help_: str, labels: Labels, values: Mapping[Labels, Histogram]) -> Metric:
    family = HistogramMetricFamily(f"resistor_{name}", help_, labels=labels)
    for values_of_labels, histogram in sorted(values.items()):
        bounds = [*map(str, histogram.bounds), "+Inf"]
        below = accumulate(histogram.counts)
        family.add_metric(values_of_labels, list(zip(bounds, below, strict=True)), histogram.total)
    return family
