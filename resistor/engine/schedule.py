"""When a schedule begins its runs: which occurrences are due, and what becomes of each.

    skip    an occurrence that finds the last run still open is left out
    allow   it begins all the same
    queue   it waits for the last run to end

The catch-up rule: occurrences that were missed (nobody ran, or the schedule was paused) are not made up for,
but for the latest one if nobody ran. Pure: the next occurrence comes in from whoever knows calendars.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from resistor.engine.workflow import Overlap

MOST_PENDING = 100
"""Occurrences that wait in a queue, at most: further ones are left out."""

Next = Callable[[float], float | None]
"""Says when the first occurrence after a moment is, in seconds since the epoch; None: never again."""


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """How a schedule stands: its next occurrence, those that wait, whether its last run is still open."""

    next_at: float | None
    pending: tuple[float, ...] = ()
    is_last_open: bool = False
    is_paused: bool = False


class Due(msgspec.Struct, frozen=True, kw_only=True):
    """What follows from looking at a schedule.

    `begins` are the occurrences whose runs begin now, `pending` those that wait; `next_at` is the next
    occurrence, `skipped` counts those that were left out. All times are in seconds since the epoch.
    """

    begins: tuple[float, ...]
    pending: tuple[float, ...]
    next_at: float | None
    skipped: int = 0


def due(standing: Standing, overlap: Overlap, *, now: float, following: Next) -> Due:
    """Decide what a schedule begins at `now`."""
    next_at, pending, is_last_open = standing.next_at, standing.pending, standing.is_last_open
    latest, skipped = None, 0
    while next_at is not None and next_at <= now:
        skipped += latest is not None
        latest = next_at
        next_at = _behind(next_at, now, following)
    if standing.is_paused or latest is None:
        return _from_queue(pending, next_at, is_last_open=is_last_open, skipped=skipped)
    if overlap is Overlap.QUEUE and (is_last_open or pending):
        queued = (*pending, latest)[:MOST_PENDING]
        return _from_queue(queued, next_at, is_last_open=is_last_open, skipped=skipped)
    if overlap is Overlap.SKIP and is_last_open:
        return Due(begins=(), pending=pending, next_at=next_at, skipped=skipped + 1)
    return Due(begins=(latest,), pending=pending, next_at=next_at, skipped=skipped)


def _behind(at: float, now: float, following: Next) -> float | None:
    """Return the occurrence after `at`; after a long outage those that nobody will make up for are jumped."""
    following_at = following(at)
    if following_at is not None and now - following_at > 400 * (following_at - at) > 0:
        return following(now - 2 * (following_at - at))
    return following_at


def _from_queue(
    pending: tuple[float, ...], next_at: float | None, *, is_last_open: bool, skipped: int
) -> Due:
    if pending and not is_last_open:
        return Due(begins=pending[:1], pending=pending[1:], next_at=next_at, skipped=skipped)
    return Due(begins=(), pending=pending, next_at=next_at, skipped=skipped)
