"""One gate in memory: who passes, and when it is looked at again, as lua/gate.lua says. Used by gates.py.

An idle gate keeps its numbers here, where Redis drops them: whoever enters says them again, and a moment that
is over holds nobody up.
"""

from __future__ import annotations

from math import ceil

from resistor.store.keys import milliseconds
from resistor.testing.store.state import KeptGate, Scores, ordered

AHEAD = 1.0  # seconds: so far ahead a rate gives out its moments
GRACE = 10.0  # seconds until who was let through is told once more
LOOK = 60.0  # seconds until a full gate is looked at for those who are gone
KEPT = 60  # seconds that a rate remembers who has passed


def place(priority: int, now: float) -> float:
    """Return where one who comes now stands in a queue: by priority, then by time."""
    return round((9 - priority) * 2.0**42 + now * 1000, 3)


def present(kept: KeptGate, now: float) -> KeptGate:
    """Return the gate without what has gone by its TTL; what is empty has none."""
    if kept.inside_gone_at is not None and kept.inside_gone_at <= now:
        kept.inside.clear()
    if not kept.inside:
        kept.inside_gone_at = None
    return kept


def admit(kept: KeptGate, now: float, most: int) -> Scores:
    """Let through whom there is room for, `most` at once; returns from what moment on each may go on."""
    limit, interval = kept.numbers.get("limit"), kept.numbers.get("interval")
    next_at = kept.numbers.get("next", 0.0)
    admitted: Scores = {}
    for member in ordered(kept.outside)[:most]:
        if (limit is not None and len(kept.inside) >= limit) or next_at > now + AHEAD:
            break
        at = now if interval is None else max(now, next_at)
        next_at = 0.0 if interval is None else at + interval
        del kept.outside[member]
        kept.inside[member] = admitted[member] = round(at, 6)
    if interval is not None and admitted:
        kept.numbers["next"] = round(next_at, 6)
    return admitted


def look_again(due: Scores, gate: str, kept: KeptGate, now: float) -> None:
    """Set when the gate is looked at, or that it need not be, and what of it has a TTL."""
    at = _opens_at(kept, now)
    if kept.telling:
        at = now + GRACE if at is None else min(at, now + GRACE)
    elif at is None and kept.outside:
        at = now + LOOK
    if at is None:
        due.pop(gate, None)
    else:
        due[gate] = milliseconds(at)
    if "interval" in kept.numbers:
        _forget_passed(kept, now)
    present(kept, now)


def _opens_at(kept: KeptGate, now: float) -> float | None:
    """When the first of those outside may pass; None: when somebody leaves, or nobody is there."""
    limit = kept.numbers.get("limit")
    if not kept.outside or (limit is not None and len(kept.inside) >= limit):
        return None
    return max(now, kept.numbers.get("next", 0.0) - AHEAD if "interval" in kept.numbers else 0.0)


def _forget_passed(kept: KeptGate, now: float) -> None:
    """Let a rate forget who passed long ago, and all of them when nobody has come for long."""
    for member in ordered(kept.inside, round(now - KEPT, 6)):
        del kept.inside[member]
    kept.inside_gone_at = now + ceil(max(kept.numbers.get("next", 0.0) - now, 0.0)) + KEPT
