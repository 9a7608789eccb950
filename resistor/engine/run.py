"""A run's state: what it is, what its steps are, and what each may become.

Read and written by the engine, stored by the store, shown by ops. Besides its head (`Run.origin`,
`Run.state`, `Run.input`) a run is a set of named *parts*, so that a decision reads and writes only what
it touches, and a step's cost does not grow with the steps that are done:

    s:<path>    a step (`StepRecord`), a block's own counts in it
    i:<path>    what a step was given, where that is not the event's data; the value of an item of a `for`
    o:<path>    what a step gave; `o:` alone is the run's own output
    b:<frame>   how a branch or an item ended (`BlockEnd`)
    v:<frame>   the variables of a frame; `v:` alone are the run's own
    e:<id>      an event that a `listen` has counted: the address of that step
    h:<path>    a step that begins when the run is resumed: the last step with an output before it

Paths are explained in places.py. A step's states:

                 ┌────────────► skipped
    pending ─────┼────────────► failed            (its input could not be made)
                 ├► scheduled ─► running ─► completed | failed | cancelled
                 │     ▲  │         │
                 │     └──┴─────────┴► waiting | retrying
                 ├► running      (a block with steps inside)
                 └► waiting      (a timer, an event, a person, another run)
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

import msgspec

from resistor.errors import IllegalTransition
from resistor.messages.result import Failure


class RunStatus(StrEnum):
    """Where a run is."""

    RUNNING = "running"
    PAUSED = "paused"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    TERMINATED = "terminated"
    TIMED_OUT = "timed_out"

    @property
    def is_final(self) -> bool:
        """Whether the run is over. One that did not end well can be retried by an operator."""
        return self in _ENDS


class StepStatus(StrEnum):
    """Where a step is. `pending` is never stored: it is the absence of a record."""

    PENDING = "pending"
    SCHEDULED = "scheduled"
    RUNNING = "running"
    RETRYING = "retrying"
    WAITING = "waiting"
    COMPLETED = "completed"
    FAILED = "failed"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"
    COMPENSATED = "compensated"

    @property
    def is_out(self) -> bool:
        """Whether an answer of the module would be heard."""
        return self in _OUT

    @property
    def is_sent(self) -> bool:
        """Whether the action is with the broker or with the module, and not handed back."""
        return self in _SENT

    @property
    def is_open(self) -> bool:
        """Whether the step is under way."""
        return self in _OPEN


_ENDS = {
    RunStatus.COMPLETED,
    RunStatus.FAILED,
    RunStatus.CANCELLED,
    RunStatus.TERMINATED,
    RunStatus.TIMED_OUT,
}
_STEP_ENDS = {StepStatus.COMPLETED, StepStatus.FAILED, StepStatus.CANCELLED}
_PAUSES = {StepStatus.WAITING, StepStatus.RETRYING}
_SENT = {StepStatus.SCHEDULED, StepStatus.RUNNING}
_OUT = _SENT | {StepStatus.WAITING}
_OPEN = _SENT | _PAUSES

TRANSITIONS: Mapping[type, Mapping[str, frozenset[str]]] = {
    RunStatus: {
        RunStatus.RUNNING: frozenset({RunStatus.PAUSED} | _ENDS),
        RunStatus.PAUSED: frozenset({RunStatus.RUNNING} | _ENDS),
        RunStatus.COMPLETED: frozenset(),
        RunStatus.FAILED: frozenset({RunStatus.RUNNING}),
        RunStatus.CANCELLED: frozenset({RunStatus.RUNNING}),
        RunStatus.TERMINATED: frozenset({RunStatus.RUNNING}),
        RunStatus.TIMED_OUT: frozenset({RunStatus.RUNNING}),
    },
    StepStatus: {
        StepStatus.PENDING: frozenset(_OPEN | {StepStatus.SKIPPED, StepStatus.FAILED, StepStatus.COMPLETED}),
        StepStatus.SCHEDULED: frozenset({StepStatus.RUNNING} | _PAUSES | _STEP_ENDS),
        StepStatus.RUNNING: frozenset({StepStatus.RUNNING} | _PAUSES | _STEP_ENDS),
        StepStatus.WAITING: frozenset({StepStatus.SCHEDULED, StepStatus.RUNNING} | _PAUSES | _STEP_ENDS),
        StepStatus.RETRYING: frozenset({StepStatus.WAITING} | _SENT | _STEP_ENDS),
        StepStatus.COMPLETED: frozenset({StepStatus.COMPENSATED}),
        StepStatus.FAILED: frozenset(_SENT | {StepStatus.WAITING}),
        StepStatus.SKIPPED: frozenset(),
        StepStatus.CANCELLED: frozenset(_SENT | {StepStatus.WAITING}),
        StepStatus.COMPENSATED: frozenset(),
    },
}
"""What each status may become. The only place that says so.

