"""Commands: what runs tell each other, and what operators tell runs. One message, one run.

The verb is the routing key on the commands exchange and stands in the body too, so that a command can be
read by itself. Times are in seconds since the epoch; `by` says who, for the history.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from resistor.errors import Reason, RejectedMessage
from resistor.messages import json
from resistor.messages.envelope import APP_ID, Envelope
from resistor.messages.result import Failure

NO_OUTPUT = msgspec.Raw(b"")

RunId = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9]{20}$")]
Ending = Annotated[str, msgspec.Meta(pattern="^(completed|failed|cancelled|terminated|timed_out)$")]
EventName = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_.-]+$", max_length=200)]
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

    `parent` and `address` are the run and the step that ask; `awaits`: they want to know the end. A rerun
    begins at the step `rerun_at` with what run `rerun_of` had come to before it; without an `input` of its
    own it has that one's.
    """

    namespace: str
    workflow: str
    input: msgspec.Raw = NO_OUTPUT
    version: int | None = None
    parent: RunId | None = None
    address: Address = ""
    awaits: bool = False
    depth: Annotated[int, msgspec.Meta(ge=0)] = 0
    key: str | None = None
    traceparent: str | None = None
    tracestate: str | None = None
    rerun_of: RunId | None = None
    rerun_at: Address = ""


class RunEnded(_Command, frozen=True, kw_only=True, omit_defaults=True, tag="ended"):
    """Tell run `run` that the run which its step at `address` started is over, after so many revivals.

    `order` is the order to retry it that this answers, because it cannot be followed.
    """

    address: Address
    child: RunId
    status: Ending
    output: msgspec.Raw = NO_OUTPUT
    error: Failure | None = None
    revivals: int = 0
    order: str | None = None


class CancelRun(_Command, frozen=True, kw_only=True, omit_defaults=True, tag="cancel"):
    """Cancel a run: what completed is compensated.

    `parent` and `address`: the step that started it is over. It may not have begun yet, so this is tried
    again: `tries` counts how often. It means the run as it is after so many `revivals`, and no later one.
    """

    why: str = ""
    by: str | None = None
    parent: RunId | None = None
    address: Address = ""
    tries: int = 0
    revivals: int = 0


class TerminateRun(_Command, frozen=True, kw_only=True, omit_defaults=True, tag="terminate"):
    """End a run at once. `parent`, `address` and `tries` are as in `CancelRun`."""

    why: str = ""
    by: str | None = None
    parent: RunId | None = None
    address: Address = ""
    tries: int = 0
    revivals: int = 0


class AnswerStep(_Command, frozen=True, kw_only=True, omit_defaults=True, tag="answer"):
    """Answer an `ask` step (`step`: its path)."""

    step: str
    data: msgspec.Raw
    by: str | None = None


class PauseRun(_Command, frozen=True, kw_only=True, omit_defaults=True, tag="pause"):
    """Begin nothing new in a run."""

    why: str = ""
    by: str | None = None


class ResumeRun(_Command, frozen=True, kw_only=True, omit_defaults=True, tag="resume"):
    """Let a run that was paused go on."""

    why: str = ""
    by: str | None = None


class RetryRun(_Command, frozen=True, kw_only=True, omit_defaults=True, tag="retry"):
    """Let a run that did not end well go on where it stopped: everywhere, or at or below `step` (a path).

    `parent` and `address`: the step of another run that is retried itself; `id` is then the order's own.
    """

    id: str | None = None
    step: Address | None = None
    why: str = ""
    by: str | None = None
    parent: RunId | None = None
    address: Address = ""


class RunRevived(_Command, frozen=True, kw_only=True, omit_defaults=True, tag="revived"):
    """Tell run `run` that the run which its step at `address` started, and failed with, goes on."""

    address: Address
    child: RunId
    revivals: int


class SkipStep(_Command, frozen=True, kw_only=True, omit_defaults=True, tag="skip"):
    """Take `output` as what a step (`step`: its path) gave."""

    step: Address
    output: msgspec.Raw = NO_OUTPUT
    why: str = ""
    by: str | None = None


class SignalRun(_Command, frozen=True, kw_only=True, omit_defaults=True, tag="signal"):
    """Tell an event to one run only."""

    event: EventName
    data: msgspec.Raw
    by: str | None = None


class WakeRun(_Command, frozen=True, kw_only=True, omit_defaults=True, tag="wake"):
    """Have a run look at what is due: what comes out of a delay queue."""


class ReconcileRun(_Command, frozen=True, kw_only=True, omit_defaults=True, tag="reconcile"):
    """Let out again all that the run has under way, with the same tokens: what was lost is done then."""

    by: str | None = None


Command = (
    StartRun
    | RunEnded
    | CancelRun
    | TerminateRun
    | AnswerStep
    | PauseRun
    | ResumeRun
    | RetryRun
    | RunRevived
    | SkipStep
    | SignalRun
    | WakeRun
    | ReconcileRun
)

_encode = msgspec.json.Encoder().encode
_decode: Any = msgspec.json.Decoder(Command).decode


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
