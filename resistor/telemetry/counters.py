"""What is counted, as plain numbers in dicts: an increment costs 0.1 µs where a metrics library takes 15.

Written by `recording.py` on every message's way; read by `exposition.py` when somebody asks for /metrics.
The keys are the values of the labels, in the order of `exposition.py`.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping

from resistor.engine.facts import FactName

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Buckets for what machines do: Prometheus' own defaults."""

LONG_SECONDS = (0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 1800.0, 7200.0, 43200.0, 604800.0)
"""Buckets for runs and steps: from a step in the same room to a person who answers next week."""

SIZES = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0)
"""Buckets for messages in a batch."""

MOST_ACTIONS = 1_000
"""Pairs of module and action that are told apart. Expressions may name actions by an event's data, and a
sender must fill neither our memory nor Prometheus': what comes after is `other`."""

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
        self.runs_queued: Counter[Labels] = Counter()
        self.runs_started: Counter[Labels] = Counter()
        self.runs_finished: Counter[Labels] = Counter()
        self.run_seconds = defaultdict[Labels, Histogram](_histograms(LONG_SECONDS))
        self.events_without_id: Counter[Labels] = Counter()
        self.steps_scheduled: Counter[Labels] = Counter()
        self.steps_completed: Counter[Labels] = Counter()
        self.steps_failed: Counter[Labels] = Counter()
        self.steps_retried: Counter[Labels] = Counter()
        self.steps_timed_out: Counter[Labels] = Counter()
        self.steps_caught: Counter[Labels] = Counter()
        self.steps_cancelled: Counter[Labels] = Counter()
        self.steps_postponed: Counter[Labels] = Counter()
        self.steps_compensated: Counter[Labels] = Counter()
        self.compensations_failed: Counter[Labels] = Counter()
        self.step_seconds = defaultdict[Labels, Histogram](_histograms(LONG_SECONDS))
        self.messages: Counter[Labels] = Counter()
        self.rejected: Counter[Labels] = Counter()
        self.publishes: Counter[Labels] = Counter()
        self.undelivered: Counter[Labels] = Counter()
        self.dead_letters_refused = 0
        self.commit_conflicts = 0
        self.store_rollbacks = 0
        self.runs_reconciled = 0
        self.events_retold: Counter[Labels] = Counter()
        self.batch_messages = Histogram(SIZES)
        self.batch_seconds = Histogram(SECONDS)
        self.of_steps: Mapping[FactName, Counter[Labels]] = {
            FactName.STEP_SCHEDULED: self.steps_scheduled,
            FactName.STEP_COMPLETED: self.steps_completed,
            FactName.STEP_RETRYING: self.steps_retried,
            FactName.STEP_TIMED_OUT: self.steps_timed_out,
            FactName.STEP_CAUGHT: self.steps_caught,
            FactName.STEP_CANCELLED: self.steps_cancelled,
            FactName.STEP_POSTPONED: self.steps_postponed,
            FactName.STEP_COMPENSATED: self.steps_compensated,
            FactName.COMPENSATION_FAILED: self.compensations_failed,
        }
        self._actions: set[Labels] = set()

    def bounded(self, action: tuple[str, str]) -> Labels:
        """Return the labels of a module's action: its own, or `other` where there are too many of them."""
        if action in self._actions:
            return action
        if len(self._actions) >= MOST_ACTIONS:
            return (action[0], "other")
        self._actions.add(action)
        return action
