"""Commands: what runs tell each other, and what operators tell runs. One message, one run.

The verb is the routing key on the commands exchange and stands in the body too, so that a command can be
read by itself. Times are in seconds since the epoch; `by` says who, for the history.
"""

from __future__ import annotations

from typing import Annotated, Any, Union

import msgspec

from resistor.errors import Reason, RejectedMessage
from resistor.messages import json
from resistor.messages.envelope import APP_ID, Envelope
from resistor.messages.result import Failure

NO_OUTPUT = msgspec.Raw(b"")

RunId = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9]{20}$")]
Ending = Annotated[str, msgspec.Meta(pattern="^(completed|failed|cancelled|terminated|timed_out)$")]
Address = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_#/-]*$", max_length=8192)]


class _Command(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="verb"):
    """What all commands have: the run that they are for."""

    run: RunId

    @property
    def verb(self) -> str:
        """The routing key that it is published with."""
        return str(self.__struct_config__.tag)


class StartRun(_Command, frozen=True, kw_only=True, omit_defaults=True, tag="start"):
    """Start a run of `workflow`, in its version `version` or in the one that an event would get.

    `parent` and `address` are the run and the step that ask; `awaits`: they want to know the end.
    """

    namespace: str
    workflow: str
    input: msgspec.Raw
    version: int | None = None
    parent: RunId | None = None
    address: Address = ""
    awaits: bool = False
    depth: Annotated[int, msgspec.Meta(ge=0)] = 0
    key: str | None = None
    traceparent: str | None = None
    tracestate: str | None = None


class RunEnded(_Command, frozen=True, kw_only=True, omit_defaults=True, tag="ended"):
    """Tell run `run` that the run which its step at `address` started is over."""

    address: Address
    child: RunId
    status: Ending
    output: msgspec.Raw = NO_OUTPUT
    error: Failure | None = None


class CancelRun(_Command, frozen=True, kw_only=True, omit_defaults=True, tag="cancel"):
    """Cancel a run: what completed is compensated.

    `parent` and `address`: the step that started it is over. It may not have begun yet, so this is tried
    again: `tries` counts how often.
    """

    why: str = ""
    by: str | None = None
    parent: RunId | None = None
    address: Address = ""
    tries: int = 0


class TerminateRun(_Command, frozen=True, kw_only=True, omit_defaults=True, tag="terminate"):
    """End a run at once. `parent`, `address` and `tries` are as in `CancelRun`."""

    why: str = ""
    by: str | None = None
    parent: RunId | None = None
    address: Address = ""
    tries: int = 0


class AnswerStep(_Command, frozen=True, kw_only=True, omit_defaults=True, tag="answer"):
    """Answer an `ask` step (`step`: its path)."""

    step: str
    data: msgspec.Raw
    by: str | None = None


class ReconcileRun(_Command, frozen=True, kw_only=True, omit_defaults=True, tag="reconcile"):
    """Let out again all that the run has under way, with the same tokens: what was lost is done then."""

    by: str | None = None


Command = StartRun | RunEnded | CancelRun | TerminateRun | AnswerStep | ReconcileRun

_encode = msgspec.json.Encoder().encode
_decode: Any = msgspec.json.Decoder(
    Union[  # noqa: UP007 - a value, not an annotation
        StartRun, RunEnded, CancelRun, TerminateRun, AnswerStep, ReconcileRun
    ]
).decode


def command_to_envelope(command: Command, *, message_id: str, now: float) -> Envelope:
    """Write `command`. `message_id` must be unique to this publish."""
    return Envelope(
        body=_encode(command),
        message_id=message_id,
        correlation_id=command.run,
        timestamp=now,
        app_id=APP_ID,
    )


def command_from_envelope(envelope: Envelope, *, limit: int) -> Command:
    """Read a command's body, of at most `limit` bytes. Raises `RejectedMessage`."""
    envelope.require_json()
    json.decode_object(envelope.body, limit=limit)
    try:
        command: Command = _decode(envelope.body)
    except msgspec.ValidationError as error:
        raise RejectedMessage(Reason.MALFORMED, f"not a command: {error}") from None
    return command
