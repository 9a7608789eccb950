"""What a run can be told. Every message carries what its meaning needs; nothing else is asked for.

`address` is a place in the run (places.py): a step's path, with `#n` where it was begun for the n-th time.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from resistor.engine.run import Parent, Run, RunStatus
from resistor.messages.event import Event
from resistor.messages.result import Answer, Failure


class Reuse(msgspec.Struct, frozen=True, kw_only=True):
    """Begin at the step at `path`, with what the run `run` had come to before it."""

    run: Run
    path: str


class Start(msgspec.Struct, frozen=True, kw_only=True):
    """An event, a schedule, another run or an operator asks for run `run`. `parent` is the step that asks."""

    run: str
    event: Event
    parent: Parent | None = None
    depth: int = 0
    reuse: Reuse | None = None


class Answered(msgspec.Struct, frozen=True):
    """A module answered attempt `attempt` of the step at `address`. The token has been verified."""

    address: str
    attempt: int
    answer: Answer


class AnsweredLate(msgspec.Struct, frozen=True):
    """A module answered with a token of ours that had expired `seconds` ago. What it said was not read."""

    address: str
    attempt: int
    seconds: float


class Wake(msgspec.Struct, frozen=True):
    """Time has passed, or something was not confirmed: look at what the run was loaded with.

    `is_nudge`: it came out of a delay queue, so only what is due counts, and nothing is sent again.
    """

    is_nudge: bool = False


class Heard(msgspec.Struct, frozen=True):
    """An event that the `listen` at `address` waits for, by its business key. `id` counts it once."""

    address: str
    id: str
    event: Event


class ChildEnded(msgspec.Struct, frozen=True, kw_only=True):
    """The run `run` that the step at `address` started is over, after so many revivals.

    `order` is the order to retry it that this answers, because it cannot be followed.
    """

    address: str
    run: str
    status: RunStatus
    output: bytes | None = None
    failure: Failure | None = None
    revivals: int = 0
    order: str | None = None


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


class Admitted(msgspec.Struct, frozen=True):
    """Gate `index` lets the action at `address` on, on its way `number`.

    From `at` on, in seconds since the epoch.
    """

    address: str
    number: int
    index: int
    at: float


class Held(msgspec.Struct, frozen=True):
    """The module of attempt `attempt` at `address` is paused, so it was not sent. `why`: what for."""

    address: str
    attempt: int
    why: str


class Released(msgspec.Struct, frozen=True):
    """The module that the action at `address` waits for, on its way `number`, goes on."""

    address: str
    number: int


class Cancel(msgspec.Struct, frozen=True, kw_only=True):
    """End the run; what completed is compensated.

    `parent` is the step of another run that waited for this one and does no more: the run ends only if it was
    started by a run, and no other waits; and not if it was retried more often than `revivals` by now.
    """

    why: str = ""
    by: str | None = None
    parent: Parent | None = None
    revivals: int = 0


class Terminate(msgspec.Struct, frozen=True, kw_only=True):
    """End the run at once; nothing of it runs any more. `parent` and `revivals` are as in `Cancel`."""

    why: str = ""
    by: str | None = None
    parent: Parent | None = None
    revivals: int = 0


# ------------------------------------------------------------------------------------ operators' orders
#
# `id` is the command's own: an order that is delivered again, however late, is not followed twice.


class Pause(msgspec.Struct, frozen=True, kw_only=True):
    """Begin nothing new, until the run is resumed."""

    id: str
    why: str = ""
    by: str | None = None


class Resume(msgspec.Struct, frozen=True, kw_only=True):
    """Go on after a pause."""

    id: str
    why: str = ""
    by: str | None = None


class Retry(msgspec.Struct, frozen=True, kw_only=True):
    """Let a run that did not end well go on where it stopped: everywhere, or below `step` (a path) only.

    `parent` is the step of another run that is retried itself: it is told at once where nothing can be done.
    """

    id: str
    step: str | None = None
    why: str = ""
    by: str | None = None
    parent: Parent | None = None
    revivals: int = 0


class Skip(msgspec.Struct, frozen=True, kw_only=True):
    """Take `output`, which is JSON, as what `step` gave, and go on; a run that has failed there, too."""

    id: str
    step: str
    output: bytes = b"null"
    why: str = ""
    by: str | None = None


class Signal(msgspec.Struct, frozen=True, kw_only=True):
    """Tell an event to this run only: to every `listen` in it that waits for one of that name."""

    id: str
    event: Event
    by: str | None = None


# ------------------------------------------------------------------------------------- what became of it


class ChildRevived(msgspec.Struct, frozen=True, kw_only=True):
    """The run `run` that the step at `address` started, and that had failed, goes on: so often by now."""

    address: str
    run: str
    revivals: int


class Undelivered(msgspec.Struct, frozen=True, kw_only=True):
    """The action that goes by `name` in the outbox, of attempt `attempt`, reaches nobody now."""

    name: str
    attempt: int
    why: str


class Delivered(msgspec.Struct, frozen=True, kw_only=True):
    """… and now it has: it is with its module."""

    name: str
    attempt: int


class Reconcile(msgspec.Struct, frozen=True):
    """The store may have gone back in time: let out again all that is under way, under the same names.

    With `since`, in seconds since the epoch, also what the run let out from then on and waits for no more.
    """

    since: float | None = None


Order = Cancel | Terminate | Pause | Resume | Retry | Skip | Signal
Inbound = (
    Start
    | Answered
    | AnsweredLate
    | Wake
    | Heard
    | ChildEnded
    | ChildRevived
    | Replied
    | Granted
    | Denied
    | Admitted
    | Held
    | Released
    | Undelivered
    | Delivered
    | Reconcile
    | Order
)

Details = Mapping[str, object]
