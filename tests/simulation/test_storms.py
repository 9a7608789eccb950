"""Many simulated installations in a storm: nothing is lost, nothing is stuck, nothing is applied twice."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence

import pytest

from tests.simulation.laws import check
from tests.simulation.world import Weather, World

FAULTS = ("crashed before", "crashed after", "refused", "failed after", "hung", "duplicated", "lost")
SIMULATIONS = int(os.environ.get("RESISTOR_SIMULATIONS", "8"))


def test_whatever_happens_every_run_ends_once_and_every_step_is_done_once(
    request: pytest.FixtureRequest,
) -> None:
    _weather(request, Weather(), FAULTS)


def test_a_store_that_loses_its_last_seconds_again_and_again_loses_no_run(
    request: pytest.FixtureRequest,
) -> None:
    _weather(request, Weather(rollbacks=True), (*FAULTS, "rolled back"))


def _weather(request: pytest.FixtureRequest, weather: Weather, faults: Sequence[str]) -> None:
    only = request.config.getoption("--seed")
    seeds = range(SIMULATIONS) if only is None else [only]
    counts: Counter[str] = Counter()
    for seed in seeds:
        world = World(seed, weather)
        world.run()
        check(world)
        counts.update(world.counts)
    assert only is not None or min(counts[fault] for fault in faults) > 0, f"a storm without faults: {counts}"