By kind first: a run's `completed` and a step's are the same text, and would be one key. A step that is
begun again (`then` backwards) is a new record in the old one's place, and starts from pending. What did not
end well goes on only where an operator retries it (reviving.py).
"""

Status = TypeVar("Status", RunStatus, StepStatus)


def become(now: Status, then: Status) -> Status:
    """Return `then`. Raises `IllegalTransition` where `now` cannot become it."""
    if then not in TRANSITIONS[type(now)][now]:
        raise IllegalTransition(f"{now} cannot become {then}")
    return then


# --------------------------------------------------------------------------------------- what is loaded


class Reads(msgspec.Struct, frozen=True):
    """What a decision looks at: the head always, these `parts`, everything, or what is outstanding too.

    `outstanding` asks for the run's unconfirmed outgoing messages and its timers that are due.
    """

    parts: frozenset[str] = frozenset()
    everything: bool = False
    outstanding: bool = False


EVERYTHING = Reads(everything=True, outstanding=True)


class EventRef(msgspec.Struct, frozen=True, array_like=True):
    """Which event started a run. `time` is in seconds since the epoch, as the sender gave it."""

    id: str | None
    type: str
    source: str | None = None
    time: float | None = None


class Parent(msgspec.Struct, frozen=True, array_like=True):
    """The run and the address of the step that a run was started by. `awaits`: it waits for the end."""

    run: str
    address: str
    awaits: bool = True


class Origin(msgspec.Struct, frozen=True, array_like=True):
    """What a run began with, and keeps to its end. Times are in seconds since the epoch.

    `depth` counts the runs above this one. `rerun_of` is the run that this one took earlier results from.
    """

    namespace: str
    workflow: str
    version: int
    digest: str
    event: EventRef
    started_at: float
    traceparent: str | None = None
    tracestate: str | None = None
    labels: dict[str, str] = {}
    parent: Parent | None = None
    depth: int = 0
    rerun_of: str | None = None


# --------------------------------------------------------------------------------------- blocks' counts


class Chosen(msgspec.Struct, frozen=True, tag="switch", omit_defaults=True):
    """A switch: the case that runs."""

    case: int


class Counts(msgspec.Struct, frozen=True, tag="parallel", omit_defaults=True):
    """A fork or a for: how many there are, have begun, ended well and ended badly.

    `wanted` counts the named branches that a join still waits for.
    """

    total: int
    begun: int = 0
    succeeded: int = 0
    failed: int = 0
    wanted: int = 0
    failure: Failure | None = None

    @property
    def ended(self) -> int:
        """How many have ended."""
        return self.succeeded + self.failed


class Rounds(msgspec.Struct, frozen=True, tag="while", omit_defaults=True):
    """A while: the round that runs."""

    index: int = 0


class Guard(msgspec.Struct, frozen=True, omit_defaults=True):
    """A try, or a module or run step with catches: which of its blocks runs, and what was caught.

    `block` is the label of the catch's or finally's block that runs, empty while the guarded part does.
    `tries` counts how often the guarded part began, `used` how often each catch entry made it begin again.
    `failure` is the error that was caught by entry `caught`; while `finally` runs, without `caught`, it is
    what follows. `is_paused`: the guarded part begins again when the pause is over.
    """

    block: str = ""
    tries: int = 1
    is_paused: bool = False
    used: dict[int, int] = {}
    failure: Failure | None = None
    caught: int | None = None


class Hearing(msgspec.Struct, frozen=True, tag="listen", omit_defaults=True):
    """A listen: how many events have counted, and the business key that it goes by."""

    count: int = 0
    key: str | None = None
    since: float = 0.0


class Child(msgspec.Struct, frozen=True, tag="run", omit_defaults=True):
    """A run step: the run that it started, and in which workflow.

    `revivals`: what that run says of an end before it was retried so often counts no more.
    """

    run: str
    namespace: str
    workflow: str
    key: str | None = None
    revivals: int = 0


class Passage(msgspec.Struct, frozen=True, tag="gates", omit_defaults=True):
    """An action's way to its module: through the gates of its limits, and past an operator's pause.

    `number` counts these ways, `index` is the gate that it waits at, behind the last one when it is out.
    `keys` has each gate's key as canonical JSON text. `is_in`: it has been at the gates, and has not left
    them. `held`: its module is paused, and why. `left` is what an attempt that was held had of its time, in
    seconds. `is_told`: that the attempt was scheduled is said.
    """

    number: int = 1
    index: int = 0
    keys: tuple[str | None, ...] = ()
    is_in: bool = False
    held: str | None = None
    left: float | None = None
    is_told: bool = False


Control = Chosen | Counts | Rounds | Hearing | Child | Passage


class StepRecord(msgspec.Struct, frozen=True, omit_defaults=True, rename={"scheduled_at": "at"}):
    """One step's state. Times are in seconds since the epoch.

    `turn` counts how often the step was begun (`then` backwards), `attempt` the attempts of this turn, of
    which `earlier` belong to former tries of a catch's `retry`. `before` is the last step with an output
    that completed before this one in its list, `output_of` the inner step whose output is this one's.
    `resume_at` ends a pause, `deadline` the attempt, `silent_at` the module's silence. `undo` links the
    completed steps that can be undone, the last one first. `action` is what an expression made of it.
    `blocked` says why the action reaches nobody now, `late` is the attempt whose token had expired when its
    answer came: that is noted once.
    """

    status: StepStatus
    scheduled_at: float
    attempt: int = 1
    started_at: float | None = None
    finished_at: float | None = None
    turn: int = 1
    failure: Failure | None = None
    before: str | None = None
    output_of: str | None = None
    resume_at: float | None = None
    deadline: float | None = None
    silent_at: float | None = None
    control: Control | None = None
    guard: Guard | None = None
    earlier: int = 0
    first_at: float | None = None
    undo: str | None = None
    action: str | None = None
    blocked: str | None = None
    late: int | None = None

    @property
    def has_action_out(self) -> bool:
        """Whether the step, if it is a module's, waits for an answer: it is sent, and no catch runs."""
        return self.status.is_sent and not (self.guard is not None and self.guard.block)

    @property
    def wake_at(self) -> float | None:
        """When the step wants to be looked at; None: only a message moves it."""
        if not self.status.is_open:
            return None
        if self.resume_at is self.deadline is self.silent_at is None:
            return None
        return min(at for at in (self.resume_at, self.deadline, self.silent_at) if at is not None)


