"""Random workflows under random orders: whatever operators do, a run has one ending at a time."""

from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from resistor.engine.places import compensated, find
from resistor.engine.run import StepStatus
from resistor.errors import RejectedMessage
from tests.unit.engine.play.operated import OperatedWorld, rerun
from tests.unit.engine.play.test_any_workflow import EVENT, playing, written
from tests.unit.engine.play.world import World


@given(seed=st.integers(0, 2**32 - 1))
@playing
def test_whatever_operators_do_a_run_ends_and_a_retry_goes_on_where_it_stopped(seed: int) -> None:
    draw = Random(seed)
    world = OperatedWorld(written(draw), draw)
    world.play_with_retries(EVENT % draw.randint(0, 3))


@given(seed=st.integers(0, 2**32 - 1))
@playing
def test_a_run_can_begin_again_at_any_step_with_the_results_before_it(seed: int) -> None:
    draw = Random(seed)
    world = World(written(draw), draw, noise=0.0)
    world.play(EVENT % draw.randint(0, 3))
    assert world.run is not None
    body = [path for path in sorted(world.run.steps) if "#" not in path and not compensated(path)]
    body = [path for path in body if not path.startswith(("on_failure/", "finally/"))]
    path = draw.choice(body)
    try:
        other = rerun(world, path)
    except RejectedMessage as refused:
        assert "undone" in str(refused) or "has not come to" in str(refused)  # noqa: PT017
        return
    other.check_the_end()
    place = find(other.workflow, path)
    assert place is not None
    assert other.run is not None
    before = place.frame.block.steps[: place.frame.block.steps.index(place.step)]
    again = {fact.step for fact in other.facts if fact.name == "step_scheduled"}
    if not place.frame.block.may_repeat and not other.workflow.body.may_repeat:
        for step in before:
            old = world.run.steps.get(place.frame.place(step).path)
            if old is not None and old.status is StepStatus.COMPLETED and place.frame.owner is None:
                assert step.id not in again, f"{step.id} came before {path}, and was done again"
