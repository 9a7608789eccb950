"""`${…}` in a definition: compiled when it is loaded, read when a step begins.

For now an expression is a plain path, `${a.b.c}`. A string that is nothing but one `${…}` keeps the
value's type; inside longer text it is formatted in; `$${` is a literal `${`. Reading what is not there
is an error that names the path, never a silent null.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from resistor.errors import ExpressionError
from resistor.messages import json

ROOTS = ("input", "event", "steps", "run")
"""The variables that an expression can name."""

_WORD = r"[A-Za-z_][A-Za-z0-9_]*"
_PATH = re.compile(rf"{_WORD}(?:\.(?:{_WORD}|\d+))*\Z")
_PLACEHOLDER = re.compile(r"\$\$\{|\$\{([^}]*)\}?")
_STEP_PARTS = {"output", "status", "attempt"}


class BadExpression(ValueError):
    """A `${…}` that cannot be compiled: its message is for the author of the definition."""


@dataclass(frozen=True, slots=True)
class Path:
    """`steps.charge.output.id` as its words."""

    words: tuple[str, ...]

    def __str__(self) -> str:
        """Write it as it was written."""
        return ".".join(self.words)


Node = Any
"""Part of a compiled template: a literal, a `Path`, a `_Text`, or a dict or list of nodes."""


@dataclass(frozen=True, slots=True)
class _Text:
    """Text with values formatted in."""

    parts: tuple[str | Path, ...]


@dataclass(frozen=True, slots=True)
class Template:
    """A value with expressions in it. `steps` names the steps whose output it reads."""

    node: Node
    steps: frozenset[str]


class Scope:
    """What an expression can see. Payloads are decoded when they are first named, once."""

    def __init__(
        self,
        *,
        input: bytes,  # noqa: A002 - the language's own word
        outputs: Mapping[str, bytes],
        event: Callable[[], dict[str, Any]],
        run: Callable[[], dict[str, Any]],
        statuses: Mapping[str, tuple[str, int]],
    ) -> None:
        """Take the event's data, the outputs at hand, and status and attempt by step."""
        self._raw_input = input
        self._outputs = outputs
        self._statuses = statuses
        self._make: dict[str, Callable[[], Any]] = {
            "input": lambda: json.decode_trusted(self._raw_input),
            "event": event,
            "run": run,
        }
        self._made: dict[str, Any] = {}

    def root(self, words: tuple[str, ...]) -> tuple[Any, int]:
        """Return the value that the path's first words name, and how many words that took."""
        if words[0] != "steps":
            return self._once(words[0], self._make[words[0]]), 1
        step, part = words[1], words[2]
        if part == "output":
            if step not in self._outputs:
                raise ExpressionError(f"steps.{step} has no output")
            return self._once(f"steps.{step}", lambda: json.decode_trusted(self._outputs[step])), 3
        if step not in self._statuses:
            raise ExpressionError(f"steps.{step} has not run")
        return self._statuses[step][0 if part == "status" else 1], 3

    def _once(self, name: str, make: Callable[[], Any]) -> Any:
        if name not in self._made:
            self._made[name] = make()
        return self._made[name]


def compile_template(value: Any) -> Template:
    """Compile any JSON value. Raises `BadExpression`."""
    steps: set[str] = set()
    return Template(_compile(value, steps), frozenset(steps))


def render(template: Template, scope: Scope) -> bytes:
    """Return the template's value as JSON. Raises `ExpressionError` with the path that was missing."""
    return json.encode(_render(template.node, scope))


def _compile(value: Any, steps: set[str]) -> Node:
    if isinstance(value, str):
        return _compile_text(value, steps)
    if isinstance(value, dict):
        return {key: _compile(each, steps) for key, each in value.items()}
    if isinstance(value, list):
        return [_compile(each, steps) for each in value]
    return value


def _compile_text(text: str, steps: set[str]) -> Node:
    parts: list[str | Path] = []
    end = 0
    for match in _PLACEHOLDER.finditer(text):
        parts.append(text[end : match.start()])
        parts.append("${" if match[1] is None else _compile_path(match[0], match[1], steps))
        end = match.end()
    parts.append(text[end:])
    parts = [part for part in parts if part != ""]
    if len(parts) == 1 and isinstance(parts[0], Path):
        return parts[0]
    if all(isinstance(part, str) for part in parts):
        return "".join(map(str, parts))
    return _Text(tuple(parts))


def _compile_path(written: str, inner: str, steps: set[str]) -> Path:
    if not written.endswith("}"):
        raise BadExpression(f"`{written}` has no closing brace")
    path = inner.strip()
    if not _PATH.match(path):
        raise BadExpression(f"`{written}` is not a plain path such as ${{input.order.id}}")
    words = tuple(path.split("."))
    if words[0] not in ROOTS:
        raise BadExpression(f"`{written}` reads {words[0]!r}; there is {', '.join(ROOTS)}")
    if words[0] == "steps":
        if len(words) < 3 or words[2] not in _STEP_PARTS:
            raise BadExpression(f"`{written}`: a step is read as steps.ID.output, .status or .attempt")
        steps.add(words[1])
    return Path(words)


def _render(node: Node, scope: Scope) -> Any:
    if isinstance(node, Path):
        return _read(node, scope)
    if isinstance(node, _Text):
        return "".join(part if isinstance(part, str) else _format(_read(part, scope)) for part in node.parts)
    if isinstance(node, dict):
        return {key: _render(each, scope) for key, each in node.items()}
    if isinstance(node, list):
        return [_render(each, scope) for each in node]
    return node


def _read(path: Path, scope: Scope) -> Any:
    value, taken = scope.root(path.words)
    for position in range(taken, len(path.words)):
        word = path.words[position]
        if isinstance(value, dict) and word in value:
            value = value[word]
        elif isinstance(value, list) and word.isdigit() and int(word) < len(value):
            value = value[int(word)]
        else:
            there = ".".join(path.words[: position + 1])
            raise ExpressionError(f"`{path}`: there is no {there}")
    return value


def _format(value: Any) -> str:
    """Text as it is, everything else as JSON (so null is `null`)."""
    return value if isinstance(value, str) else json.encode(value).decode()
