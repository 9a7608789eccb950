"""A run's state: what it is, what its steps are, and what each may become.

Read and written by the engine, stored by the store, shown by ops. A `Run` may be loaded in part:
`steps`, `inputs` and `outputs` hold what was asked for (`Reads`), so that a step's cost does not grow
with the steps that are done.

                 ┌────────────► skipped
    pending ─────┼────────────► failed            (its input could not be made)
                 └► scheduled ─► running ─► completed | failed | cancelled
                       ▲  │         │
                       │  └─────────┴► waiting     (the module answered `later`)
                       └────────────────┘
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
        """Whether nothing can happen in the run any more."""
        return not TRANSITIONS[RunStatus][self]


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

TRANSITIONS: Mapping[type, Mapping[str, frozenset[str]]] = {
    RunStatus: {
        RunStatus.RUNNING: frozenset({RunStatus.PAUSED} | _ENDS),
        RunStatus.PAUSED: frozenset({RunStatus.RUNNING} | _ENDS),
        RunStatus.COMPLETED: frozenset(),
        RunStatus.FAILED: frozenset(),
        RunStatus.CANCELLED: frozenset(),
        RunStatus.TERMINATED: frozenset(),
        RunStatus.TIMED_OUT: frozenset(),
    },
    StepStatus: {
        StepStatus.PENDING: frozenset({StepStatus.SCHEDULED, StepStatus.SKIPPED, StepStatus.FAILED}),
        StepStatus.SCHEDULED: frozenset({StepStatus.RUNNING} | _PAUSES | _STEP_ENDS),
        StepStatus.RUNNING: frozenset({StepStatus.RUNNING} | _PAUSES | _STEP_ENDS),
        StepStatus.WAITING: frozenset({StepStatus.SCHEDULED} | _STEP_ENDS),
        StepStatus.RETRYING: frozenset({StepStatus.SCHEDULED} | _STEP_ENDS),
        StepStatus.COMPLETED: frozenset({StepStatus.COMPENSATED}),
        StepStatus.FAILED: frozenset(),
        StepStatus.SKIPPED: frozenset(),
        StepStatus.CANCELLED: frozenset(),
        StepStatus.COMPENSATED: frozenset(),
    },
}
"""What each status may become. The only place that says so.

By kind first: a run's `completed` and a step's are the same text, and would be one key.
"""

Status = TypeVar("Status", RunStatus, StepStatus)


def become(now: Status, then: Status) -> Status:
    """Return `then`. Raises `IllegalTransition` where `now` cannot become it."""
    if then not in TRANSITIONS[type(now)][now]:
        raise IllegalTransition(f"{now} cannot become {then}")
    return then


class Reads(msgspec.Struct, frozen=True):
    """Which parts of a run a decision looks at: step records, and outputs, by step."""

    steps: frozenset[str] = frozenset()
    outputs: frozenset[str] = frozenset()
    everything: bool = False


EVERYTHING = Reads(everything=True)


class EventRef(msgspec.Struct, frozen=True, array_like=True):
    """Which event started a run. `time` is in seconds since the epoch, as the sender gave it."""

    id: str | None
    type: str
    source: str | None = None
    time: float | None = None


class Origin(msgspec.Struct, frozen=True, array_like=True):
    """What a run began with, and keeps to its end. Times are in seconds since the epoch."""

    namespace: str
    workflow: str
    version: int
    digest: str
    event: EventRef
    started_at: float
    traceparent: str | None = None
    tracestate: str | None = None
    labels: dict[str, str] = {}
    parent: str | None = None


class StepRecord(msgspec.Struct, frozen=True, array_like=True):
    """One step's state. Times are in seconds since the epoch.

    `resume_at` is when a module that answered `later` gets its action again.
    """

    status: StepStatus
    attempt: int
    scheduled_at: float
    started_at: float | None = None
    finished_at: float | None = None
    failure: Failure | None = None
    resume_at: float | None = None


class RunState(msgspec.Struct, frozen=True, array_like=True):
    """The part of a run that changes, apart from its steps.

    `output_of` names the step whose output is the run's; `current` the step that is out.
    """

    status: RunStatus
    current: str | None = None
    finished_at: float | None = None
    failure: Failure | None = None
    output_of: str | None = None


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """A run, or the part of it that was asked for.

    `revision` counts commits and is what two daemons compare; 0 is a run that is not stored yet.
    `inputs` holds the inputs that differ from the event's data; `unconfirmed` the steps whose action the
    broker has not confirmed.
    """

    id: str
    origin: Origin
    state: RunState
    revision: int = 0
    input: bytes = b"{}"
    steps: Mapping[str, StepRecord] = {}
    inputs: Mapping[str, bytes] = {}
    outputs: Mapping[str, bytes] = {}
    unconfirmed: frozenset[str] = frozenset()

    @property
    def wake_at(self) -> float | None:
        """When the run wants to be looked at, in seconds since the epoch; None: only a message moves it."""
        record = self.steps.get(self.state.current) if self.state.current is not None else None
        return None if record is None else record.resume_at
