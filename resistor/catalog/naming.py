"""The ids that steps go by, and which key says what kind a step is.

Read by the checks and by compiling, so that both mean the same step. Pure; takes definitions as they were
read, whatever that is, and never raises.
"""

from __future__ import annotations

import re
from collections.abc import Container
from typing import Any

STEP_KINDS = (
    "module",
    "switch",
    "fork",
    "for",
    "while",
    "until",
    "wait",
    "listen",
    "ask",
    "emit",
    "set",
    "run",
    "try",
    "raise",
    "end",
)
"""The keys that make a step what it is. `until` is the other spelling of a `while` loop."""

RESERVED_IDS = frozenset({"exit", "end", "true", "false", "null", "in"})
"""What no step may be called: `then` has its own meaning for two, CEL cannot select the others."""

LONGEST = 64
_OTHER = re.compile(r"[^A-Za-z0-9_]")


def kind_key(step: Any) -> str | None:
    """Return the key that says what kind a step is, or None where nothing does."""
    return next((key for key in STEP_KINDS if key in step), None) if isinstance(step, dict) else None


def step_ids(steps: list[Any], taken: Container[str] = ()) -> tuple[str | None, ...]:
    """Return the id of each step of a list, None where it cannot be said.

    A step without `id` goes by its action, or else by its kind, other characters turned into `_`. Where
    that is taken, by another step's `id` anywhere in the list, by a step of an enclosing list (`taken`) or by
    an earlier step, a number is added: `send`, `send_2`, `send_3`.
    """
    explicit = [step.get("id") if isinstance(step, dict) else None for step in steps]
    used = {each for each in explicit if isinstance(each, str)}
    numbers: dict[str, int] = {}  # the last one given, so that a thousand equal actions stay cheap
    found: list[str | None] = []
    for step, given in zip(steps, explicit, strict=True):
        if given is not None:
            found.append(given if isinstance(given, str) else None)
            continue
        base = _default(step)
        if base is not None:
            candidate, number = base, numbers.get(base, 1)
            while candidate in used or candidate in taken or _is_reserved(candidate, step):
                number += 1
                candidate = f"{base[: LONGEST - len(str(number)) - 1]}_{number}"
            numbers[base] = number
            used.add(candidate)
            base = candidate
        found.append(base)
    return tuple(found)


def _default(step: Any) -> str | None:
    if not isinstance(step, dict):
        return None
    action = step.get("action")
    if isinstance(action, str) and action and "${" not in action:
        return _OTHER.sub("_", action)[:LONGEST]
    return kind_key(step)


def _is_reserved(candidate: str, step: dict[str, Any]) -> bool:
    # An `end` step may go by `end`: a `then: end` that meant it would do the same.
    return candidate in RESERVED_IDS and not (candidate == "end" and kind_key(step) == "end")
