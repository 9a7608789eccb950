"""A context that a test can look into."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime
from typing import Any

import pytest

from resistor.sdk import Context, Fail, Module
from resistor.testing.module_context import Logged, RecordingContext, module_context

copier = Module("copier")


@copier.action("copy")
async def copy(pages: int, ctx: Context) -> int:
    for page in range(pages):
        if ctx.cancelled.is_set():
            return page
        await ctx.progress({"page": page})
        ctx.log.info("page %d", page, extra={"action": "copied"})
        if page == ctx.metadata.get("stop after"):
            ctx.cancelled.set()
    return pages


@copier.action("say")
async def say(ctx: Context) -> Any:
    return [ctx.run, ctx.step, ctx.attempt, ctx.idempotency_key, dict(ctx.metadata), ctx.deadline]


@copier.action("stumble")
async def stumble(ctx: Context) -> None:
    ctx.log.debug("about to")
    try:
        raise ValueError("ink")
    except ValueError as error:
        ctx.log.exception("no ink")
        ctx.log.warning("given", exc_info=error)
        ctx.log.warning("given", exc_info=(type(error), error, None))
    ctx.log.info("%d pages", "some")


@copier.action("wait")
async def wait(ctx: Context) -> str:
    ctx.log.info("waiting")
    await ctx.cancelled.wait()
    return "cancelled"


@copier.action("report")
async def report(ctx: Context) -> None:
    await ctx.progress(object())


async def test_what_an_action_reports_and_logs_is_kept_in_order() -> None:
    ctx = module_context()
    assert await copier.call("copy", 2, context=ctx) == 2
    assert ctx.progressed == [{"page": 0}, {"page": 1}]
    assert ctx.logged == [
        Logged("INFO", "page 0", {"action": "copied"}),
        Logged("INFO", "page 1", {"action": "copied"}),
    ]


async def test_two_contexts_share_nothing() -> None:
    first, second = module_context(), module_context()
    await copier.call("copy", 1, context=first)
    first.cancelled.set()
    assert (second.progressed, second.logged, second.cancelled.is_set()) == ([], [], False)


async def test_what_is_given_is_what_the_action_sees_and_the_rest_is_as_without_a_context() -> None:
    assert await copier.call("say", context=module_context(step="say")) == await copier.call("say")
    ctx = module_context(run="r", step="s", attempt=3, idempotency_key="k", metadata={"m": 1})
    assert await copier.call("say", context=ctx) == ["r", "s", 3, "k", {"m": 1}, None]
    assert (module_context(step="s").idempotency_key, ctx.namespace, ctx.version) == ("test-s", "test", 1)


async def test_a_deadline_can_be_given() -> None:
    ctx = module_context(deadline=datetime(2026, 1, 2, tzinfo=UTC))
    assert (await copier.call("say", context=ctx))[-1] == "2026-01-02T00:00:00Z"


async def test_a_test_cancels_before_and_while_the_action_runs() -> None:
    before = module_context()
    before.cancelled.set()
    assert await copier.call("copy", 5, context=before) == 0
    assert await copier.call("copy", 5, context=module_context(metadata={"stop after": 1})) == 2
    meanwhile = module_context()
    waiting = asyncio.create_task(copier.call("wait", context=meanwhile))
    meanwhile.cancelled.set()
    assert await waiting == "cancelled"


async def test_errors_and_lines_that_cannot_be_filled_in_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logging, "raiseExceptions", False)  # pytest's handler raises, production's does not
    monkeypatch.setattr(logging.getLogger("resistor.module"), "disabled", True)
    ctx = module_context()
    await copier.call("stumble", context=ctx)
    assert [(line.level, line.message, repr(line.error)) for line in ctx.logged] == [
        ("DEBUG", "about to", "None"),
        ("ERROR", "no ink", "ValueError('ink')"),
        ("WARNING", "given", "ValueError('ink')"),
        ("WARNING", "given", "ValueError('ink')"),
        ("INFO", "%d pages", "None"),
    ]


async def test_what_is_logged_goes_to_the_log_too_and_says_where(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    await copier.call("copy", 1, context=module_context(run="r-1"))
    [record] = caplog.records
    assert (record.getMessage(), record.funcName) == ("page 0", "copy")
    assert (vars(record)["run"], vars(record)["action"]) == ("r-1", "copied")


async def test_a_report_that_could_not_be_sent_is_refused_here_too() -> None:
    ctx = module_context()
    with pytest.raises(Fail, match="cannot be written as JSON"):
        await copier.call("report", context=ctx)
    assert ctx.progressed == []


async def test_a_context_and_what_it_has_are_not_both_given() -> None:
    with pytest.raises(TypeError, match="give attempt and metadata to the context"):
        await copier.call("say", context=module_context(), attempt=1)
    with pytest.raises(TypeError, match="give attempt and metadata to the context"):
        await copier.call("say", context=module_context(), metadata={})


def test_a_context_is_not_changed_after_it_was_made() -> None:
    ctx = module_context()
    assert isinstance(ctx, RecordingContext)
    with pytest.raises(AttributeError):
        ctx.attempt = 2  # type: ignore[misc]


def test_a_word_that_no_context_has_is_refused() -> None:
    with pytest.raises(TypeError, match="atempt"):
        module_context(atempt=2)  # type: ignore[call-arg]
