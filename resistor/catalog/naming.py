"""The ids that steps go by, and which key says what kind a step is.

Read by the checks and by compiling, so that both mean the same step. Pure; takes definitions as they were
read, whatever that is, and never raises.
"""

from __future__ import annotations

import re
from collections.abc import Container, Sequence
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
_ONE_BY_ONE = 20
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
        if base is None:
            found.append(None)
            continue
        reserved = RESERVED_IDS - {kind_key(step)}  # an `end` step may go by `end`: the word means the same
        numbers[base] = _first_free(base, numbers.get(base, 1), (used, taken, reserved))
        found.append(_numbered(base, numbers[base]))
        used.add(_numbered(base, numbers[base]))
    return tuple(found)


def _default(step: Any) -> str | None:
    if not isinstance(step, dict):
        return None
    action = step.get("action")
    if isinstance(action, str) and action and "${" not in action:
        return _OTHER.sub("_", action)[:LONGEST]
    return kind_key(step)


def _numbered(base: str, number: int) -> str:
    return base if number == 1 else f"{base[: LONGEST - len(str(number)) - 1]}_{number}"


def _first_free(base: str, first: int, taken: Sequence[Container[str]]) -> int:
    """Return the first number from `first` on that is free, in few looks where very many are taken.

    Behind the first few it goes on in growing steps and back by halves: where a list around has three hundred
    equal actions, the lists inside it would else each count to three hundred.
    """

    def is_free(number: int) -> bool:
        return not any(_numbered(base, number) in each for each in taken)

    for number in range(first, first + _ONE_BY_ONE):
        if is_free(number):
            return number
    low, step = first + _ONE_BY_ONE - 1, 1
    while not is_free(low + step):
        low, step = low + step, 2 * step
    high = low + step
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if is_free(middle) else (middle, high)
    return high
