"""An action that arrived becomes an answer, whatever the author's code does."""

from __future__ import annotations

import asyncio
import logging
import subprocess
import sys
from datetime import UTC, datetime
from functools import partial
from typing import Any

import msgspec
import pytest

from resistor.messages import Action, Answer, Completed, Failed, answer_to_envelope
from resistor.messages import Later as LaterAnswer
from resistor.sdk import Context, Fail, Later, Module, Retry
from resistor.sdk.performing import context_of, perform

module = Module("m")


class Quiet(Exception):
    """An exception whose text cannot be had."""

    def __str__(self) -> str:
        raise RuntimeError


@module.action("do")
async def do(what: str, ctx: Context) -> Any:
    failures: dict[str, BaseException] = {
        "fail": Fail("declined", "no", details={"code": 5}),
        "fail with a set": Fail("declined", details={1, 2}),
        "fail with an object": Fail("declined", details=object()),
        "fail with much": Fail("declined", details="x" * 20_000),
        "retry": Retry("busy", after=10),
        "plain retry": Retry(),
        "later": Later(after=30),
        "later, in the past": Later(after=-1),
        "key": KeyError("k"),
        "long": ValueError("x" * 5000),
        "surrogate": ValueError("\ud800"),
        "quiet": Quiet(),
        "exit": SystemExit(3),
        "cancelled by nobody": asyncio.CancelledError(),
    }
    if what in failures:
        raise failures[what]
    ctx.log.info("did it", extra={"action": "did"})
    return what


def action(input: Any, name: str = "do", **more: Any) -> Action:  # noqa: A002 - the contract's word
    """Give an action to perform."""
    fields: dict[str, Any] = {
        "module": "m",
        "action": name,
        "input": msgspec.json.encode(input),
        "metadata": b'{"k": [1]}',
        "run": "r",
        "namespace": "shop",
        "workflow": "order.placed",
        "version": 3,
        "step": "s",
        "attempt": 2,
        "idempotency_key": "key",
        "token": "t",
        "reply_to": "0",
    }
    return Action(**(fields | more))


def context(of: Action) -> Context:
    """Give the context of an action."""

    async def report(details: Any) -> None:
        del details

    return context_of(of, cancelled=asyncio.Event(), report=report)


async def answer(input: Any, name: str = "do") -> Answer:  # noqa: A002 - the contract's word
    """Perform, and see to it that the answer can be sent."""
    asked = action(input, name)
    given = await perform(module, asked, context(asked))
    answer_to_envelope(given, token="t", correlation_id="c")
    return given


async def failure(what: str) -> tuple[str, str, bool]:
    """Perform what fails, and give type, message and whether another attempt is worth it."""
    given = await answer(what)
    assert isinstance(given, Failed)
    return given.failure.type, given.failure.message, given.failure.retryable


async def test_what_is_returned_completes_the_step() -> None:
    assert await answer("x") == Completed(b'"x"')


@pytest.mark.parametrize(
    ("what", "expected"),
    [
        ("fail", ("declined", "no", False)),
        ("retry", ("retry", "busy", True)),
        ("plain retry", ("retry", "again", True)),
        ("key", ("KeyError", "'k'", True)),
        ("surrogate", ("ValueError", "?", True)),
        ("quiet", ("Quiet", "", True)),
        ("exit", ("SystemExit", "3", True)),
        ("cancelled by nobody", ("CancelledError", "", True)),
    ],
)
async def test_what_is_raised_fails_it(
    what: str, expected: tuple[str, str, bool], request: pytest.FixtureRequest
) -> None:
    # A lone surrogate in a test's report ends pytest-xdist's worker, and a report has what was logged.
    request.addfinalizer(partial(logging.disable, logging.NOTSET))
    logging.disable()
    assert await failure(what) == expected


async def test_a_long_message_is_cut_where_the_daemon_would_cut_it() -> None:
    assert len((await failure("long"))[1]) == 4096


async def test_retry_carries_its_seconds_and_later_is_an_answer_of_its_own() -> None:
    again = await answer("retry")
    assert isinstance(again, Failed)
    assert again.failure.retry_after == 10
    assert await answer("later") == LaterAnswer(30.0)
    assert await answer("later, in the past") == LaterAnswer(0.0)


@pytest.mark.parametrize(
    ("what", "details"),
    [
        ("fail", {"code": 5}),
        ("fail with a set", [1, 2]),
        ("fail with much", "left out: larger than 16 KiB"),
    ],
)
async def test_details_travel_as_far_as_json_goes(what: str, details: Any) -> None:
    given = await answer(what)
    assert isinstance(given, Failed)
    assert given.failure.details is not None
    assert msgspec.json.decode(given.failure.details) == details


async def test_details_that_are_no_json_are_left_out_and_say_so() -> None:
    given = await answer("fail with an object")
    assert isinstance(given, Failed)
    assert given.failure.details is not None
    assert "left out" in msgspec.json.decode(given.failure.details)


async def test_invalid_input_and_unknown_actions_are_not_worth_another_attempt() -> None:
    for given in (await answer({"not": "text"}), await answer("x", "doo")):
        assert isinstance(given, Failed)
        assert not given.failure.retryable
        assert given.failure.type in ("validation", "unknown_action")


async def test_the_traceback_goes_to_the_log_and_not_into_the_answer(
    caplog: pytest.LogCaptureFixture,
) -> None:
    given = await answer("key")
    assert isinstance(given, Failed)
    assert "Traceback" not in given.failure.message
    (record,) = caplog.records
    assert record.exc_info
    assert (vars(record)["run"], vars(record)["step"], vars(record)["attempt"]) == ("r", "s", 2)


async def test_a_line_of_the_actions_own_log_says_run_step_and_attempt(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    await answer("x")
    (record,) = caplog.records
    assert record.name == "resistor.module.m"
    assert (vars(record)["run"], vars(record)["action"]) == ("r", "did")


async def test_a_real_cancellation_passes() -> None:
    waiting = Module("w")
    begun = asyncio.Event()

    @waiting.action("do")
    async def wait() -> None:
        begun.set()
        await asyncio.Event().wait()

    asked = action(None)
    task = asyncio.create_task(perform(waiting, asked, context(asked)))
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_context_says_everything_about_the_step() -> None:
    told: list[Any] = []

    async def report(details: Any) -> None:
        told.append(details)

    asked = action(None, deadline=1_780_000_000.5, traceparent="00-a", tracestate="b")
    ctx = context_of(asked, cancelled=asyncio.Event(), report=report)
    assert (ctx.run, ctx.step, ctx.attempt, ctx.idempotency_key) == ("r", "s", 2, "key")
    assert (ctx.namespace, ctx.workflow, ctx.version) == ("shop", "order.placed", 3)
    assert ctx.metadata == {"k": [1]}
    assert ctx.deadline == datetime.fromtimestamp(1_780_000_000.5, UTC)
    assert (ctx.traceparent, ctx.tracestate) == ("00-a", "b")
    assert not ctx.cancelled.is_set()
    await ctx.progress({"done": 1})
    assert told == [{"done": 1}]


def test_a_modules_file_imports_no_broker_client() -> None:
    code = "import sys, resistor.sdk; print([n for n in ('aiormq', 'pamqp', 'redis') if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
