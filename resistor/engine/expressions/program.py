"""Text → a program that can be run, and what it reads. Programs are kept while they are in use, no longer.

Called by `expression.py`. At load every expression is compiled for the sake of its errors; thousands of
programs would take megabytes, so that only the last used ones stay and the others are compiled again when
they are next evaluated.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, NamedTuple

from resistor.engine.expressions.checking import VARIABLES, Refused, checked, parsed
from resistor.engine.expressions.complaints import complaint
from resistor.engine.expressions.evaluation import Code, Evaluation
from resistor.engine.expressions.mistakes import BadExpression
from resistor.engine.expressions.naming import names_in
from resistor.engine.expressions.planning import plan
from resistor.engine.expressions.scope import STEPS, Names

KEPT = 1_024
"""Programs that are kept, some 5 KB each."""

MAX_EXPRESSION = 8 * 1024
"""Characters of one expression."""

MAX_DOUBLING = 8
"""Uses of macros that write their target twice: a chain of twelve takes the parser half a second."""

_DOUBLING = re.compile(r"\bopt(?:Flat)?Map\b")
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_DASHED = re.compile(r"\w\.\w+-\Z")
_BASE = frozenset(VARIABLES)
# CEL's own words: a variable of that name can never be read, and no environment takes it.
_RESERVED = frozenset(
    {"as", "break", "const", "continue", "else", "false", "for", "function", "if", "import", "in"}
    | {"let", "loop", "namespace", "null", "package", "return", "true", "var", "void", "while"}
)


class Program(NamedTuple):
    """An expression, ready to run."""

    code: Code
    slots: int
    names: Names

    def run(self, ev: Evaluation, text: str) -> Any:
        """Return what it computes. Raises `Fault`, and whatever the scope raises."""
        ev.text = text
        ev.locals = [None] * self.slots
        return self.code(ev)


def extras_in(text: str, known: frozenset[str]) -> frozenset[str]:
    """Return the variables that the text may name beyond those that every environment has."""
    return (known - _BASE - _RESERVED).intersection(_WORD.findall(text)) if known - _BASE else frozenset()


def names_of(text: str, extras: frozenset[str], known: frozenset[str]) -> Names:
    """Compile, and return what the expression reads. Raises `BadExpression`."""
    if len(text) > MAX_EXPRESSION:
        raise BadExpression(f"an expression has at most {MAX_EXPRESSION} characters, this one {len(text)}")
    if len(_DOUBLING.findall(text)) > MAX_DOUBLING:
        raise BadExpression(f"an expression has at most {MAX_DOUBLING} optMap and optFlatMap")
    try:
        names = program(text, extras).names
        if names.roots <= known and (STEPS in known or not names.steps):
            return names
        return names_in(checked(text, extras).tree, known, is_checked=True)
    except Refused as refused:
        raise _better(text, refused, known) from None


@lru_cache(maxsize=KEPT)
def program(text: str, extras: frozenset[str]) -> Program:
    """Return the program of a text. Raises `BadExpression`, and `Refused` in the checker's words."""
    known = _BASE | extras
    tree, is_optional = checked(text, extras)
    names = names_in(tree, known, is_checked=True)
    if is_optional:
        raise BadExpression("the expression ends in an optional: add .orValue(…)", len(text.rstrip()))
    code, slots = plan(tree, known)
    return Program(code, slots, names)


def _better(text: str, refused: Refused, known: frozenset[str]) -> BadExpression:
    """Return what is wrong with a text that the checker refused: a name, before all else.

    The checker knows the place of a wrong name no better than its parenthesis or its dot.
    """
    try:
        names_in(parsed(text, refused), known, is_checked=False)
    except BadExpression as bad:
        dashed = _DASHED.search(text, 0, bad.offset)
        hint = '; a key with a dash is written a["b-c"]' if dashed and "not known" in str(bad) else ""
        return BadExpression(f"{bad}{hint}", bad.offset)
    return complaint(text, str(refused))
