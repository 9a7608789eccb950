"""An action that arrived → the answer that leaves. Called by the runner for each action.

Whatever an action does, there is an answer: it returned, it raised, it was never there. Only a cancellation
passes, because the runner gives the action back then.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import msgspec

from resistor.messages import Action, Answer, Completed, Failed, Failure, json
from resistor.messages import Later as LaterAnswer
from resistor.messages.result import MAX_DETAILS, MAX_ERROR_MESSAGE, MAX_ERROR_TYPE
from resistor.sdk.answers import Fail, Later, Retry
from resistor.sdk.context import Context, Report, StepLog
from resistor.sdk.module import Module
from resistor.sdk.output import to_json, to_output


def context_of(action: Action, *, cancelled: asyncio.Event, report: Report) -> Context:
    """Return what `action` says of its step."""
    step = {"run": action.run, "step": action.step, "attempt": action.attempt}
    return Context(
        run=action.run,
        step=action.step,
        attempt=action.attempt,
        idempotency_key=action.idempotency_key,
        namespace=action.namespace,
        workflow=action.workflow,
        version=action.version,
        metadata=json.decode_trusted(action.metadata) or {},
        deadline=None if action.deadline is None else datetime.fromtimestamp(action.deadline, UTC),
        log=StepLog(_logger(action.module), step),
        cancelled=cancelled,
        traceparent=action.traceparent,
        tracestate=action.tracestate,
        report=report,
    )


@lru_cache
def _logger(module: str) -> logging.Logger:
    return logging.getLogger(f"resistor.module.{module}")


async def perform(module: Module, action: Action, context: Context) -> Answer:
    """Do `action` and return the answer."""

    async def do() -> Any:
        signature = module.find(action.action)
        return await signature.call(signature.read(action.input), context)

    return await answer_of(do, context)


async def answer_of(do: Callable[[], Awaitable[Any]], context: Context) -> Answer:
    """Return the answer that `do` comes to: what it returns is the output, and it raises what actions do."""
    try:
        return Completed(to_output(await do()))
    except Fail as fail:
        return _failed(fail.type, fail.message, retryable=False, details=fail.details)
    except Retry as again:
        return _failed(again.type, again.message, retry_after=again.after, details=again.details)
    except Later as later:
        return LaterAnswer(max(float(later.after), 0.0))
    except asyncio.CancelledError as error:
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise
        return _unforeseen(error, context)
    except (Exception, SystemExit) as error:  # an author's mistake of any kind is an answer
        return _unforeseen(error, context)


def _unforeseen(error: BaseException, context: Context) -> Answer:
    context.log.warning("the action raised", exc_info=error, extra={"action": "action_raised"})
    return _failed(type(error).__name__, _said(error))


def _said(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # an author's __str__
        return ""


def _failed(
    type_: str,
    message: object,
    *,
    retryable: bool = True,
    retry_after: float | None = None,
    details: Any = None,
) -> Failed:
    """Fail, within the bounds that the daemon would cut to, and with text that UTF-8 can hold."""
    return Failed(
        Failure(
            type=_text(type_)[:MAX_ERROR_TYPE] or "error",
            message=_text(message)[:MAX_ERROR_MESSAGE],
            retryable=retryable,
            retry_after=None if retry_after is None else max(float(retry_after), 0.0),
            details=_details(details),
        )
    )


def _text(value: object) -> str:
    return str(value).encode(errors="replace").decode()


def _details(details: Any) -> msgspec.Raw | None:
    if details is None:
        return None
    try:
        written = to_json(details)
    except Fail as fail:
        written = json.encode(f"left out: {fail.message}")
    if len(written) > MAX_DETAILS:
        written = json.encode("left out: larger than 16 KiB")
    return msgspec.Raw(written)
