"""A JSON value with `${…}` in it: `with`, `output`, `set` …

Called by the catalog (`compile_template`) and the engine (`evaluate`, `render`). A string that is nothing but
one `${…}` keeps the value's type; inside longer text it is formatted in; `$${` is a literal `${`. Keys are
never evaluated.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from resistor.engine.expressions.evaluation import Evaluation
from resistor.engine.expressions.expression import Expression, compile_at
from resistor.engine.expressions.mistakes import BadExpression, Fault
from resistor.engine.expressions.outcome import plain, plain_text
from resistor.engine.expressions.placeholders import pieces
from resistor.engine.expressions.scope import Scope, StepRef
from resistor.errors import ExpressionError
from resistor.messages import json

TEMPLATE_BYTES = 16 << 20
"""The most that a template makes: the largest payload that a setting can allow."""

_FEW = 8
"""Expressions of a template whose values are not measured: each is bounded, and so is their number."""

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class _Text:
    """Text with values formatted in."""

    parts: tuple[str | Expression, ...]


@dataclass(frozen=True, slots=True)
class Template:
    """A compiled template."""

    node: Any
    """A literal, an `Expression`, a `_Text`, or a dict or list of nodes."""
    count: int
    """How many expressions there are."""
    roots: frozenset[str]
    """The variables that it names, other than `steps`."""
    steps: tuple[StepRef, ...]
    """Every `steps.<id>` that it names, with the path to the string that names it."""
    is_static: bool
    """Whether it is the same always."""

    @property
    def path(self) -> tuple[str, ...]:
        """The words of the one plain path that it is; none where it is anything else."""
        return self.node.words if self.node.__class__ is Expression else ()

    def evaluate(self, scope: Scope) -> Any:
        """Return its value as JSON-able Python. Raises `ExpressionError`, and what the scope raises."""
        if self.count == 0:
            return self.node
        room = _Room(Evaluation(scope), is_measured=self.count > _FEW)
        return room.value(self.node)

    def render(self, scope: Scope) -> bytes:
        """Return its value as JSON. Raises as `evaluate` does."""
        return json.encode(self.evaluate(scope))


def compile_template(value: Any, variables: Collection[str]) -> Template:
    """Compile any JSON value. Raises `BadExpression`, with the path to the string."""
    found: list[tuple[Expression, Path]] = []
    node = _compile(value, (), frozenset(variables), found)
    steps = tuple(ref._replace(path=path) for expression, path in found for ref in expression.steps)
    return Template(
        node,
        len(found),
        frozenset().union(*(expression.roots for expression, _ in found)),
        steps,
        all(expression.is_static for expression, _ in found),
    )


def _compile(value: Any, path: Path, known: frozenset[str], found: list[tuple[Expression, Path]]) -> Any:
    match value:
        case str():
            return _compile_text(value, path, known, found)
        case dict():
            return {key: _compile(each, (*path, key), known, found) for key, each in value.items()}
        case list():
            return [_compile(each, (*path, at), known, found) for at, each in enumerate(value)]
    return value


def _compile_text(text: str, path: Path, known: frozenset[str], found: list[tuple[Expression, Path]]) -> Any:
    if "${" not in text:
        return text
    parts: list[str | Expression] = []
    try:
        for piece in pieces(text):
            if isinstance(piece, str):
                parts.append(piece)
            else:
                expression = compile_at(piece.text, piece.begin, known)
                parts.append(expression)
                found.append((expression, path))
    except BadExpression as bad:
        raise bad.moved(0, path) from None
    return parts[0] if len(parts) == 1 else _Text(tuple(parts))


class _Room:
    """One evaluation of a template: its expressions share a budget, and the room for what they make."""

    __slots__ = ("_ev", "_is_measured", "_left")

    def __init__(self, ev: Evaluation, *, is_measured: bool) -> None:
        self._ev = ev
        self._left = TEMPLATE_BYTES
        self._is_measured = is_measured

    def value(self, node: Any) -> Any:
        match node:
            case Expression():
                value = node.evaluate_within(self._ev)
                return self._measured(value) if self._is_measured else value
            case _Text():
                return "".join(map(self._text, node.parts))
            case dict():
                return {key: self.value(each) for key, each in node.items()}
            case list():
                return [self.value(each) for each in node]
        return node

    def _text(self, part: str | Expression) -> str:
        text = part if isinstance(part, str) else plain_text(part.evaluate_within(self._ev))
        self._take(len(text))
        return text

    def _measured(self, value: Any) -> Any:
        """Count what a value takes; one that is too large alone is found before it is written."""
        try:
            plain(value, self._left)
        except Fault:
            self._take(self._left + 1)
        self._take(16 if value.__class__ not in (str, list, dict) else len(json.encode(value)))
        return value

    def _take(self, size: int) -> None:
        self._left -= size
        if self._left < 0:
            raise ExpressionError(f"the template makes more than {TEMPLATE_BYTES >> 20} MiB")
