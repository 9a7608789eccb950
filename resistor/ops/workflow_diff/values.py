"""Two mappings → the keys that differ, down to single values: `retry.limit 3 → 5`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from resistor.ops.workflow_diff.changes import Change, What

_ABSENT = object()


def compare_keys(path: str, old: dict[str, Any], new: dict[str, Any], prefix: str = "") -> Iterator[Change]:
    """Yield the keys that are in one of them only, or hold something else."""
    for key in sorted(old.keys() | new.keys()):
        name = f"{prefix}.{key}" if prefix else key
        before, after = old.get(key, _ABSENT), new.get(key, _ABSENT)
        if before is _ABSENT:
            yield Change(What.ADDED, path, name, None, after)
        elif after is _ABSENT:
            yield Change(What.REMOVED, path, name, before, None)
        elif isinstance(before, dict) and isinstance(after, dict):
            yield from compare_keys(path, before, after, name)
        elif not is_same(before, after):
            yield Change(What.CHANGED, path, name, before, after)


def is_same(old: Any, new: Any) -> bool:
    """Compare as JSON: `true` is not 1, and 1 is not 1.0, because their sources are not the same bytes."""
    if type(old) is not type(new):
        return False
    if isinstance(old, dict):
        return old.keys() == new.keys() and all(is_same(old[key], new[key]) for key in old)
    if isinstance(old, list):
        return len(old) == len(new) and all(map(is_same, old, new))
    return bool(old == new)
