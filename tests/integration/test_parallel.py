"""Steps side by side: `fork` and `for`, through a module that knows nothing of them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.outside import body_of
from tests.integration.play import Play
from tests.integration.worker import HOLD, done, echo, failed

FAILS = failed("broken", "it broke", retryable=False)


async def test_the_branches_of_a_fork_run_side_by_side_and_hand_on_what_each_gave(play: Play) -> None:
    await play.begin(
        job="""
        steps:
          - id: both
            fork:
              branches:
                left: [{module: m, action: one}]
                right: [{set: {n: 2}}, {module: m, action: two, with: {n: "${vars.n}"}}]
        """
    )
    run = await play.start()
    actions = {str(each.type): each for each in [await play.out.action("m"), await play.out.action("m")]}
    assert body_of(actions["two"])["input"] == {"n": 2}
    assert body_of(actions["two"])["step"] == "both/right/two"
    await play.out.complete(actions["two"], "second")
    await play.out.complete(actions["one"], "first")
    assert (await play.ended(run)).output == {"left": "first", "right": "second"}


async def test_a_fork_that_joins_any_goes_on_with_the_first_and_cancels_the_rest(play: Play) -> None:
    await play.begin(
        {"fast": done(1), "slow": HOLD, "after": echo},
        job="""
        steps:
          - id: race
            fork:
              join: any
              branches:
                fast: [{module: m, action: fast}]
                slow: [{module: m, action: slow}]
          - {module: m, action: after, with: {won: "${steps.race.output}"}}
        """,
    )
    ended = await play.play()
    assert ended.output == {"won": {"fast": 1}}
    assert ended.step("race/slow/slow") == "cancelled"


@pytest.mark.parametrize(
    ("on_error", "status", "other"),
    [
        ("fail", "failed", "cancelled"),
        ("finish", "failed", "completed"),
        ("continue", "completed", "completed"),
    ],
)
async def test_a_fork_does_about_an_error_what_it_says(
    play: Play, on_error: str, status: str, other: str
) -> None:
    await play.begin(
        job=f"""
        steps:
          - id: both
            fork:
              on_error: {on_error}
              branches:
                bad: [{{module: m, action: bad, retry: none}}]
                good: [{{module: m, action: good}}]
        """
    )
    run = await play.start()
    actions = {str(each.type): each for each in [await play.out.action("m"), await play.out.action("m")]}
    await play.out.answer(actions["bad"], FAILS)
    await play.reaches(run, "both/bad/bad", "failed")
    await play.out.complete(actions["good"], 1)
    ended = await play.ended(run)
    assert (ended.status, ended.step("both/good/good")) == (status, other)
    if status == "failed":
        assert (ended.error.type, ended.error.step) == ("broken", "bad")
    else:
        assert ended.output["good"] == 1
        assert ended.output["bad"]["error"]["type"] == "broken"


async def test_a_for_has_as_many_items_out_as_its_concurrency_and_gathers_them_in_order(play: Play) -> None:
    out = play.out
    await play.begin(
        job="""
        steps:
          - for: {in: "${input.numbers}", each: number, at: place, concurrency: 2}
            do: [{module: m, action: double, with: {number: "${number}", place: "${place}"}}]
        """
    )
    run = await play.start(data={"numbers": list(range(10))})
    begun = [await out.action("m"), await out.action("m")]
    for _ in range(8):
        assert await out.depth("resistor.module.m") == 0
        action = begun.pop()  # not in their order
        await out.complete(action, 2 * body_of(action)["input"]["number"])
        begun.append(await out.action("m"))
    for action in begun:
        assert body_of(action)["input"]["number"] == body_of(action)["input"]["place"]
        await out.complete(action, 2 * body_of(action)["input"]["number"])
    assert (await play.ended(run)).output == list(range(0, 20, 2))


async def test_under_continue_a_failed_item_leaves_its_error_in_its_place(play: Play) -> None:
    def reply(body: dict[str, Any]) -> Any:
        return FAILS if body["input"]["item"] == 1 else echo(body)

    await play.begin(
        {"try_it": reply},
        job="""
        steps:
          - id: each
            for: {in: "${[0, 1, 2]}", on_error: continue}
            do: [{module: m, action: try_it, with: {item: "${item}"}}]
        output: "${steps.each.output.map(e, has(e.error) ? e.error.type : string(e.item))}"
        """,
    )
    assert (await play.play()).output == ["0", "broken", "2"]


async def test_a_for_that_joins_two_goes_on_when_two_succeeded(play: Play) -> None:
    def reply(body: dict[str, Any]) -> Any:
        return HOLD if body["input"]["item"] == 0 else echo(body)

    await play.begin(
        {"do_it": reply},
        job="""
        steps:
          - id: each
            for: {in: "${input.items}", join: 2}
            do: [{module: m, action: do_it, with: {item: "${item}"}}]
        """,
    )
    ended = await play.play(data={"items": [0, 1, 2]})
    assert ended.step("each/0/do_it") == "cancelled"
    assert ended.output[1:] == [{"item": 1}, {"item": 2}]
