"""What a stub may do with an action, besides answering it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from resistor.testing import CRASH, NEVER, Call, Fail, Later, Retry, Workflows, takes, twice

ORDER = "shop: {order: {version: 1, steps: [{id: pay, module: bank, action: charge}]}}"
TIMED = """
shop:
  order:
    version: 1
    steps:
      - {id: pay, module: bank, action: charge, timeout: 10m, heartbeat: 1m,
         retry: {limit: 2, delay: 1m, jitter: 0}}
"""


@pytest.mark.parametrize("output", [None, 0, "", [], {}, False, 1.5, {"a": [1, {"b": None}]}])
def test_any_value_is_an_output(workflows: Workflows, output: Any) -> None:
    workflows.define(ORDER)
    workflows.stub("bank.charge", output)
    run = workflows.start("shop.order")
    assert (run.status, run.output) == ("completed", output)


def test_a_function_answers_by_the_call(workflows: Workflows) -> None:
    workflows.define(ORDER.replace("action: charge", "action: charge, metadata: {rate: 3}"))
    workflows.stub("bank.charge", lambda call: call.input["amount"] * call.metadata["rate"])
    assert workflows.start("shop.order", {"amount": 4}).output == 12


def test_an_async_function_may_take_its_time(workflows: Workflows) -> None:
    async def charge(call: Call) -> str:
        await asyncio.sleep(90)
        return call.step

    workflows.define(ORDER)
    workflows.stub("bank.charge", charge)
    run = workflows.start("shop.order")
    workflows.finish()
    assert (run.output, run.took) == ("pay", 90.0)


def test_a_function_may_give_any_other_reaction(workflows: Workflows) -> None:
    workflows.define(ORDER)
    workflows.stub("bank.charge", lambda call: takes("1m", lambda call: twice(call.attempt)))
    run = workflows.start("shop.order")
    workflows.finish()
    assert (run.output, run.took) == (1, 60.0)


def test_what_a_function_raises_is_the_answer(workflows: Workflows) -> None:
    def charge(call: Call) -> None:
        raise Fail("card_declined", "no", details={"code": 51})

    workflows.define(ORDER)
    workflows.stub("bank.charge", charge)
    run = workflows.start("shop.order")
    run.expect(
        status="failed",
        error={"type": "card_declined", "message": "no", "details": {"code": 51}, "step": "pay"},
    )


def test_an_assertion_in_a_function_fails_the_test(workflows: Workflows) -> None:
    def charge(call: Call) -> None:
        assert call.input["amount"] > 5, "more than five"

    workflows.define(ORDER.replace("action: charge", "action: charge, retry: none"))
    workflows.stub("bank.charge", charge)
    with pytest.raises(AssertionError, match="more than five"):
        workflows.start("shop.order", {"amount": 5})


def test_a_function_may_end_the_test(workflows: Workflows) -> None:
    def charge(call: Call) -> None:
        pytest.fail("this must not be charged")

    workflows.define(ORDER)
    workflows.stub("bank.charge", charge)
    with pytest.raises(pytest.fail.Exception, match="this must not be charged"):
        workflows.start("shop.order")


def test_failing_is_not_tried_again(workflows: Workflows) -> None:
    workflows.define(ORDER)
    workflows.stub("bank.charge", Fail("card_declined"))
    run = workflows.start("shop.order")
    run.expect(status="failed", attempts={"pay": 1})
    assert workflows.elapsed == 0.0


def test_a_retry_says_when(workflows: Workflows) -> None:
    workflows.define(ORDER)
    workflows.stub("bank.charge", Retry("busy", after=3600), "paid")
    run = workflows.start("shop.order")
    assert run.waiting == {"pay": 3600.0}
    workflows.finish()
    run.expect(output="paid", attempts={"pay": 2}, took=3600.0)


def test_later_is_the_same_attempt_again(workflows: Workflows) -> None:
    workflows.define(ORDER)
    workflows.stub("bank.charge", Later(after=60), Later(after=120), "paid")
    run = workflows.start("shop.order")
    workflows.finish()
    run.expect(output="paid", attempts={"pay": 1}, took=180.0)
    [call] = run.calls()
    assert call.deliveries == 3


def test_an_answer_that_takes_longer_than_the_timeout_is_another_attempts(workflows: Workflows) -> None:
    workflows.define(TIMED.replace(" heartbeat: 1m,", ""))
    workflows.stub("bank.charge", takes("11m", "late"), "in time")
    run = workflows.start("shop.order")
    workflows.finish()
    run.expect(output="in time", attempts={"pay": 2}, took=660.0)
    workflows.advance("1h")
    assert run.output == "in time"


def test_progress_keeps_a_heartbeat_satisfied(workflows: Workflows) -> None:
    workflows.define(TIMED)
    workflows.stub("bank.charge", takes("5m", "slow", progress="50s"))
    run = workflows.start("shop.order")
    workflows.finish()
    run.expect(output="slow", attempts={"pay": 1}, took=300.0)


def test_silence_breaks_a_heartbeat(workflows: Workflows) -> None:
    workflows.define(TIMED)
    workflows.stub("bank.charge", takes("5m", "slow"))
    run = workflows.start("shop.order")
    workflows.finish()
    run.expect(status="failed", error={"type": "heartbeat"}, attempts={"pay": 2}, took=180.0)


def test_who_never_answers_runs_into_the_timeout(workflows: Workflows) -> None:
    workflows.define(TIMED.replace(" heartbeat: 1m,", ""))
    workflows.stub("bank.charge", NEVER)
    run = workflows.start("shop.order")
    workflows.finish()
    run.expect(status="failed", error={"type": "timeout"}, attempts={"pay": 2}, took=1260.0)


def test_who_never_answers_without_a_timeout_is_waited_for(workflows: Workflows) -> None:
    workflows.define(ORDER)
    workflows.stub("bank.charge", NEVER)
    run = workflows.start("shop.order")
    workflows.finish()
    assert (run.status, workflows.elapsed) == ("running", 0.0)
    run.cancel()
    assert run.status == "cancelled"


def test_what_is_said_twice_counts_once(workflows: Workflows) -> None:
    workflows.define("shop: {order: {version: 1, steps: [{module: bank, action: charge}, {wait: 1h}]}}")
    workflows.stub("bank.charge", twice({"receipt": "r-1"}))
    run = workflows.start("shop.order")
    assert [fact["fact"] for fact in run.history].count("step_completed") == 1
    assert len(run.calls()) == 1


def test_a_failure_that_is_said_twice_is_one_attempt(workflows: Workflows) -> None:
    workflows.define(ORDER)
    workflows.stub("bank.charge", twice(Retry("busy", after=5)), "paid")
    run = workflows.start("shop.order")
    workflows.finish()
    run.expect(output="paid", attempts={"pay": 2})


def test_a_module_that_crashes_gets_its_action_again(workflows: Workflows) -> None:
    workflows.define(ORDER)
    workflows.stub("bank.charge", CRASH, CRASH, "paid")
    run = workflows.start("shop.order")
    run.expect(output="paid", attempts={"pay": 1})
    assert run.calls()[0].deliveries == 3


def test_a_crash_takes_what_is_in_hand_with_it(workflows: Workflows) -> None:
    workflows.define("""
