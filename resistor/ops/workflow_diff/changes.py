"""What a difference is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class What(StrEnum):
    """What happened to it."""

    ADDED = "added"
    REMOVED = "removed"
    MOVED = "moved"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Change:
    """One difference.

    `path` is where the step stands in the new definition (one that was removed: in the old), empty for the
    workflow itself. With a `key` it is about that key of it, without one about the whole. `old` and `new`
    are values; of a step that moved, its places.
    """

    what: What
    path: str
    key: str = ""
    old: Any = None
    new: Any = None
