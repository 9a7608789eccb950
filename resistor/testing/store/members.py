"""How an action stands in the sets of gates and pauses. Used by gates.py and pauses.py.

The order of those who come in one moment is that of this text.
"""

from __future__ import annotations

from resistor.ports import Passer


def member_of(passer: Passer) -> str:
    """Return what an action stands there as. A run's id has no space in it."""
    return f"{passer.run} {passer.number} {passer.index} {passer.address}"


def passer_of(member: str) -> Passer:
    """Return the action that stands there as `member`."""
    run, number, index, address = member.split(" ", 3)
    return Passer(run, address, int(number), int(index))
