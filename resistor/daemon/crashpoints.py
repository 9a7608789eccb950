"""Named places where a test can make the daemon die, as by `kill -9`.

`RESISTOR_CRASH=after-commit:3` ends the process at the third pass. Without the variable a pass costs one
comparison. Read once, when the daemon starts.

    before-commit    decided, nothing written
    after-commit     written, nothing published
    before-publish   the same, with the actions made
    after-publish    published and confirmed, not marked
    before-ack       marked, not acknowledged
    before-replay    a page of dead letters is read, nothing of it published (`resistor dead replay`)
    after-replay     published and confirmed, not taken out of the dead queue
"""

from __future__ import annotations

import os

from resistor.errors import OperatorMistake

POINTS = ("before-commit", "after-commit", "before-publish", "after-publish", "before-ack")
REPLAY_POINTS = ("before-replay", "after-replay")  # of `resistor dead replay`
KILLED = 137  # what a shell reports for SIGKILL

_passes_left: dict[str, int] = {}


def arm(setting: str | None) -> None:
    """Take `point:passes`, or None for none. Raises `OperatorMistake` for a point that does not exist."""
    _passes_left.clear()
    if setting:
        point, _, passes = setting.partition(":")
        if point not in (*POINTS, *REPLAY_POINTS):
            raise OperatorMistake(f"RESISTOR_CRASH: there is {', '.join((*POINTS, *REPLAY_POINTS))}")
        _passes_left[point] = int(passes or 1)


def reach(point: str) -> None:
    """Pass `point`; die there if it is this pass's turn."""
    if _passes_left and point in _passes_left:
        _passes_left[point] -= 1
        if _passes_left[point] == 0:
            os._exit(KILLED)
