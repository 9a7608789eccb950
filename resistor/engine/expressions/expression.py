"""One expression: compiled when a definition is loaded, evaluated when a step begins.

Called by the catalog (`compile_expression`) and by the engine (`evaluate`, `test`), and for each `${…}` by
`template.py`. Nothing here knows what the values mean.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from resistor.engine.expressions.evaluation import Evaluation
from resistor.engine.expressions.mistakes import BadExpression, Fault, shortened
from resistor.engine.expressions.outcome import outcome
from resistor.engine.expressions.path import names_of as names_of_path
from resistor.engine.expressions.path import read_path, words_of
from resistor.engine.expressions.program import extras_in, names_of, program
from resistor.engine.expressions.scope import Names, Scope, StepRef
from resistor.engine.expressions.values import said
from resistor.errors import ExpressionError


@dataclass(frozen=True, slots=True)
class Expression:
    """A compiled expression. Only its text and its names are kept: see `program.py`."""

    text: str
    names: Names
    words: tuple[str, ...]
    """A plain path's words; none where it takes CEL."""
    extras: frozenset[str]

    @property
    def roots(self) -> frozenset[str]:
        """The variables that it names, other than `steps`."""
        return self.names.roots

    @property
    def steps(self) -> tuple[StepRef, ...]:
        """Every `steps.<id>` that it names."""
        return self.names.steps

    @property
    def is_static(self) -> bool:
        """Whether it names nothing and calls no `now`, `uuid`, `random`: it is the same always."""
        return self.names.is_static

    def evaluate(self, scope: Scope) -> Any:
        """Return its value as JSON-able Python. Raises `ExpressionError`, and what the scope raises."""
        try:
            return read_path(self.words, scope) if self.words else self._computed(Evaluation(scope))
        except Fault as fault:
            raise ExpressionError(f"`{shortened(self.text)}`: {fault}") from None

    def test(self, scope: Scope) -> bool:
        """Return its value, which must be a boolean. Raises `ExpressionError`, and what the scope raises."""
        value = self.evaluate(scope)
        if value.__class__ is bool:
            return bool(value)
        raise ExpressionError(f"`{shortened(self.text)}` is {said(value)}; a condition is true or false")

    def evaluate_within(self, ev: Evaluation) -> Any:
        """Do what `evaluate` does at the cost of an evaluation that other expressions share."""
        try:
            return read_path(self.words, ev.scope) if self.words else self._computed(ev)
        except Fault as fault:
            raise ExpressionError(f"`{shortened(self.text)}`: {fault}") from None

    def _computed(self, ev: Evaluation) -> Any:
        return outcome(ev, program(self.text, self.extras).run(ev, self.text))


def compile_expression(text: str, variables: Collection[str]) -> Expression:
    """Compile a bare CEL expression, or one in `${…}`. Raises `BadExpression`.

    `variables` are the names that it may read. The offset of an error is one in `text`, `${` included.
    """
    begin = len(text) - len(text.lstrip())
    inner = text.strip()
    if inner.startswith("${") and inner.endswith("}"):
        begin, inner = begin + 2, inner[2:-1]
    return compile_at(inner, begin, frozenset(variables))


def compile_at(text: str, begin: int, known: frozenset[str]) -> Expression:
    """Compile the text that begins at `begin` of a longer one. Raises `BadExpression`, its offset in that."""
    begin += len(text) - len(text.lstrip())
    text = text.strip()
    words = words_of(text)
    try:
        extras = frozenset() if words else extras_in(text, known)
        names = names_of_path(words, known) if words else names_of(text, extras, known)
    except BadExpression as bad:
        raise bad.moved(begin) from None
    if begin and names.steps:
        names = names._replace(steps=tuple(ref._replace(offset=ref.offset + begin) for ref in names.steps))
    return Expression(text, names, words, extras)
