"""What libyaml finds wrong with a text, in words for somebody who has not read the YAML specification.

Used by the reader only.
"""

from __future__ import annotations

from typing import NamedTuple

import yaml

_UNCLOSED = ("did not find expected ',' or '}'", "did not find expected ',' or ']'")
_INDENT = "is the line indented as its neighbours are?"
_PLAIN_WORDS = {
    "mapping values are not allowed in this context": (
        "a `: ` cannot stand here",
        "indent the line as its neighbours are, or put text that holds a colon in quotes",
    ),
    "could not find expected ':'": ("a key and a colon are expected here", _INDENT),
    "did not find expected key": ("a key is expected here", _INDENT),
    "did not find expected '-' indicator": ("a list entry, `- …`, is expected here", _INDENT),
    "block sequence entries are not allowed in this context": (
        "a list entry, `- …`, cannot stand here",
        _INDENT,
    ),
    "found unknown escape character": (
        "this escape is unknown between double quotes",
        "write the backslash twice, or use single quotes",
    ),
    "found invalid Unicode character escape code": (
        "this is not the code of a character",
        "write the character itself",
    ),
}


class SyntaxFault(NamedTuple):
    """Where (from 1) and what."""

    line: int
    column: int
    message: str
    hint: str | None


def explain(error: Exception, lines: tuple[str, ...]) -> SyntaxFault:
    """Put a parser's error into words, at the place where the author must look."""
    if not isinstance(error, yaml.MarkedYAMLError) or error.problem_mark is None:
        return SyntaxFault(1, 1, f"this cannot be read as YAML: {_one_line(error)}", None)
    problem = error.problem or ""
    line, column = _inside(error.problem_mark.line + 1, error.problem_mark.column + 1, lines)
    opened = error.context_mark
    if opened is not None and (problem in _UNCLOSED or "end of stream" in problem):
        return _unclosed(opened.line + 1, opened.column + 1, line, lines)
    character = _text(lines, line)[column - 1 : column]
    if problem == "found character that cannot start any token":
        return _bad_start(line, column, character)
    if problem == "did not find expected node content" and error.problem_mark.line >= len(lines):
        return SyntaxFault(line, column, "the file ends where a value is expected", "is a bracket left open?")
    message, hint = _PLAIN_WORDS.get(problem, (f"this cannot be read as YAML: {problem}", None))
    return SyntaxFault(line, column, message, hint)


def _unclosed(line: int, column: int, noticed: int, lines: tuple[str, ...]) -> SyntaxFault:
    opening = _text(lines, line)[column - 1 : column]
    if opening in "'\"":
        return SyntaxFault(line, column, "the quote that opens here is never closed", None)
    hint = None
    if any("${" in _text(lines, each) for each in range(line, noticed + 1)):
        hint = f'between brackets an expression needs quotes: {opening} …: "${{input.id}}" …'
    return SyntaxFault(
        line, column, f"the `{opening}` that opens here is not closed, or a comma is missing", hint
    )


def _bad_start(line: int, column: int, character: str) -> SyntaxFault:
    if character == "\t":
        return SyntaxFault(line, column, "a tab cannot indent YAML", "use spaces")
    return SyntaxFault(line, column, f"text cannot begin with `{character}`", "put it in quotes")


def _inside(line: int, column: int, lines: tuple[str, ...]) -> tuple[int, int]:
    """Move a place behind the last line to that line's end: there is nothing to see behind it."""
    if line <= len(lines):
        return line, column
    return max(len(lines), 1), max(len(_text(lines, len(lines))), 1)


def _text(lines: tuple[str, ...], line: int) -> str:
    return lines[line - 1] if 0 < line <= len(lines) else ""


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
