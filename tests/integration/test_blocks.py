"""Steps that hold steps, and where a run goes: through a module that knows nothing of them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.outside import body_of
from tests.integration.play import Play
from tests.integration.worker import HOLD, done, echo, failed

FAILS = failed("broken", "it broke", retryable=False)


# ------------------------------------------------------------------------------------------- fork, for


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
    [("fail", "failed", "cancelled"), ("finish", "failed", "completed"), ("continue", "completed", "completed")],
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


# ---------------------------------------------------------------------------------- while, until, switch


async def test_while_goes_round_as_long_as_its_condition_holds(play: Play) -> None:
    await play.begin(
        {"count": echo},
        job="""
        steps:
          - set: {total: 0}
          - id: rounds
            while: vars.total < input.upto && index < 10
            do:
              - {module: m, action: count, with: {index: "${index}"}}
              - set: {total: "${vars.total + steps.count.output.index + 1}"}
        output: {total: "${vars.total}", last: "${steps.?rounds.output.index.orValue(null)}"}
        """,
    )
    assert (await play.play(data={"upto": 6})).output == {"total": 6, "last": 2}


async def test_until_is_tested_behind_the_round_and_sees_its_steps(play: Play) -> None:
    await play.begin(
        {"poll": [done({"ready": False}), done({"ready": False}), done({"ready": True, "n": 7})]},
        job="""
        steps:
          - until: steps.poll.output.ready
            do: [{module: m, action: poll}]
            keep: 2
        """,
    )
    ended = await play.play()
    assert (ended.output, len(play.m.seen)) == ({"ready": True, "n": 7}, 3)
    assert sorted(path for path in ended.run.outputs if path.endswith("poll")) == [
        "until/1/poll",
        "until/2/poll",
    ]


async def test_a_loop_that_does_not_end_by_itself_fails_at_its_limit(play: Play) -> None:
    await play.begin(
        {"spin": done()}, job="steps: [{until: 'false', limit: 3, do: [{module: m, action: spin}]}]"
    )
    ended = await play.play()
    assert (ended.status, ended.error.type, len(play.m.seen)) == ("failed", "limit", 3)


@pytest.mark.parametrize(
    ("kind", "actions"),
    [("book", ["pack", "last"]), ("file", ["skipped_to", "last"]), ("gift", ["wrap", "skipped_to", "last"])],
)
async def test_a_switch_takes_the_first_case_that_matches(play: Play, kind: str, actions: list[str]) -> None:
    await play.begin(
        {},
        job="""
        steps:
          - switch:
              - {when: "input.kind == 'book'", do: [{module: m, action: pack}], then: last}
              - {when: "input.kind.startsWith('f')", then: skipped_to}
              - {do: [{module: m, action: wrap}]}
          - {module: m, action: skipped_to}
          - {module: m, action: last}
        """,
    )
    await play.play(data={"kind": kind})
    assert play.m.actions() == actions


async def test_without_a_match_and_a_default_a_switch_is_passed_by(play: Play) -> None:
    await play.begin(
        {"first": done(1)},
        job="""
        steps:
          - {module: m, action: first}
          - switch: [{when: "false", do: [{module: m, action: never}]}]
        """,
    )
    assert (await play.play()).output == 1


# ------------------------------------------------------------------------------------------- try, raise


async def test_an_error_is_caught_by_the_first_entry_that_fits_and_finally_runs(play: Play) -> None:
    await play.begin(
        {"risk": failed("declined", "no money", retryable=False, details={"code": 51}), "mend": echo},
        job="""
        steps:
          - id: guarded
            try: [{module: m, action: risk}, {module: m, action: never}]
            catch:
              - {errors: [other], do: [{module: m, action: never}]}
              - {errors: [declined], if: error.details.code == 50, do: [{module: m, action: never}]}
              - errors: ["*"]
                do: [{module: m, action: mend, with: {error: "${error}"}}]
            finally: [{module: m, action: clean}]
        """,
    )
    ended = await play.play()
    assert (ended.status, play.m.actions()) == ("completed", ["risk", "mend", "clean"])
    assert ended.output["error"] == {
        "type": "declined",
        "message": "no money",
        "details": {"code": 51},
        "step": "risk",
        "attempt": 1,
    }


async def test_a_catch_begins_the_whole_block_again_and_does_what_it_says_when_that_is_used_up(
    play: Play,
) -> None:
    await play.begin(
        {"check": FAILS},
        job="""
        steps:
          - try: [{module: m, action: prepare}, {module: m, action: check, retry: none}]
            catch: [{errors: [broken], retry: {limit: 3, delay: 20ms}, output: {given: up}}]
        """,
    )
    ended = await play.play()
    assert ended.output == {"given": "up"}
    assert play.m.actions() == ["prepare", "check"] * 3
    assert len({body["idempotency_key"] for body in play.m.seen}) == 6  # a fresh block is new work


async def test_a_catch_on_a_module_step_and_on_error_continue_let_a_run_go_on(play: Play) -> None:
    await play.begin(
        {"a": FAILS, "b": FAILS, "c": echo},
        job="""
        steps:
          - {module: m, action: a, catch: [{errors: [broken], output: {instead: "${error.message}"}}]}
          - {module: m, action: b, on_error: continue}
          - {module: m, action: c, with: {a: "${steps.a.output}", b: "${steps.?b.error.type.orValue(null)}"}}
        """,
    )
    ended = await play.play()
    assert ended.output == {"a": {"instead": "it broke"}, "b": "broken"}
    assert (ended.status, ended.step("b")) == ("completed", "failed")


async def test_raise_fails_with_an_error_of_the_author_s(play: Play) -> None:
    await play.begin(
        job="""
        steps:
          - if: input.amount > 10
            raise: {type: too_much, message: "${input.amount} is too much", details: {amount: "${input.amount}"}}
        """
    )
    error = (await play.play(data={"amount": 11})).error
    assert (error.type, error.message, error.details) == ("too_much", "11 is too much", {"amount": 11})
    assert (await play.play(data={"amount": 10})).status == "completed"


# ---------------------------------------------------------------------------------------- set, then, end


async def test_all_values_of_a_set_are_evaluated_before_any_is_assigned(play: Play) -> None:
    await play.begin(
        job="""
        steps:
          - set: {a: 1, b: 2}
          - set: {a: "${vars.b}", b: "${vars.a}"}
        output: ${vars}
        """
    )
    assert (await play.play()).output == {"a": 2, "b": 1}


async def test_if_skips_a_step_and_then_leads_back_with_a_new_turn(play: Play) -> None:
    await play.begin(
        {"check": [done({"ok": False}), done({"ok": True})]},
        job="""
        steps:
          - {module: m, action: check}
          - {id: again, if: "!steps.check.output.ok", wait: 10ms, then: check}
          - {module: m, action: never, if: "false"}
        """,
    )
    ended = await play.play()
    assert play.m.actions() == ["check", "check"]
    assert (ended.step("never"), ended.run.steps["check"].turn) == ("skipped", 2)
    assert len({body["idempotency_key"] for body in play.m.seen}) == 2


@pytest.mark.parametrize(("how", "actions"), [("end", ["first"]), ("exit", ["first", "last"])])
async def test_then_leaves_the_run_or_only_its_list(play: Play, how: str, actions: list[str]) -> None:
    await play.begin(
        {},
        job=f"""
        steps:
          - switch:
              - do:
                  - {{module: m, action: first, if: input.leave, then: {how}}}
                  - {{module: m, action: never}}
          - {{module: m, action: last}}
        """,
    )
    await play.play(data={"leave": True})
    assert play.m.actions() == actions


@pytest.mark.parametrize("status", ["completed", "failed", "cancelled"])
async def test_end_finishes_the_run_from_any_depth_with_an_output_of_its_own(play: Play, status: str) -> None:
    await play.begin(
        {"other": HOLD},
        job=f"""
        steps:
          - fork:
              branches:
                a: [{{if: input.ends, end: {{status: {status}, output: {{so: "${{run.workflow}}"}}, message: enough}}}}]
                b: [{{module: m, action: other}}]
          - {{module: m, action: never}}
        output: {{not: this}}
        """,
    )
    ended = await play.play(data={"ends": True})
    assert (ended.status, ended.output) == (status, {"so": "job"})
    if status != "completed":
        assert ended.error.message == "enough"
    assert "never" not in ended.run.steps
