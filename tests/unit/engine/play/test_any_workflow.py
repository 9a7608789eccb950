"""Random workflows with random answers, duplicates and stale results: one ending, nothing left behind.

`RESISTOR_RANDOM=20000` plays that many; every failure is shrunk, and its example replays.
"""

from __future__ import annotations

import json
import os
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from resistor.catalog import load_text
from resistor.engine.workflow import Workflow
from tests.unit.engine.play.author import Author
from tests.unit.engine.play.world import World

PLAYED = int(os.environ.get("RESISTOR_RANDOM", "150"))
EVENT = b'{"a":%d,"l":[1,2]}'

playing = settings(
    max_examples=PLAYED,
    deadline=None,
    derandomize=PLAYED <= 150,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def written(draw: Random) -> Workflow:
    """A random workflow that passes the checks, as a file would give it."""
    author = Author(draw)
    definition: dict[str, Any] = {"ns": {"w": author.workflow()}}
    if author.sometimes(0.5):
        definition["modules"] = {"m": author.limits()}
    [workflow] = load_text(json.dumps(definition).encode(), "random.json").or_raise().workflows
    return workflow


@pytest.mark.parametrize("noise", [0.0, 0.2], ids=["quiet", "noisy"])
@given(seed=st.integers(0, 2**32 - 1))
@playing
def test_a_run_has_one_ending_and_leaves_nothing_behind(noise: float, seed: int) -> None:
    draw = Random(seed)
    world = World(written(draw), draw, noise=noise)
    world.play(EVENT % draw.randint(0, 3))
    world.check_the_end()


@given(seed=st.integers(0, 2**32 - 1))
@playing
def test_what_was_told_before_the_end_changes_nothing_after_it(seed: int) -> None:
    draw = Random(seed)
    world = World(written(draw), draw, noise=0.1)
    world.play(EVENT % draw.randint(0, 3))
    state, facts = world.state, list(world.facts)
    for message in world.told[-40:]:
        world.tell_again(message)
    assert (world.state, world.facts) == (state, facts)


@given(seed=st.integers(0, 2**32 - 1))
@playing
def test_the_same_draws_give_the_same_story(seed: int) -> None:
    stories = []
    for _ in range(2):
        draw = Random(seed)
        world = World(written(draw), draw, noise=0.2)
        world.play(EVENT % draw.randint(0, 3))
        stories.append((world.facts, world.run))
    assert stories[0] == stories[1]
