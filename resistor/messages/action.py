"""An action: what the daemon asks one module to do."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec

from resistor.errors import Reason, RejectedMessage
from resistor.messages.envelope import APP_ID, ATTEMPT_HEADER, TOKEN_HEADER, Envelope
from resistor.messages.json import refuse_too_large


class Action(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt at one step, addressed to one module.

    `input` and `metadata` are JSON, byte for byte; `deadline` is in seconds since the epoch, or None
    where the attempt may take as long as it likes. `idempotency_key` is the same for every attempt and
    every redelivery of the step; `token` differs by attempt.
    """

    module: str
    action: str
    input: bytes
    metadata: bytes
    run: str
    namespace: str
    workflow: str
    version: int
    step: str
    attempt: int
    idempotency_key: str
    token: str
    reply_to: str
    deadline: float | None = None
    traceparent: str | None = None
    tracestate: str | None = None


class _Body(msgspec.Struct):
    """The action's body, in the contract's order. `deadline` is RFC 3339 in UTC, or null."""

    action: str
    input: msgspec.Raw
    metadata: msgspec.Raw
    run: str
    namespace: str
    workflow: str
    version: int
    step: str
    attempt: int
    idempotency_key: str
    deadline: str | None = None


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(_Body).decode


def action_to_envelope(action: Action, *, message_id: str, now: float) -> Envelope:
    """Write `action` as the daemon publishes it.

    `message_id` must be new for every publish: returns are matched by it. `now` is in seconds since the
    epoch.
    """
    body = _Body(
        action=action.action,
        input=msgspec.Raw(action.input),
        metadata=msgspec.Raw(action.metadata),
        run=action.run,
        namespace=action.namespace,
        workflow=action.workflow,
        version=action.version,
        step=action.step,
        attempt=action.attempt,
        idempotency_key=action.idempotency_key,
        deadline=None if action.deadline is None else rfc3339(action.deadline),
    )
    headers: dict[str, Any] = {TOKEN_HEADER: action.token, ATTEMPT_HEADER: action.attempt}
    if action.traceparent is not None:
        headers["traceparent"] = action.traceparent
    if action.tracestate is not None:
        headers["tracestate"] = action.tracestate
    return Envelope(
        body=_encode(body),
        headers=headers,
        message_id=message_id,
        correlation_id=action.run,
        reply_to=action.reply_to,
        type=action.action,
        timestamp=now,
        app_id=APP_ID,
    )


def action_from_envelope(envelope: Envelope, *, module: str, limit: int) -> Action:
    """Read an action as `module` gets it. Raises `RejectedMessage` for what is none.

    The daemon has written it, of what its strict reader had let in.
    """
    envelope.require_json()
    refuse_too_large(envelope.body, limit)
    try:
        body = _decode(envelope.body)
        deadline = None if body.deadline is None else datetime.fromisoformat(body.deadline).timestamp()
    except (msgspec.MsgspecError, ValueError) as error:
        raise RejectedMessage(Reason.MALFORMED, f"not an action: {error}") from None
    token = envelope.text_header(TOKEN_HEADER)
    if token is None or envelope.reply_to is None:
        raise RejectedMessage(Reason.MISSING_TOKEN, "an action has a continue token and a reply_to")
    return Action(
        module=module,
        action=body.action,
        input=bytes(body.input),
        metadata=bytes(body.metadata),
        run=body.run,
        namespace=body.namespace,
        workflow=body.workflow,
        version=body.version,
        step=body.step,
        attempt=body.attempt,
        idempotency_key=body.idempotency_key,
        token=token,
        reply_to=envelope.reply_to,
        deadline=deadline,
        traceparent=envelope.text_header("traceparent"),
        tracestate=envelope.text_header("tracestate"),
    )


def rfc3339(seconds: float) -> str:
    """Write seconds since the epoch as RFC 3339 in UTC with milliseconds."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
