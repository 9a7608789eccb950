"""Where a run goes: loops, choices, variables, jumps, ends."""

from __future__ import annotations

import pytest

from tests.integration.play import Play
from tests.integration.worker import HOLD, done, echo

pytestmark = pytest.mark.parametrize("amqp_broker", ["dev broker"], indirect=True)  # it has no part in this


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
                a:
                  - if: input.ends
                    end: {{status: {status}, output: {{so: "${{run.workflow}}"}}, message: enough}}
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
