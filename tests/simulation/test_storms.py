"""Many simulated installations in a storm: nothing is lost, nothing is stuck, nothing is applied twice."""

from __future__ import annotations

import os
from collections import Counter

import pytest

from tests.simulation.laws import check
from tests.simulation.world import World

FAULTS = ("crashed before", "crashed after", "refused", "failed after", "hung", "duplicated", "lost")
SIMULATIONS = int(os.environ.get("RESISTOR_SIMULATIONS", "8"))


def test_whatever_happens_every_run_ends_once_and_every_step_is_done_once(
    request: pytest.FixtureRequest,
) -> None:
    only = request.config.getoption("--seed")
    seeds = range(SIMULATIONS) if only is None else [only]
    counts: Counter[str] = Counter()
    for seed in seeds:
        world = World(seed)
        world.run()
        check(world)
        counts.update(world.counts)
    assert only is not None or min(counts[fault] for fault in FAULTS) > 0, f"a storm without faults: {counts}"
