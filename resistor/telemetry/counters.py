"""What is counted, as plain numbers in dicts: an increment costs 0.1 µs where a metrics library takes 15.

Written by `recording.py` on every message's way; read by `exposition.py` when somebody asks for /metrics.
The keys are the values of the labels, in the order of `exposition.py`.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Buckets for what machines do: Prometheus' own defaults."""

LONG_SECONDS = (0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 1800.0, 7200.0, 43200.0, 604800.0)
"""Buckets for runs and steps: from a step in the same room to a person who answers next week."""

SIZES = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0)
"""Buckets for messages in a batch."""

Labels = tuple[str, ...]


class Histogram:
    """How many values fell below each bound, and their sum."""

    __slots__ = ("bounds", "counts", "total")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        """Take the upper bounds, ascending and inclusive; above the last is one bucket more."""
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.total = 0.0

    def add(self, value: float) -> None:
        """Count one value."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value


def _histograms(bounds: tuple[float, ...]) -> Callable[[], Histogram]:
    return lambda: Histogram(bounds)


class Counters:
    """Everything that is counted in one process, since it began."""

    def __init__(self) -> None:
        """Begin at zero."""
        self.runs_started: Counter[Labels] = Counter()
        self.runs_finished: Counter[Labels] = Counter()
        self.run_seconds = defaultdict[Labels, Histogram](_histograms(LONG_SECONDS))
        self.events_without_id: Counter[Labels] = Counter()
        self.steps_scheduled: Counter[Labels] = Counter()
        self.steps_completed: Counter[Labels] = Counter()
        self.steps_failed: Counter[Labels] = Counter()
        self.steps_postponed: Counter[Labels] = Counter()
        self.step_seconds = defaultdict[Labels, Histogram](_histograms(LONG_SECONDS))
        self.messages: Counter[Labels] = Counter()
        self.rejected: Counter[Labels] = Counter()
        self.publishes: Counter[Labels] = Counter()
        self.undelivered: Counter[Labels] = Counter()
        self.dead_letters_refused = 0
        self.commit_conflicts = 0
        self.batch_messages = Histogram(SIZES)
        self.batch_seconds = Histogram(SECONDS)
