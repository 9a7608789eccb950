"""Input that an action must refuse, made of the JSON Schema of its type and of its examples.

Called by `check.py`. Each example is taken apart: a field is left out, is null, or is of another type. What
the schema takes all the same is not malformed, and is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from resistor.messages import json
from resistor.sdk.json_schema import Schema
from resistor.testing.module_check.outcomes import short
from resistor.testing.module_check.shapes import Shape

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Malformed:
    """One input. `said` is what is wrong with it, `field` what the refusal must name.

    With `is_undeclared` its type says nothing of the field that is missing, so that the action may take it.
    """

    said: str
    body: bytes
    field: str | None = None
    is_undeclared: bool = False


NOT_JSON = Malformed('what is no JSON (`{"`)', b'{"')


def malformed(schema: Schema, examples: Sequence[Any]) -> list[Malformed]:
    """Return what an action with such an input must refuse, and what is undeclared. Raises `BadSchema`."""
    shape = Shape(schema, schema.get("$defs", {}))
    taken = [example for example in examples if not shape.refuses(example)]
    found = [NOT_JSON, *_as_a_whole(shape)]
    if taken:
        for example in taken:
            found += _variations(example, shape)
    else:
        found += _of_nothing(shape)
    unique: dict[str, Malformed] = {}
    for each in found:
        unique.setdefault(each.said, each)
    return list(unique.values())


def _as_a_whole(shape: Shape) -> Iterator[Malformed]:
    for value in (*shape.wrong(), None):
        if shape.refuses(value):
            yield Malformed(f"input {_json(value)}", json.encode(value))
    if shape.required and shape.refuses({}):
        yield Malformed("input {}", b"{}", shape.required[0])


def _variations(example: Any, shape: Shape) -> Iterator[Malformed]:
    for change in _changes(example, shape, ()):
        changed = change.of(example)
        field = _name(change.path)
        if shape.refuses(changed):
            yield Malformed(change.said, json.encode(changed), field)
        elif change.is_undeclared:
            yield Malformed(change.said, json.encode(changed), field, is_undeclared=True)


def _of_nothing(shape: Shape) -> Iterator[Malformed]:
    """Vary an empty object, where there is no example: then other fields are missing too."""
    for name in shape.required:
        yield Malformed(f"input without `{name}`", b"{}", name)
    for name in shape.properties:
        field = shape.field(name)
        for value in (*field.wrong(), None):
            if field.refuses(value):
                yield Malformed(f"`{name}` = {_json(value)}", json.encode({name: value}), name)


@dataclass(frozen=True, slots=True)
class _Change:
    """A place in an example, and what to put there; no value: nothing."""

    path: Path
    value: tuple[Any, ...] = ()
    is_undeclared: bool = False

    @property
    def said(self) -> str:
        place = _written(self.path)
        return f"`{place}` = {_json(self.value[0])}" if self.value else f"input without `{place}`"

    def of(self, example: Any) -> Any:
        """Return the example, changed."""
        return _replaced(example, self.path, self.value)


def _changes(value: Any, shape: Shape, path: Path) -> Iterator[_Change]:
    """Give everything that is tried with a value, and inside it; of a list with its first item."""
    if isinstance(value, dict):
        for name in dict.fromkeys([*shape.properties, *value]):
            inner, here = shape.field(name), (*path, name)
            if name in value:
                yield _Change(here, is_undeclared=not path and not shape.speaks_of(name))
                yield from _changes(value[name], inner, here)
            yield from _put(inner, here)
    elif isinstance(value, list) and value:
        yield from _put(shape.first(), (*path, 0))
        yield from _changes(value[0], shape.first(), (*path, 0))


def _put(shape: Shape, path: Path) -> Iterator[_Change]:
    for value in (*shape.wrong(), None):
        if shape.refuses(value):
            yield _Change(path, (value,))


def _replaced(value: Any, path: Path, new: Iterable[Any]) -> Any:
    if not path:
        return next(iter(new))
    first, *rest = path
    if isinstance(value, list):
        return [_replaced(value[0], tuple(rest), new), *value[1:]]
    kept: Mapping[str, Any] = value
    if not rest and not new:
        return {name: each for name, each in kept.items() if name != first}
    return {**kept, first: _replaced(kept.get(str(first)), tuple(rest), new)}


def _name(path: Path) -> str | None:
    """Return the field that a path ends in: of a list's item, the list."""
    return next((each for each in reversed(path) if isinstance(each, str)), None)


def _written(path: Path) -> str:
    written = "".join(f"[{each}]" if isinstance(each, int) else f".{each}" for each in path)
    return short(written.removeprefix("."))


def _json(value: Any) -> str:
    return json.encode(value).decode()
