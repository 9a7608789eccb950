"""Answers that came after their token had expired. Called by advance.py.

Such an answer never counts, and what it says is not looked at; but whoever wonders why a step does not go on
must find it in the run's history. Noted once for each attempt: a sender that repeats itself fills nothing.
"""

from __future__ import annotations

from resistor.engine.decision import Verdict
from resistor.engine.draft import Draft
from resistor.engine.facts import FactName
from resistor.engine.inbound import AnsweredLate
from resistor.engine.places import compensated, find


def note_late(draft: Draft, message: AnsweredLate) -> Verdict:
    """Write into the history that the attempt which is waited for was answered too late."""
    place = find(draft.workflow, message.address)
    if place is None and compensated(message.address) is None:
        return Verdict.LATE
    path, turn = (message.address, 1) if place is None else (place.path, place.turn)
    record = draft.record(path)
    if record is None or draft.state.status.is_final or not record.status.is_open:
        return Verdict.LATE
    if (record.turn, record.attempt) != (turn, message.attempt) or record.late == message.attempt:
        return Verdict.LATE
    draft.change(path, late=message.attempt)
    draft.say(FactName.STEP_ANSWERED_LATE, path, message.attempt, seconds=round(message.seconds))
    return Verdict.LATE
