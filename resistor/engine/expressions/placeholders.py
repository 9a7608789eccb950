"""Where the `${…}` of a text begin and end. Called by `template.py`.

A `}` in a literal, a mapping or a comment of the expression does not end it, so that this knows as much of
CEL's lexical grammar (cel-spec, doc/langdef.md) as that takes. Every look is at most one expression long.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from resistor.engine.expressions.mistakes import BadExpression
from resistor.engine.expressions.program import MAX_EXPRESSION

_BEGIN = re.compile(r"\$\$\{|\$\{")
_NOTABLE = re.compile(r"[{}]|//[^\n]*|(?P<raw>\b[bB]?[rR][bB]?)?(?P<quote>'''|\"\"\"|'|\")|`[^`\n]*`")


class Placeholder(NamedTuple):
    """One `${…}`: what is inside, and where that begins."""

    text: str
    begin: int


def pieces(text: str) -> list[str | Placeholder]:
    """Split a text. Raises `BadExpression` for a `${` that is not closed."""
    found: list[str | Placeholder] = []
    literal, at = "", 0
    while (match := _BEGIN.search(text, at)) is not None:
        literal += text[at : match.start()]
        if match[0] == "$${":
            literal, at = literal + "${", match.end()
            continue
        if literal:
            found.append(literal)
        end = _end(text, match.end())
        found.append(Placeholder(text[match.end() : end], match.end()))
        literal, at = "", end + 1
    literal += text[at:]
    return [*found, literal] if literal else found


def _end(text: str, begin: int) -> int:
    """Return the place of the brace that closes the placeholder whose inside begins at `begin`."""
    depth, at, most = 0, begin, begin + MAX_EXPRESSION + 1
    while (match := _NOTABLE.search(text, at, most)) is not None:
        at = match.end()
        if match["quote"]:
            at = _closed(text, match, most)
        elif match[0] == "{":
            depth += 1
        elif match[0] == "}":
            if depth == 0:
                return match.start()
            depth -= 1
    if len(text) > most:
        raise BadExpression(f"no end of `${{` within {MAX_EXPRESSION} characters", begin - 2)
    raise BadExpression("`${` is not closed by `}`", begin - 2)


def _closed(text: str, opening: re.Match[str], most: int) -> int:
    """Return the place after a literal. One without an end runs to the end of the text."""
    quote, at = opening["quote"], opening.end()
    while at < min(len(text), most):
        if text[at] == "\\" and not opening["raw"]:
            at += 2
        elif text.startswith(quote, at):
            return at + len(quote)
        elif text[at] == "\n" and len(quote) == 1:
            break
        else:
            at += 1
    raise BadExpression("this text has no closing quote", opening.start("quote"))
