"""The test kit: thirty days of retries and timers, and as many scenarios as the demo's make a thousand."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path
from statistics import median

from bench.figures import Figure
from resistor.catalog import load_or_raise, load_text
from resistor.testing import Retry, Workflows
from resistor.testing.scenarios.playing import playing
from resistor.testing.scenarios.reading import read_scenarios

NAME = "test kit"
DEFINITIONS = Path(__file__).parents[1] / "definitions"
DAYS_MS, SCENARIOS_SECONDS = 50.0, 10.0  # at most

MONTH = """
n:
  month:
    version: 1
    steps:
      - {module: m, action: a, retry: {limit: 12, delay: 1h, max_delay: 3d, jitter: 0}}
      - {wait: 7d, id: pause}
      - {listen: {event: e, timeout: 10d}, id: heard, on_error: continue}
"""
ATTEMPTS = 12
DAYS = 34.0  # that all of it takes, a little less


def run(*, is_quick: bool) -> Iterator[Figure]:
    """Yield milliseconds for a month, and seconds for a thousand scenarios."""
    yield Figure(bench=NAME, name="34 days of retries and timers", value=_month(), unit="ms", at_most=DAYS_MS)
    many = 200 if is_quick else 1_000
    limit = SCENARIOS_SECONDS * many / 1000
    yield Figure(bench=NAME, name=f"{many:,} scenarios", value=_scenarios(many), unit="s", at_most=limit)


def _month() -> float:
    catalog, took = load_text(MONTH.encode()).or_raise(), []
    for _ in range(7):
        workflows = Workflows()
        workflows.deploy(catalog)
        workflows.stub("m.a", *[Retry("busy")] * (ATTEMPTS - 1), 1)
        began = time.perf_counter()
        run = workflows.start("n.month")
        workflows.finish()
        took.append((time.perf_counter() - began) * 1000)
        assert run.status == "completed"  # noqa: S101 - a bench that lies
        assert run.took > DAYS * 86400  # noqa: S101 - likewise
        workflows.close()
    return median(took)


def _scenarios(many: int) -> float:
    catalog = load_or_raise(DEFINITIONS)
    found = read_scenarios([DEFINITIONS], catalog).scenarios
    began = time.perf_counter()
    for scenario in islice(cycle(found), many):
        with playing(scenario, catalog) as (played, _):
            assert played.is_good, played.difference  # noqa: S101 - a bench that lies
    return time.perf_counter() - began
