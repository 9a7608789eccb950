"""A workflow as a step of another one."""

from __future__ import annotations

import pytest

from resistor.engine.identity import child_run_id, run_id_of
from tests.integration.outside import body_of
from tests.integration.play import Play
from tests.integration.worker import HOLD, done, echo, failed

KID = "steps: [{module: m, action: work}]"


async def test_a_child_s_output_is_its_step_s_and_its_default_input_the_parent_s(play: Play) -> None:
    await play.begin(
        {"work": echo},
        job="""
        steps:
          - {id: same, run: {workflow: kid}}
          - {id: own, run: {workflow: "${'k' + 'id'}", input: {n: "${steps.same.output.n + 1}"}}}
        """,
        kid=KID,
    )
    ended = await play.play(data={"n": 1})
    assert (ended.gave("same"), ended.output) == ({"n": 1}, {"n": 2})
    kid = await play.ended(child_run_id(ended.run.id, "own", 1))
    assert kid.run.origin.parent is not None
    assert (kid.run.origin.parent.run, kid.run.origin.parent.address) == (ended.run.id, "own")


async def test_a_child_s_error_arrives_as_it_is_and_can_be_caught(play: Play) -> None:
    await play.begin(
        {"work": failed("declined", "no money", retryable=False, details={"code": 51})},
        job="steps: [{run: {workflow: kid}}]",
        catching="""
        steps:
          - run: {workflow: kid}
            catch: [{errors: [declined], output: {caught: "${error.details.code}"}}]
        """,
        kid=KID,
    )
    error = (await play.play()).error
    assert (error.type, error.message, error.details) == ("declined", "no money", {"code": 51})
    assert (await play.play("catching")).output == {"caught": 51}


async def test_a_caught_child_is_begun_again_as_a_fresh_run(play: Play) -> None:
    await play.begin(
        {"work": [failed("x", retryable=False), done("well")]},
        job="steps: [{run: {workflow: kid}, catch: [{errors: [x], retry: {limit: 2, delay: 20ms}}]}]",
        kid=KID,
    )
    assert (await play.play()).output == "well"
    assert len({body["run"] for body in play.m.seen}) == 2


@pytest.mark.parametrize(
    ("workflow", "given", "word"), [("kid", {"n": "one"}, "n"), ("nobody", {}, "shop.nobody")]
)
async def test_a_child_that_cannot_begin_is_a_validation_error_of_its_step(
    play: Play, workflow: str, given: dict[str, str], word: str
) -> None:
    await play.begin(
        job="steps: [{run: {workflow: '${input.workflow}', input: '${input.given}'}}]",
        kid="input: {type: object, properties: {n: {type: integer}}}\nsteps: []",
    )
    error = (await play.play(data={"workflow": workflow, "given": given})).error
    assert error.type == "validation"
    assert word in error.message


async def test_a_detached_child_is_not_waited_for_and_outlives_its_parent(play: Play) -> None:
    await play.begin(job="steps: [{run: {workflow: kid, detach: true}}]", kid=KID)
    ended = await play.play()
    work = await play.out.action("m")
    assert ended.output == {"run": work.correlation_id}
    await play.command("cancel", ended.run.id)
    await play.out.complete(work, 1)
    assert (await play.ended(str(work.correlation_id))).status == "completed"


async def test_two_parents_that_name_the_same_key_share_a_child(play: Play) -> None:
    await play.begin(job="steps: [{run: {workflow: kid, id: '${input.order}'}}]", kid=KID)
    parents = [await play.start(data={"order": "o-1"}) for _ in range(2)]
    work = await play.out.action("m")
    assert work.correlation_id == run_id_of("shop", "kid", "o-1")
    await play.house.counted("messages", ("resistor.commands", "applied"), 2)
    await play.out.complete(work, "shared")
    assert [(await play.ended(run)).output for run in parents] == ["shared", "shared"]
    late = await play.play(data={"order": "o-1"})
    assert late.output == "shared"
    assert await play.out.depth("resistor.module.m") == 0


