"""What a JSON Schema takes, and a value of a type that it does not take.

Called by `malformed.py`. pydantic makes numbers, times and truths of text, and times of numbers; so what is
wrong for a scalar is an object or an array, and only what takes nothing but these is sent a number.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from resistor.catalog.schemas import compile_schema
from resistor.sdk.json_schema import Schema, followed

_KINDS = {"object": "object", "array": "array", "null": "null"}
_COMPOUND = ("anyOf", "oneOf", "allOf")
_DEEPEST = 32  # references and choices inside each other: a type that is only itself has no end
A_NUMBER = 17


class Shape:
    """A schema, or a part of one, and what it takes."""

    def __init__(self, schema: Schema, definitions: Schema) -> None:
        """Compile it. Raises `BadSchema` for what cannot be understood."""
        self._schema = schema
        self._definitions = definitions
        self._meant = followed(schema, definitions)
        self._refusal = compile_schema({**schema, "$defs": definitions})
        self.properties: Schema = self._meant.get("properties", {})
        self.required: tuple[str, ...] = tuple(self._meant.get("required", ()))

    def refuses(self, value: Any) -> bool:
        """Whether the schema does not take `value`."""
        return self._refusal(value) is not None

    def speaks_of(self, name: str) -> bool:
        """Whether the schema says anything of a field of that name; what is one of several types may."""
        return name in self.properties or not self._meant.keys().isdisjoint(_COMPOUND)

    def field(self, name: str) -> Shape:
        """Return the shape of a field; one that takes anything where nothing is said of it."""
        return self._part(self.properties.get(name, self._meant.get("additionalProperties")))

    def first(self) -> Shape:
        """Return the shape of a list's first item."""
        return self._part(next(iter(self._meant.get("prefixItems", ())), self._meant.get("items")))

    def wrong(self) -> Iterator[Any]:
        """Give a value of a type that it does not take, if there is one."""
        kinds = set(self._kinds(self._schema, 0))
        if not kinds & {"object", "array"}:
            candidate: Any = {}
        elif "scalar" not in kinds:
            candidate = A_NUMBER
        else:
            candidate = {} if "object" not in kinds else []
        if self.refuses(candidate):
            yield candidate

    def _part(self, schema: Any) -> Shape:
        return Shape(schema if isinstance(schema, dict) else {}, self._definitions)

    def _kinds(self, schema: Schema, depth: int) -> Iterator[str]:
        """Give `object`, `array`, `null` and `scalar`, as far as the schema may take such a thing."""
        if depth > _DEEPEST:
            return
        said = schema.get("type", ())
        for each in [said] if isinstance(said, str) else said:
            yield _KINDS.get(each, "scalar")
        if "const" in schema or "enum" in schema:
            yield "scalar"
        if "$ref" in schema:
            yield from self._kinds(self._definitions.get(schema["$ref"].rpartition("/")[2], {}), depth + 1)
        for word in _COMPOUND:
            for each in schema.get(word, ()):
                yield from self._kinds(each, depth + 1)
