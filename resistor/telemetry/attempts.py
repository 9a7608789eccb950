"""Which attempt at which action a fact ended, and how: what is measured, and what a span is made of.

Called by `recording.py` for facts about module steps and compensations. Pure.
"""

from __future__ import annotations

from typing import NamedTuple

from resistor.engine.facts import Fact, FactName
from resistor.engine.places import COMPENSATE, path_of
from resistor.engine.run import Run, StepRecord, StepStatus
from resistor.messages.result import Failure

_FAILS = frozenset({FactName.STEP_RETRYING, FactName.STEP_CAUGHT, FactName.STEP_FAILED})
_ENDS = frozenset({*_FAILS, FactName.STEP_COMPLETED, FactName.STEP_CANCELLED})
UNDOES = frozenset({FactName.STEP_COMPENSATED, FactName.COMPENSATION_FAILED})
"""Facts that end a compensation, and name the step that it undoes."""


class Attempt(NamedTuple):
    """An attempt that is over. `address` and `number` are those that went out with the action.

    `record` is the step's, as it was when the attempt was out, or after it.
    """

    address: str
    number: int
    record: StepRecord
    failure: Failure | None = None
    is_cancelled: bool = False

    @property
    def path(self) -> str:
        """What the step's record goes by."""
        return path_of(self.address)


def record_at(path: str, attempt: int | None, before: Run | None, after: Run) -> StepRecord | None:
    """Return a step's record, of this attempt where it can be had: a later one may be out by now."""
    name = f"s:{path}"
    record = after.parts.get(name)
    if not isinstance(record, StepRecord):
        return None
    if attempt is None or record.attempt == attempt or before is None:
        return record
    earlier = before.parts.get(name)
    return earlier if isinstance(earlier, StepRecord) else record


def ended(fact: Fact, before: Run | None, after: Run) -> Attempt | None:
    """Return the attempt that `fact` ended, None where it ended none."""
    if fact.step is None:
        return None
    if fact.name in UNDOES:
        return _compensation(fact, after)
    if fact.name not in _ENDS:
        return None
    record = record_at(fact.step, fact.attempt, before, after)
    if record is None or not _was_out(fact, record, before):
        return None
    address = fact.step if record.turn == 1 else f"{fact.step}#{record.turn}"
    is_cancelled = fact.name is FactName.STEP_CANCELLED
    failure = _failure(fact) if fact.name in _FAILS else None
    return Attempt(address, fact.attempt or record.attempt, record, failure, is_cancelled)


def _was_out(fact: Fact, record: StepRecord, before: Run | None) -> bool:
    """Whether the attempt had not ended before: in a catch's block, or between two attempts, none is out."""
    if fact.name in (FactName.STEP_RETRYING, FactName.STEP_CAUGHT):
        return True
    if record.guard is not None and record.guard.block:
        return False
    earlier = before.parts.get(f"s:{fact.step}") if before is not None else None
    if not isinstance(earlier, StepRecord) or earlier.status is not StepStatus.RETRYING:
        return True
    return (earlier.turn, earlier.attempt) != (record.turn, record.attempt)


def _compensation(fact: Fact, after: Run) -> Attempt | None:
    """Find the compensation that has just ended: which turn it undid, the fact does not say."""
    for name in (f"s:{fact.step}/{COMPENSATE}", *_of_later_turns(fact.step or "", after)):
        record = after.parts.get(name)
        if isinstance(record, StepRecord) and record.finished_at == fact.at:
            return Attempt(name[2:], record.attempt, record, _failure(fact))
    return None


def _of_later_turns(path: str, after: Run) -> list[str]:
    begin, end = f"s:{path}#", f"/{COMPENSATE}"
    return [name for name in after.parts if name.startswith(begin) and name.endswith(end)]


def _failure(fact: Fact) -> Failure | None:
    failure = fact.details.get("error")
    return failure if isinstance(failure, Failure) else None