@pytest.mark.parametrize(("verb", "status"), [("cancel", "cancelled"), ("terminate", "terminated")])
async def test_cancel_and_terminate_travel_down(play: Play, verb: str, status: str) -> None:
    await play.begin(
        {"work": HOLD},
        job="steps: [{run: {workflow: middle}}]",
        middle="steps: [{run: {workflow: kid}}]",
        kid=KID + "\nfinally: [{module: m, action: clean}]",
    )
    run = await play.start()
    middle = child_run_id(run, "run", 1)
    kid = child_run_id(middle, "run", 1)
    await play.reaches(kid, "work", "scheduled")
    await play.command(verb, run)
    assert [(await play.ended(each)).status for each in (run, middle, kid)] == [status] * 3
    assert ("clean" in play.m.actions()) == (verb == "cancel")


async def test_a_cancel_that_comes_before_the_start_is_tried_again(play: Play) -> None:
    await play.begin({"work": HOLD}, job="steps: [{run: {workflow: kid, detach: true}}]", kid=KID)
    run = "b" * 20
    kid = child_run_id(run, "run", 1)
    await play.command("cancel", kid, parent=run, address="run")
    await play.command("start", kid, namespace="shop", workflow="kid", input={}, parent=run, address="run")
    assert (await play.ended(kid)).status == "cancelled"


async def test_a_child_that_takes_too_long_is_a_timeout_and_is_cancelled(play: Play) -> None:
    await play.begin({"work": HOLD}, job="steps: [{run: {workflow: kid, timeout: 100ms}}]", kid=KID)
    ended = await play.play()
    assert (ended.status, ended.error.type) == ("failed", "timeout")
    assert (await play.ended(child_run_id(ended.run.id, "run", 1))).status == "cancelled"


async def test_a_child_may_be_pinned_to_a_version(play: Play) -> None:
    await play.begin(
        job="steps: [{id: old, run: {workflow: kid, version: 1}}, {id: new, run: {workflow: kid}}]",
        kid="""
        - {version: 1, steps: [{module: m, action: one}]}
        - {version: 2, steps: [{module: m, action: two}]}
        """,
    )
    run = await play.start()
    for expected in ("one", "two"):
        action = await play.out.action("m")
        assert action.type == expected
        await play.out.complete(action)
    await play.ended(run)


@pytest.mark.bad_input(40)
async def test_a_workflow_that_runs_itself_for_ever_ends_at_the_depth_limit(play: Play) -> None:
    await play.begin(job="steps: [{id: deeper, run: {workflow: \"${'job'}\"}}]")
    ended = await play.play()
    assert (ended.status, ended.error.type) == ("failed", "limit")
    runs = await play.runs()
    assert len(runs) == 17
    assert {run.state.status.value for run in runs} == {"failed"}


async def test_children_of_a_for_all_come_back(play: Play) -> None:
    await play.begin(
        {"work": echo},
        job="""
        steps:
          - for: {in: "${input.numbers}", concurrency: 5}
            do: [{id: kid, run: {workflow: kid, input: {n: "${item}"}}}]
        """,
        kid=KID,
    )
    ended = await play.play(data={"numbers": list(range(20))})
    assert ended.output == [{"n": number} for number in range(20)]


async def test_a_child_s_own_concurrency_holds(play: Play) -> None:
    await play.begin(
        job="""
        steps:
          - for: {in: "${[1, 2, 3]}"}
            do: [{id: kid, run: {workflow: kid}}]
        """,
        kid="concurrency: {limit: 1}\n" + KID,
    )
    run = await play.start()
    for number in range(3):
        action = await play.out.action("m")
        assert await play.out.depth("resistor.module.m") == 0
        assert body_of(action)["workflow"] == "kid"
        await play.out.complete(action, number)
    assert sorted((await play.ended(run)).output) == [0, 1, 2]
