"""JSON Schemas, a workflow's `input` and an `ask` step's `form`, can be used."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from resistor.catalog.blocks import mapping
from resistor.catalog.checks.survey import Survey
from resistor.catalog.places import Finding, KeyPath
from resistor.catalog.schemas import BadSchema, compile_schema


def check_input_schema(survey: Survey) -> Iterator[Finding]:
    """Yield what is wrong with a schema, at the keyword where it is wrong."""
    for path, schema in _schemas(survey):
        try:
            compile_schema(schema)
        except BadSchema as error:
            yield Finding((*path, *error.path), str(error), error.hint)


def _schemas(survey: Survey) -> Iterator[tuple[KeyPath, dict[str, Any]]]:
    schema = mapping(survey.definition).get("input")
    if isinstance(schema, dict):
        yield ("input",), schema
    for block in survey.blocks.all:
        for step in block.steps:
            form = mapping(step.value.get("ask")).get("form")
            if isinstance(form, dict):
                yield (*step.path, "ask", "form"), form
