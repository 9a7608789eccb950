"""The ids that steps go by.

Read by the checks and by compiling, so that both mean the same step.
"""

from __future__ import annotations

import re
from typing import Any

from resistor.catalog import not_yet
from resistor.catalog.forms import KINDS

LONGEST = 64
_OTHER = re.compile(r"[^A-Za-z0-9_]")


def step_ids(steps: list[Any]) -> tuple[str | None, ...]:
    """Return each step's id, None where it cannot be said.

    A step without `id` goes by its action, or else by its kind, other characters turned into `_`. Where
    that is taken, by another step's `id` anywhere in the list or by an earlier step, a number is added:
    `send`, `send_2`, `send_3`.
    """
    explicit = [step.get("id") if isinstance(step, dict) else None for step in steps]
    taken = {each for each in explicit if isinstance(each, str)}
    numbers: dict[str, int] = {}  # the last one given, so that a thousand equal actions stay cheap
    found: list[str | None] = []
    for step, given in zip(steps, explicit, strict=True):
        if given is not None:
            found.append(given if isinstance(given, str) else None)
            continue
        base = _default(step)
        found.append(_free(base, taken, numbers) if base else None)
    return tuple(found)


def _default(step: Any) -> str | None:
    if not isinstance(step, dict):
        return None
    action = step.get("action")
    if isinstance(action, str) and action:
        return _OTHER.sub("_", action)[:LONGEST]
    return next((key for key in step if key in not_yet.KINDS or (key in KINDS and key != "module")), None)


def _free(base: str, taken: set[str], numbers: dict[str, int]) -> str:
    candidate, number = base, numbers.get(base, 1)
    while candidate in taken:
        number += 1
        candidate = f"{base[: LONGEST - len(str(number)) - 1]}_{number}"
    numbers[base] = number
    taken.add(candidate)
    return candidate
