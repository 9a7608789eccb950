"""A workflow's `input` is a JSON Schema that can be used."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from resistor.catalog.places import Finding
from resistor.catalog.schemas import BadSchema, compile_schema


def check_input_schema(definition: Any) -> Iterator[Finding]:
    """Yield what is wrong with the schema, at the keyword where it is wrong."""
    schema = definition.get("input") if isinstance(definition, dict) else None
    if isinstance(schema, dict):
        try:
            compile_schema(schema)
        except BadSchema as error:
            yield Finding(("input", *error.path), str(error), error.hint)
