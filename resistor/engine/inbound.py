"""What a run can be told. Every message carries what its meaning needs; nothing else is asked for.

`address` is a place in the run (places.py): a step's path, with `#n` where it was begun for the n-th time.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from resistor.engine.run import Parent, RunStatus
from resistor.messages.event import Event
from resistor.messages.result import Answer, Failure


class Start(msgspec.Struct, frozen=True, kw_only=True):
    """An event, a schedule or another run asks for run `run`. `parent` is the step that asks."""

    run: str
    event: Event
    parent: Parent | None = None
    depth: int = 0


class Answered(msgspec.Struct, frozen=True):
    """A module answered attempt `attempt` of the step at `address`. The token has been verified."""

    address: str
    attempt: int
    answer: Answer


class Wake(msgspec.Struct, frozen=True):
    """Time has passed, or something was not confirmed: look at what the run was loaded with."""


class Heard(msgspec.Struct, frozen=True):
    """An event that the `listen` at `address` waits for, by its business key. `id` counts it once."""

    address: str
    id: str
    event: Event


class ChildEnded(msgspec.Struct, frozen=True, kw_only=True):
    """The run `run` that the step at `address` started is over."""

    address: str
    run: str
    status: RunStatus
    output: bytes | None = None
    failure: Failure | None = None


class Replied(msgspec.Struct, frozen=True, kw_only=True):
    """A person answers the `ask` at `address` (a path will do). `data` is JSON; `by` says who."""

    address: str
    data: bytes
    by: str | None = None


class Granted(msgspec.Struct, frozen=True):
    """The run has a slot of its concurrency key."""


class Denied(msgspec.Struct, frozen=True):
    """The run gets no slot of its concurrency key."""

    why: str


class Cancel(msgspec.Struct, frozen=True, kw_only=True):
    """End the run; what completed is compensated.

    `parent` is the step of another run that waited for this one and does no more: the run ends only if it was
    started by a run, and no other waits.
    """

    why: str = ""
    by: str | None = None
    parent: Parent | None = None


class Terminate(msgspec.Struct, frozen=True, kw_only=True):
    """End the run at once; nothing of it runs any more. `parent` is as in `Cancel`."""

    why: str = ""
    by: str | None = None
    parent: Parent | None = None


class Reconcile(msgspec.Struct, frozen=True):
    """The store may have gone back in time: let out again all that is under way, under the same names.

    With `since`, in seconds since the epoch, also what the run let out from then on and waits for no more.
    """

    since: float | None = None


Inbound = (
    Start | Answered | Wake | Heard | ChildEnded | Replied | Granted | Denied | Cancel | Terminate | Reconcile
)

Details = Mapping[str, object]
