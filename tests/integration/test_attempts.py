"""What becomes of one step that fails, is late, is silent, or wants its action back later."""

from __future__ import annotations

import pytest

from resistor.engine.facts import FactName
from tests.integration.outside import body_of, header_of
from tests.integration.play import Play
from tests.integration.worker import done, failed

RETRY = "retry: {limit: 3, delay: 50ms, backoff: exponential, jitter: 0}"


async def test_a_failed_attempt_is_made_again_with_a_new_token_and_the_old_one_is_stale(play: Play) -> None:
    out = play.out
    await play.begin(job=f"steps: [{{module: m, action: charge, {RETRY}}}]")
    run = await play.start()
    attempts = []
    for number in (1, 2, 3):
        attempts.append(await out.action("m"))
        assert attempts[-1].headers["resistor-attempt"] == number
        assert body_of(attempts[-1])["attempt"] == number
        if number < 3:
            await out.answer(attempts[-1], failed("busy"))
    assert len({header_of(each, "resistor-token") for each in attempts}) == 3
    assert len({body_of(each)["idempotency_key"] for each in attempts}) == 1
    await out.complete(attempts[0], "too late")
    await play.house.counted("messages", ("resistor.results", "stale"), 1)
    await out.complete(attempts[2], "in time")
    ended = await play.ended(run)
    assert ended.output == "in time"
    retried = [fact for fact in ended.history if fact.name == FactName.STEP_RETRYING]
    pauses = [fact.details["until"] - fact.at for fact in retried]
    assert pauses == [pytest.approx(0.05, abs=0.001), pytest.approx(0.1, abs=0.001)]


async def test_a_run_fails_with_the_last_attempt_s_error(play: Play) -> None:
    await play.begin(
        {"charge": [failed("busy"), failed("gone", "for good")]},
        job="steps: [{module: m, action: charge, retry: {limit: 2, delay: 10ms}}]",
    )
    error = (await play.play()).error
    assert (error.type, error.message, error.attempt) == ("gone", "for good", 2)


@pytest.mark.parametrize(
    ("rule", "reply", "attempts"),
    [
        pytest.param("limit: 3, delay: 1h", failed("x", retry_after=0.02), 3, id="retry_after wins"),
        pytest.param("limit: 3, delay: 10ms", failed("x", retryable=False), 1, id="not retryable"),
        pytest.param("limit: 3, delay: 10ms, on: [y]", failed("x"), 1, id="another type"),
        pytest.param("limit: 3, delay: 10ms, except: [x]", failed("x"), 1, id="excepted"),
        pytest.param(
            "limit: 9, delay: 10ms, factor: 1000, within: 5s", failed("x"), 2, id="not within its time"
        ),
    ],
)
async def test_a_retry_has_its_rules(play: Play, rule: str, reply: dict[str, object], attempts: int) -> None:
    await play.begin({"go": reply}, job=f"steps: [{{module: m, action: go, retry: {{{rule}}}}}]")
    assert (await play.play()).error.type == "x"
    assert len(play.m.seen) == attempts


async def test_an_attempt_that_is_late_is_a_failure_of_type_timeout_and_made_again(play: Play) -> None:
    out = play.out
    await play.begin(job="steps: [{module: m, action: go, timeout: 80ms, retry: {limit: 2, delay: 10ms}}]")
    run = await play.start()
    first, second = await out.action("m"), await out.action("m")
    assert (first.headers["resistor-attempt"], second.headers["resistor-attempt"]) == (1, 2)
    assert body_of(first)["deadline"]
    ended = await play.ended(run)
    assert (ended.status, ended.error.type, ended.error.attempt) == ("failed", "timeout", 2)
    assert ended.facts("go").count("step_timed_out") == 2
    await out.complete(second)
    await play.house.counted("messages", ("resistor.results", "stale"), 1)


async def test_a_silent_attempt_fails_and_one_that_shows_progress_does_not(play: Play) -> None:
    out = play.out
    await play.begin(
        job="""
        steps:
          - fork:
              on_error: continue
              branches:
                silent: [{module: m, action: silent, heartbeat: 100ms, retry: none}]
                lively: [{module: m, action: lively, heartbeat: 500ms, retry: none}]
        """
    )
    run = await play.start()
    actions = {str(each.type): each for each in [await out.action("m"), await out.action("m")]}
    begun = await play.now()
    shown = 0
    while await play.now() < begun + 0.6:
        shown += 1
        await out.answer(actions["lively"], {"status": "progress", "details": {"shown": shown}})
        await play.house.counted("messages", ("resistor.results", "applied"), shown)
    await play.reaches(run, "fork/silent/silent", "failed")
    await out.complete(actions["lively"], "alive")
    ended = await play.ended(run)
    assert ended.output["silent"]["error"]["type"] == "heartbeat"
    assert ended.output["lively"] == "alive"
    assert ended.facts("fork/lively/lively").count("step_progressed") == shown


async def test_an_action_that_is_wanted_later_comes_again_with_the_same_token(play: Play) -> None:
    out = play.out
    await play.begin(job="steps: [{module: m, action: go, timeout: 10s}]")
    run = await play.start()
    first = await out.action("m")
    await out.answer(first, {"status": "later", "after": 0.05})
    again = await out.action("m")
    assert header_of(again, "resistor-token") == header_of(first, "resistor-token")
    await out.complete(again, 1)
    ended = await play.ended(run)
    assert ended.seconds(FactName.STEP_POSTPONED, FactName.STEP_RESUMED, "go") >= 0.05
    assert ended.run.steps["go"].attempt == 1


async def test_what_a_module_gives_is_reshaped_and_what_cannot_be_fails_the_step(play: Play) -> None:
    await play.begin(
        {"go": [done({"a": {"b": 1}}), done({})]},
        job="steps: [{module: m, action: go, output: {b: '${result.a.b}'}}]",
    )
    assert (await play.play()).output == {"b": 1}
    error = (await play.play()).error
    assert error.type == "expression"
    assert "result.a" in error.message


async def test_the_action_s_name_may_be_an_expression(play: Play) -> None:
    await play.begin({}, job="steps: [{id: go, module: m, action: 'notify.${input.how}'}]")
    assert (await play.play(data={"how": "mail"})).status == "completed"
    assert play.m.actions() == ["notify.mail"]
    assert (await play.play(data={"how": "a b"})).error.type == "expression"
