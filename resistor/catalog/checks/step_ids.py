"""No two steps of a list go by the same id."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from resistor.catalog.places import Finding
from resistor.catalog.wording import quote


def check_step_ids(definition: Any) -> Iterator[Finding]:
    """Yield every `id` that an earlier step has. Default ids cannot clash."""
    steps = definition.get("steps") if isinstance(definition, dict) else None
    seen: dict[str, int] = {}
    for position, step in enumerate(steps if isinstance(steps, list) else ()):
        given = step.get("id") if isinstance(step, dict) else None
        if not isinstance(given, str):
            continue
        if given in seen:
            message = f"another step, the {_ordinal(seen[given] + 1)}, has the id {quote(given)} already"
            yield Finding(("steps", position, "id"), message)
        seen.setdefault(given, position)


def _ordinal(number: int) -> str:
    if number % 100 in (11, 12, 13):
        return f"{number}th"
    return f"{number}{({1: 'st', 2: 'nd', 3: 'rd'}).get(number % 10, 'th')}"