class BlockEnd(msgspec.Struct, frozen=True, omit_defaults=True):
    """How a branch of a fork or an item of a for ended: with the output of a step, with none, or badly."""

    output_of: str | None = None
    failure: Failure | None = None


class Phase(StrEnum):
    """Which part of its definition a run is in."""

    QUEUED = "queued"  # it waits for a slot of its concurrency key
    BODY = "body"
    COMPENSATING = "compensating"
    ON_FAILURE = "on_failure"
    FINALLY = "finally"


class RunState(msgspec.Struct, frozen=True, omit_defaults=True):
    """The part of a run that changes, apart from its parts.

    From the moment that its end is certain, `ending` is the status that it will have, while compensations,
    `on_failure` and `finally` run. `deadline` ends the run, or its finally. `undo` is the last completed step
    that can be undone; `undone` whether all of them were. `steps` counts the steps that were begun.
    `slot_key` is the concurrency key that the run goes by. `had_finally`: it failed, and is not run again.
    `waiting` are the runs that want to know the end, besides its parent; `left` those of all of them that
    are over themselves. While it is paused, since `paused_at`, steps that would begin are kept as parts
    (`h:`); `is_end_held`: so is what follows on the way to its end. `orders` are the ids of the last orders
    that were followed, `revivals` counts how often it was retried, and `revive_at` is where, while it waits
    for a slot. A rerun began at `rerun_at`, behind the output of `rerun_behind`.
    """

    status: RunStatus
    phase: Phase = Phase.BODY
    ending: RunStatus | None = None
    failure: Failure | None = None
    output_of: str | None = None
    finished_at: float | None = None
    deadline: float | None = None
    undo: str | None = None
    undone: bool | None = None
    steps: int = 0
    had_finally: bool = False
    slot_key: str | None = None
    waiting: tuple[Parent, ...] = ()
    left: tuple[Parent, ...] = ()
    paused_at: float | None = None
    is_end_held: bool = False
    orders: tuple[str, ...] = ()
    revivals: int = 0
    revive_at: str | None = None
    rerun_at: str | None = None
    rerun_behind: str | None = None


Part = StepRecord | BlockEnd | bytes


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """A run, or the part of it that was asked for.

    `revision` counts commits and is what two daemons compare; 0 is a run that is not stored yet. `parts` maps
    what was loaded to its value, None where there is no such part; a part that is not in it was not loaded,
    unless the run `is_whole`. `unconfirmed` names the outgoing messages that are not confirmed, `overdue`
    those of them that should be by now, `due` the addresses whose timers are due (`""`: the run's own); all
    three only where they were asked for.
    """

    id: str
    origin: Origin
    state: RunState
    revision: int = 0
    input: bytes = b"{}"
    parts: Mapping[str, Part | None] = {}
    is_whole: bool = False
    unconfirmed: frozenset[str] = frozenset()
    overdue: frozenset[str] = frozenset()
    due: tuple[str, ...] = ()

    @property
    def steps(self) -> dict[str, StepRecord]:
        """The step records at hand, by path."""
        found = self.parts.items()
        return {name[2:]: part for name, part in found if isinstance(part, StepRecord)}

    @property
    def inputs(self) -> dict[str, bytes]:
        """The inputs at hand, by path."""
        return self._payloads("i:")

    @property
    def outputs(self) -> dict[str, bytes]:
        """The outputs at hand, by path."""
        return self._payloads("o:")

    def _payloads(self, kind: str) -> dict[str, bytes]:
        found = self.parts.items()
        return {name[2:]: part for name, part in found if name.startswith(kind) and isinstance(part, bytes)}
