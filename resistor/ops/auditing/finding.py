"""What an audit found. Values only."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from resistor.store.surveying import Place


class Kind(StrEnum):
    """What is wrong."""

    NOT_DUE = "not_due"  # an open run that nobody would ever look at
    OVERDUE = "overdue"  # a run that should have been looked at long ago
    UNCONFIRMED = "unconfirmed"  # something that no queue has taken for long
    TIMER_MISSED = "timer_missed"
    CHILD_MISSING = "child_missing"
    CHILD_OVER = "child_over"  # its end was never told
    PARENT_OVER = "parent_over"  # a run that should have been ended with the one that waited for it
    NO_QUEUE = "no_queue"  # the module of a step has none
    LOST = "lost"  # an action that is in no queue and with no consumer
    SILENT = "silent"  # an action that may be with a consumer, for long
    DUE_OF_NONE = "due_of_none"
    SLOT_OF_NONE = "slot_of_none"
    LISTENER_OF_NONE = "listener_of_none"


@dataclass(frozen=True, slots=True)
class Finding:
    """One run that could be stuck, or something that a run has left behind.

    `step` is an address in it, `since` when it began, in seconds since the epoch. Not `is_certain`: it may
    be as it should be. `place` is what is left behind in a set of slots or of listeners.
    """

    kind: Kind
    run: str
    what: str
    step: str | None = None
    since: float | None = None
    is_certain: bool = True
    place: Place | None = None
