"""A problem as a person reads it: the place, the line, a caret under it, and what may help.

Called by the command line, and by whatever else shows problems as text. No colours here.
"""

from __future__ import annotations

import unicodedata

from resistor.errors import Problem

_WIDEST = 100  # characters of a source line, cut around the place
_BEFORE = 60  # of them in front of it


def show(problem: Problem) -> str:
    """Return the problem in up to four lines, without a line break at the end."""
    lines = [f"{problem.file}:{problem.line}:{problem.column}: {problem.message}"]
    if problem.source.strip():
        lines += _excerpt(problem)
    if problem.hint:
        lines.append(f"  {problem.hint}")
    return "\n".join(lines)


def _excerpt(problem: Problem) -> list[str]:
    start = max(0, problem.column - 1 - _BEFORE)
    text = problem.source[start : start + _WIDEST]
    text = "".join(each if each.isprintable() else " " for each in text)
    caret_at = sum(map(_width, text[: problem.column - 1 - start]))
    return [f"  | {text.rstrip()}", f"  | {' ' * caret_at}^"]


def _width(character: str) -> int:
    """Columns that a character takes on a terminal."""
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
