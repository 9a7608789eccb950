"""Errors that are caught, swallowed, raised, and what runs all the same."""

from __future__ import annotations

import pytest

from tests.integration.play import Play
from tests.integration.worker import echo, failed

pytestmark = pytest.mark.parametrize("amqp_broker", ["dev broker"], indirect=True)  # it has no part in this

FAILS = failed("broken", "it broke", retryable=False)


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
            raise:
              type: too_much
              message: ${input.amount} is too much
              details: {amount: "${input.amount}"}
        """
    )
    error = (await play.play(data={"amount": 11})).error
    assert (error.type, error.message, error.details) == ("too_much", "11 is too much", {"amount": 11})
    assert (await play.play(data={"amount": 10})).status == "completed"
