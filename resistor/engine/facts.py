"""What happened in a run, said once.

A fact is history in Redis, a log line, a counter, a span's end and an update of a live page, all from
this one value. The engine makes them; nobody else does.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import msgspec


class FactName(StrEnum):
    """Every fact there is."""

    RUN_QUEUED = "run_queued"  # it waits for a slot of its concurrency key
    RUN_STARTED = "run_started"
    RUN_PAUSED = "run_paused"  # by an operator: nothing new begins
    RUN_RESUMED = "run_resumed"
    RUN_RETRIED = "run_retried"  # it had not ended well, and goes on where it stopped
    RUN_ENDING = "run_ending"  # its end is certain: compensations, `on_failure` and `finally` begin
    RUN_COMPLETED = "run_completed"
    RUN_FAILED = "run_failed"
    RUN_CANCELLED = "run_cancelled"
    RUN_TERMINATED = "run_terminated"
    RUN_TIMED_OUT = "run_timed_out"
    STEP_SCHEDULED = "step_scheduled"  # an action goes to its module
    STEP_QUEUED = "step_queued"  # it waits at a gate: a limit of its module
    STEP_ADMITTED = "step_admitted"  # … and is let through, from a moment on
    STEP_HELD = "step_held"  # its module is paused
    STEP_RELEASED = "step_released"  # … and goes on
    STEP_STARTED = "step_started"  # a block, a timer, a listen … begins
    STEP_SKIPPED = "step_skipped"
    STEP_BLOCKED = "step_blocked"  # its action reaches nobody now
    STEP_UNBLOCKED = "step_unblocked"  # … and now it is with its module
    STEP_OVERRIDDEN = "step_overridden"  # an operator said what it gave
    STEP_PROGRESSED = "step_progressed"
    STEP_POSTPONED = "step_postponed"  # the module answered `later`
    STEP_RESUMED = "step_resumed"  # … and has the action again
    STEP_TIMED_OUT = "step_timed_out"
    STEP_RETRYING = "step_retrying"
    STEP_CAUGHT = "step_caught"  # a catch takes the error
    STEP_HEARD = "step_heard"  # an event counted
    STEP_ANSWERED = "step_answered"  # by a person
    STEP_ANSWERED_LATE = "step_answered_late"  # with a token that had expired: the answer does not count
    STEP_COMPLETED = "step_completed"
    STEP_FAILED = "step_failed"
    STEP_CANCELLED = "step_cancelled"
    STEP_COMPENSATED = "step_compensated"
    COMPENSATION_FAILED = "compensation_failed"


class Fact(msgspec.Struct, frozen=True, array_like=True):
    """One thing that happened. `at` is in seconds since the epoch; `details` depends on the name."""

    at: float
    name: FactName
    step: str | None = None
    attempt: int | None = None
    details: dict[str, Any] = {}
