"""A result: what a module answers to an action.

Four answers exist (`Completed`, `Failed`, `Progress`, `Later`); which step they answer is in the token,
never in the body.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, assert_never

import msgspec

from resistor.errors import Reason, RejectedMessage
from resistor.messages import json
from resistor.messages.envelope import TOKEN_HEADER, Envelope

MAX_ERROR_MESSAGE = 4096  # characters; what is over is cut: a stack trace belongs in the module's log
MAX_DETAILS = 16 * 1024  # bytes, of an error or a progress; larger ones are left out, and that is said
MAX_ERROR_TYPE = 128  # characters
MAX_LATER_SECONDS = 366 * 86400.0  # the longest timer


class Failure(msgspec.Struct, frozen=True, omit_defaults=True):
    """Why a step or a run failed.

    `type` is what workflows match on; `retry_after` is in seconds; `details` is any JSON; `step` is the
    innermost step that failed, `attempt` which attempt at it.
    """

    type: str
    message: str = ""
    retryable: bool = True
    retry_after: float | None = None
    details: Any = None
    step: str | None = None
    attempt: int | None = None


class Completed(msgspec.Struct, frozen=True):
    """The step is done; `output` is its JSON, byte for byte."""

    output: bytes


class Failed(msgspec.Struct, frozen=True):
    """The step failed."""

    failure: Failure


class Progress(msgspec.Struct, frozen=True):
    """The module is still at it; `details` is JSON."""

    details: bytes


class Later(msgspec.Struct, frozen=True):
    """The module hands the action back, to have it again after so many seconds: same attempt, same token."""

    after: float


Answer = Completed | Failed | Progress | Later


_ABSENT = msgspec.Raw(b"")


class _Body(msgspec.Struct, omit_defaults=True):
    status: str
    output: msgspec.Raw = _ABSENT
    error: Failure | None = None
    details: msgspec.Raw = _ABSENT
    after: float | None = None


_decode = msgspec.json.Decoder(_Body).decode
_encode = msgspec.json.Encoder().encode
_NULL = b"null"
_LEFT_OUT = b'"left out: larger than 16 KiB"'


def answer_from_envelope(envelope: Envelope, *, limit: int) -> Answer:
    """Read a result's body, of at most `limit` bytes. Raises `RejectedMessage`.

    A status that does not exist is an answer all the same, a wrong one: it fails the step with type
    `validation`, so that a module's mistake ends where people look.
    """
    envelope.require_json()
    json.decode_object(envelope.body, limit=limit)
    try:
        body = _decode(envelope.body)
    except msgspec.ValidationError as error:
        raise RejectedMessage(Reason.MALFORMED, f"not a result: {error}") from None
    if (body.error is not None) is not (body.status == "failed"):
        raise RejectedMessage(Reason.MALFORMED, "`error` goes with status `failed`, and only with it")
    match body.status:
        case "completed":
            return Completed(bytes(body.output) or _NULL)
        case "failed":
            assert body.error is not None  # noqa: S101 - checked above
            return Failed(_bounded(body.error))
        case "progress":
            return Progress(_short(bytes(body.details)) or _NULL)
        case "later":
            return Later(_within(body.after, MAX_LATER_SECONDS))
        case _:
            what = f"the module answered with status {body.status[:64]!r}"
            return Failed(Failure("validation", what, retryable=False))


def answer_to_envelope(
    answer: Answer,
    *,
    token: str,
    correlation_id: str | None,
    trace: Mapping[str, str | None] = {},
    user_id: str | None = None,
) -> Envelope:
    """Write `answer` to the action that carried `token`.

    `trace` has the action's trace headers, `user_id` whom of the broker's users the module is.
    """
    match answer:
        case Completed(output):
            body = _Body("completed", output=msgspec.Raw(output))
        case Failed(failure):
            body = _Body("failed", error=failure)
        case Progress(details):
            body = _Body("progress", details=msgspec.Raw(details))
        case Later(after):
            body = _Body("later", after=after)
        case _:
            assert_never(answer)
    headers = {TOKEN_HEADER: token} | {name: value for name, value in trace.items() if value is not None}
    return Envelope(body=_encode(body), headers=headers, correlation_id=correlation_id, user_id=user_id)


def _bounded(failure: Failure) -> Failure:
    details = failure.details
    if details is not None and len(_encode(details)) > MAX_DETAILS:
        details = json.decode_trusted(_LEFT_OUT)
    retry_after = failure.retry_after
    return Failure(
        type=failure.type[:MAX_ERROR_TYPE] or "error",
        message=failure.message[:MAX_ERROR_MESSAGE],
        retryable=failure.retryable,
        retry_after=None if retry_after is None else _within(retry_after, MAX_LATER_SECONDS),
        details=details,
    )


def _short(details: bytes) -> bytes:
    """Keep what a history can hold many of."""
    return details if len(details) <= MAX_DETAILS else _LEFT_OUT


def _within(seconds: float | None, most: float) -> float:
    """Take a module's number of seconds for what it can mean: never negative, never over the limit."""
    return min(max(seconds or 0.0, 0.0), most)
