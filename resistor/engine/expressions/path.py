"""Plain dotted paths, `input.order.lines.0.sku`: most expressions are one, and a walk is all that they need.

Called by `expression.py`, which asks for CEL only where a text is no plain path. A position in a list is
written `.0` here, as nowhere else in CEL.
"""

from __future__ import annotations

import re
from typing import Any

from resistor.engine.expressions.mistakes import BadExpression, Missing, nearest
from resistor.engine.expressions.outcome import plain
from resistor.engine.expressions.scope import NO_NAMES, STEP_PARTS, STEPS, Names, Scope, StepRef
from resistor.engine.expressions.values import KINDS, adopted

_WORD = r"[A-Za-z_][A-Za-z0-9_]*"
_PATH = re.compile(rf"{_WORD}(?:\.(?:{_WORD}|[0-9]+))*\Z")
_LITERALS = ("true", "false", "null")
_POSITION_DIGITS = 9
_NOT_PLAIN = frozenset({"event", "run"})
"""The variables whose value may hold a datetime, and so is not JSON yet."""


def words_of(text: str) -> tuple[str, ...]:
    """Return the words of a plain path, or none if `text` is anything else."""
    if not _PATH.match(text) or text in _LITERALS:
        return ()
    return tuple(text.split("."))


def names_of(words: tuple[str, ...], known: frozenset[str]) -> Names:
    """Return what the path reads. Raises `BadExpression`."""
    root = words[0]
    if root not in known:
        raise BadExpression(unknown(root, known))
    if root != STEPS:
        return NO_NAMES._replace(roots=frozenset(words[:1]), is_static=False)
    if len(words) == 1 or words[1].isdigit():
        raise BadExpression(STEPS_ALONE)
    part = words[2] if len(words) > 2 else None
    if part is not None:
        check_part(words[1], part, len(words[1]) + 7)
    return Names(frozenset(), (StepRef(words[1], part, is_guarded=False, offset=0),), is_static=False)


STEPS_ALONE = "`steps` is followed by the id of a step: steps.charge.output"


def unknown(name: str, known: frozenset[str]) -> str:
    """Return what is said of a name that is none."""
    return f"`{name}` is not known; {nearest(name, known)}"


def check_part(step: str, part: str, offset: int) -> None:
    """Raise `BadExpression` unless `part` is something that a step has."""
    if part not in STEP_PARTS:
        hint = nearest(part, STEP_PARTS, "a step has")
        raise BadExpression(f"`steps.{step}.{part}`: a step has no {part}; {hint}", offset)


def read_path(words: tuple[str, ...], scope: Scope) -> Any:
    """Return what the path leads to. Raises `Missing`, and whatever the scope raises."""
    root = words[0]
    if root == STEPS:
        if len(words) == 2:
            return whole_step(scope, words[1])
        value, at = step_part(scope, words[1], words[2]), 3
    else:
        value, at = scope.variable(root), 1
    for word in words[at:]:
        try:
            # An index error and a type error are what is left of all the ways that a word can lead nowhere.
            value = value[word] if value.__class__ is dict else value[_position(value, word)]
        except (KeyError, IndexError, TypeError):
            raise Missing(f"there is no {'.'.join(words[: at + 1])}") from None
        at += 1
    if root in _NOT_PLAIN and (value.__class__ is dict or value.__class__ not in KINDS):
        return plain(adopted(value))
    return value


def step_part(scope: Scope, step: str, part: str) -> Any:
    """Return one part of a step. Raises `Missing`."""
    try:
        return scope.step(step, part)
    except LookupError:
        raise Missing(
            f"steps.{step} has no {part}" if scope.has_step(step) else f"steps.{step} has not run"
        ) from None


def whole_step(scope: Scope, step: str) -> dict[str, Any]:
    """Return the parts that a step has. Raises `Missing` if it has not run."""
    if not scope.has_step(step):
        raise Missing(f"steps.{step} has not run")
    whole = {}
    for part in STEP_PARTS:
        try:
            whole[part] = scope.step(step, part)
        except LookupError:
            continue
    return whole


def _position(value: Any, word: str) -> int:
    if value.__class__ is list and word.isdigit() and len(word) <= _POSITION_DIGITS:
        return int(word)
    raise KeyError(word)