shop:
  order:
    version: 1
    steps:
      - fork:
          branches:
            a: [{id: slow, module: bank, action: slow}]
            b: [{id: bad, module: bank, action: bad}]
""")
    workflows.stub("bank.slow", takes("1h", 1))
    workflows.stub("bank.bad", takes("30m", CRASH), 2)
    run = workflows.start("shop.order")
    workflows.finish()
    assert {call.name: call.deliveries for call in run.calls()} == {"bank.slow": 2, "bank.bad": 2}
    run.expect(status="completed", took=5400.0)  # the slow one began again after half an hour


def test_a_module_that_always_crashes_is_poison_and_no_endless_test(workflows: Workflows) -> None:
    workflows.define(ORDER)
    workflows.stub("bank.charge", CRASH)
    run = workflows.start("shop.order")
    run.expect(status="failed", error={"type": "poison"}, attempts={"pay": 1})
    assert run.calls()[0].deliveries == 21
    assert workflows.refused == []  # the letter is of the module's queue, and no event's


def test_what_was_answered_is_answered_the_same_when_it_is_delivered_again(workflows: Workflows) -> None:
    workflows.define("""
shop:
  order:
    version: 1
    steps:
      - fork:
          branches:
            a: [{id: one, module: bank, action: one}]
            b: [{id: two, module: bank, action: two}]
""")
    workflows.stub("bank.one", 1, "again")
    workflows.stub("bank.two", takes(5, CRASH), 2)
    run = workflows.start("shop.order")
    workflows.finish()
    assert run.output == {"a": 1, "b": 2}


@pytest.mark.parametrize("how_long", ["3 days", "", "soon"])
def test_what_is_no_duration_is_said_with_what_was_written(workflows: Workflows, how_long: str) -> None:
    with pytest.raises(ValueError, match=rf"^'{how_long}' is no duration: "):
        takes(how_long)
    with pytest.raises(ValueError, match="is no duration"):
        workflows.advance(how_long)
