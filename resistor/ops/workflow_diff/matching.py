"""Which entries of two lists belong together, and which have moved."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Hashable, Sequence
from difflib import SequenceMatcher


def pairs(old: Sequence[Hashable], new: Sequence[Hashable]) -> list[tuple[int | None, int | None]]:
    """Return positions that belong together; None where one side has no such entry.

    Equal entries first, in their order; what is left between two of those, by position: an entry whose
    condition was changed is still that entry.
    """
    found: list[tuple[int | None, int | None]] = []
    for _, begin, end, first, last in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        common = min(end - begin, last - first)
        found += [(begin + n, first + n) for n in range(common)]
        found += [(n, None) for n in range(begin + common, end)]
        found += [(None, n) for n in range(first + common, last)]
    return found


def moved(old: Sequence[str], new: Sequence[str]) -> set[str]:
    """Return the names, in both, whose order has changed: as few as explain it."""
    both = set(old) & set(new)
    before, after = [name for name in old if name in both], [name for name in new if name in both]
    position = {name: n for n, name in enumerate(before)}
    return both - set(_longest_rising(after, position))


def _longest_rising(names: Sequence[str], position: dict[str, int]) -> list[str]:
    """Return the most names that stand in the order of their positions, by patience sorting.

    `ends` has, for each length, the name with the lowest position that a run of that length can end with.
    """
    ends: list[str] = []
    before: dict[str, str | None] = {}
    for name in names:
        length = bisect_left(ends, position[name], key=lambda each: position[each])
        before[name] = ends[length - 1] if length else None
        ends[length : length + 1] = [name]
    found: list[str] = []
    last = ends[-1] if ends else None
    while last is not None:
        found.append(last)
        last = before[last]
    return found
