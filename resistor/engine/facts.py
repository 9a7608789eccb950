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

    RUN_STARTED = "run_started"
    RUN_COMPLETED = "run_completed"
    RUN_FAILED = "run_failed"
    STEP_SCHEDULED = "step_scheduled"
    STEP_PROGRESSED = "step_progressed"
    STEP_POSTPONED = "step_postponed"  # the module answered `later`
    STEP_RESUMED = "step_resumed"  # … and has the action again
    STEP_COMPLETED = "step_completed"
    STEP_FAILED = "step_failed"


class Fact(msgspec.Struct, frozen=True, array_like=True):
    """One thing that happened. `at` is in seconds since the epoch; `details` depends on the name."""

    at: float
    name: FactName
    step: str | None = None
    attempt: int | None = None
    details: dict[str, Any] = {}
