"""Says the first few of a kind, counts the rest, and says the count: ten thousand rejects are no flood.

Used for warnings that a sender's behaviour decides the number of.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator

FIRST = 5  # of a kind in one window: enough to see what they have in common
WINDOW_SECONDS = 10.0
MAX_KINDS = 1000  # at once; a sender must not fill the memory with kinds either


class Throttle:
    """What was said of each kind in its current window. `now` is any clock in seconds that only rises."""

    def __init__(self, first: int = FIRST, window_seconds: float = WINDOW_SECONDS) -> None:
        """Let `first` of a kind pass in every window."""
        self._first = first
        self._window = window_seconds
        self._seen: dict[Hashable, tuple[float, int]] = {}

    def lets(self, kind: Hashable, now: float) -> bool:
        """Whether to say this one."""
        began, count = self._seen.get(kind, (now, 0))
        if count == 0 and len(self._seen) >= MAX_KINDS:
            return False
        self._seen[kind] = (began, count + 1)
        return count < self._first

    def left_out(self, now: float) -> Iterator[tuple[Hashable, int]]:
        """Close the windows that are over; give each kind that had more, and how many were not said."""
        over = [(kind, count) for kind, (began, count) in self._seen.items() if now - began >= self._window]
        for kind, count in over:
            del self._seen[kind]
            if count > self._first:
                yield kind, count - self._first
