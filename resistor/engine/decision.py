"""What follows from a message: the new state, what goes out, and the facts.

Everything that goes out has a name that is unique in its run, stands in the run's outbox under it until it is
confirmed, and can be made again from the run's state, byte for byte (outbox.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

import msgspec

from resistor.engine.facts import Fact
from resistor.engine.run import Parent, Run, RunStatus
from resistor.messages.result import Failure


class Verdict(StrEnum):
    """What a message turned out to be."""

    APPLIED = "applied"
    DUPLICATE = "duplicate"  # applied before: the same goes out again, where it is unconfirmed
    IGNORED = "ignored"  # an event that its `match` does not want
    CONFLICT = "conflict"  # a start of a run that is there, with other data: the first one counts
    LATE = "late"  # an answer whose token has expired
    STALE = "stale"  # too late: the run is over, the step is done, or another attempt is out
    AHEAD = (
        "ahead"  # of a step that this run has not reached: the store went back in time, so all goes out again
    )


class Dispatch(msgspec.Struct, frozen=True, kw_only=True):
    """Send one attempt at one step to its module. Its name in the outbox is the step's address.

    `scheduled_at` is in seconds since the epoch: the token's expiry counts from it, so that it too is the
    same every time. `deadline` is when the attempt times out.
    """

    name: str
    path: str
    attempt: int
    module: str
    action: str
    input: bytes
    metadata: bytes
    idempotency_key: str
    scheduled_at: float
    deadline: float | None = None
    priority: int | None = None


class Emission(msgspec.Struct, frozen=True, kw_only=True):
    """Publish an event. `id` is its message id, the same every time."""

    name: str
    namespace: str
    event: str
    id: str
    data: bytes


class StartChild(msgspec.Struct, frozen=True, kw_only=True):
    """Start another run. `version` None: as an event would choose; `key` is its idempotency key, if any."""

    name: str
    run: str
    namespace: str
    workflow: str
    version: int | None
    input: bytes
    parent: Parent
    depth: int
    key: str | None = None


class EndChild(msgspec.Struct, frozen=True, kw_only=True):
    """Cancel the run `run` (`is_forced`: terminate it) that `parent` waits for no more.

    Where it was retried more often than `revivals`, somebody waits for it again, and this is late.
    """

    name: str
    run: str
    parent: Parent
    revivals: int = 0
    is_forced: bool = False


class RetryChild(msgspec.Struct, frozen=True, kw_only=True):
    """Let the run `run`, that `parent` waits for and that did not end well, go on. `id` is the order's."""

    name: str
    id: str
    run: str
    parent: Parent


class TellRevived(msgspec.Struct, frozen=True, kw_only=True):
    """Tell the step that started this run, and failed with it, that it goes on: so often by now."""

    name: str
    to: Parent
    revivals: int


class Nudge(msgspec.Struct, frozen=True, kw_only=True):
    """Have the run look at what is due at `at`, in seconds since the epoch, besides its timer."""

    name: str
    at: float


class TellEnd(msgspec.Struct, frozen=True, kw_only=True):
    """Tell the step that started this run how it ended, after so many revivals.

    `order`: this answers an order to retry it, which cannot be followed.
    """

    name: str
    to: Parent
    status: RunStatus
    output: bytes | None
    failure: Failure | None
    revivals: int = 0
    order: str | None = None


class Subscribe(msgspec.Struct, frozen=True, kw_only=True):
    """Have events told to the `listen` at `address`, those too that came since `since`.

    `key` is the business key as canonical JSON text, None where the step has none.
    """

    name: str
    namespace: str
    event: str
    key: str | None
    address: str
    since: float


class Unsubscribe(msgspec.Struct, frozen=True, kw_only=True):
    """The `listen` at `address` waits no more."""

    name: str
    namespace: str
    event: str
    key: str | None
    address: str


class AcquireSlot(msgspec.Struct, frozen=True, kw_only=True):
    """Ask for a slot of a concurrency key. `on_conflict` is `queue`, `reject` or `cancel_running`."""

    name: str
    namespace: str
    workflow: str
    key: str
    limit: int
    on_conflict: str


class ReleaseSlot(msgspec.Struct, frozen=True, kw_only=True):
    """Give the slot back, or the place in the queue for one."""

    name: str
    namespace: str
    workflow: str
    key: str
    limit: int


class EnterGate(msgspec.Struct, frozen=True, kw_only=True):
    """Ask a gate to let an action out. `number` counts the ways to the gates, `index` the gates of this one.

    `gate` is its name and, where it counts by one, the key; `limit` or `interval` is as in `Gate`.
    """

    name: str
    gate: str
    limit: int | None
    interval: float | None
    address: str
    number: int
    index: int
    module: str
    attempt: int
    priority: int = 0


class LeaveGates(msgspec.Struct, frozen=True, kw_only=True):
    """The action is out no more, or waits no more. `gates`: the index of each, and its name with the key."""

    name: str
    gates: tuple[tuple[int, str], ...]
    address: str
    number: int


class Hold(msgspec.Struct, frozen=True, kw_only=True):
    """Wait until a paused module goes on."""

    name: str
    module: str
    address: str
    number: int
    priority: int = 0


class Unhold(msgspec.Struct, frozen=True, kw_only=True):
    """Wait for a paused module no more."""

    name: str
    module: str
    address: str
    number: int


Outgoing = (
    Dispatch
    | Emission
    | StartChild
    | EndChild
    | RetryChild
    | TellEnd
    | TellRevived
    | Nudge
    | Subscribe
    | Unsubscribe
    | AcquireSlot
    | ReleaseSlot
    | EnterGate
    | LeaveGates
    | Hold
    | Unhold
)


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """The outcome of `advance`.

    `run` is the new state (the old one, where nothing changed). `timers` says of paths when they want to be
    woken, None: no more. `settled` names outgoing messages that need no confirmation any more: an answer
    has come, so they have arrived, or nobody wants them.
    """

    verdict: Verdict
    run: Run
    outgoing: tuple[Outgoing, ...] = ()
    facts: tuple[Fact, ...] = ()
    timers: Mapping[str, float | None] = {}
    settled: tuple[str, ...] = ()
