"""When a run must be looked at again: the rule of lua/look_again.lua. Used by runs.py."""

from __future__ import annotations

from math import inf

from resistor.ports import Change, Published, Released
from resistor.store.keys import milliseconds
from resistor.testing.store.state import KeptRun, Scores


def look_again(
    due: Scores,
    kept: KeptRun,
    said: Change | Published | Released,
    *,
    looked_at: float = -inf,
    is_pressing: bool = False,
) -> None:
    """Set when the run is due, or that it never is again.

    Timers at or before `looked_at` do not count. `is_pressing`: no later than it is due already.
    """
    run_id = kept.run.id
    is_final = said.after.state.status.is_final if isinstance(said, Change) else said.is_final
    if is_final and not kept.outbox:
        due.pop(run_id, None)
        return
    times = [said.unconfirmed_due_at] if kept.outbox else []
    if not is_final:
        times += [said.due_at, *(at for at in kept.timers.values() if at > looked_at)]
    if is_pressing and run_id in due:
        times.append(due[run_id] / 1000)
    due[run_id] = milliseconds(min(times))
