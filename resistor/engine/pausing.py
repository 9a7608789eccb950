"""A pause: nothing new begins. What is out may end, and what it gives is kept.

    pause   steps that would begin are kept as parts (`h:`), and timers wait
    resume  they begin; time limits have stood still, moments that have passed (a `wait`, a retry) are due

Called for orders, and by whoever is about to begin something (flow.py, ending.py).
"""

from __future__ import annotations

from resistor.engine.decision import Verdict
from resistor.engine.draft import Draft
from resistor.engine.facts import FactName
from resistor.engine.inbound import Pause, Resume
from resistor.engine.kinds import gates
from resistor.engine.moves import Begin
from resistor.engine.places import find
from resistor.engine.run import RunStatus, StepRecord

_HELD = "h:"


def pause(draft: Draft, order: Pause) -> Verdict:
    """Let nothing new begin."""
    if draft.state.status is not RunStatus.RUNNING:
        return Verdict.DUPLICATE
    draft.set_state(status=RunStatus.PAUSED, paused_at=draft.now)
    draft.say(FactName.RUN_PAUSED, why=order.why, by=order.by)
    return Verdict.APPLIED


def resume(draft: Draft, order: Resume) -> Verdict:
    """Go on; what follows on the way to the run's end is the caller's (`is_end_held`)."""
    if draft.state.status is not RunStatus.PAUSED:
        return Verdict.DUPLICATE
    draft.need_everything()
    draft.say(FactName.RUN_RESUMED, why=order.why, by=order.by)
    go_on(draft)
    return Verdict.APPLIED


def go_on(draft: Draft) -> None:
    """End the pause, whoever ends it."""
    stood_still = draft.now - (draft.state.paused_at or draft.now)
    deadline = draft.state.deadline
    draft.set_state(
        status=RunStatus.RUNNING,
        paused_at=None,
        deadline=None if deadline is None else deadline + stood_still,
    )
    for path, record in draft.records().items():
        if record.wake_at is not None:
            _start_clock(draft, path, record, stood_still)
        gates.begin_anew(draft, path, record)
    for path, before in _held(draft):
        place = find(draft.workflow, path)
        assert place is not None  # noqa: S101 - it was about to begin
        draft.put(f"{_HELD}{path}", None)
        draft.agenda.append(Begin(place, before))


def hold(draft: Draft, begin: Begin) -> None:
    """Keep a step that would begin for when the run is resumed."""
    draft.put(f"{_HELD}{begin.place.path}", (begin.before or "").encode())


def _held(draft: Draft) -> list[tuple[str, str | None]]:
    parts = draft.parts_of(_HELD)
    return [(name.removeprefix(_HELD), part.decode() or None) for name, part in sorted(parts.items())]


def _start_clock(draft: Draft, path: str, record: StepRecord, stood_still: float) -> None:
    """Give a step the time back that it could not use."""
    later = {
        name: at + stood_still
        for name in ("deadline", "silent_at")
        if (at := getattr(record, name)) is not None
    }
    draft.change(path, **later)
    draft.rearm(path)
