"""The JSON Schema of an action's input, as pydantic writes it, and the examples that stand in it.

Called by `signature.py`, and by what checks modules. Must know nothing of messages.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pydantic_core
from pydantic import PydanticUserError, TypeAdapter
from pydantic.json_schema import GenerateJsonSchema

Schema = Mapping[str, Any]

_MOST_HOPS = 32  # from reference to reference: a type that is only itself has no end


class _Quietly(GenerateJsonSchema):
    """A default that JSON cannot say is left out of the schema, which is no news to anybody."""

    ignored_warning_kinds = {"skipped-choice", "non-serializable-default"}  # noqa: RUF012 - pydantic's own


def schema_of(adapter: TypeAdapter[Any]) -> Schema | None:
    """Return the schema of what `adapter` takes; None for a type that JSON Schema cannot say."""
    try:
        schema = adapter.json_schema(schema_generator=_Quietly)
    except PydanticUserError:
        return None
    # An author's `json_schema_extra` may hold anything, a time for instance.
    jsonable: Schema = pydantic_core.to_jsonable_python(schema, fallback=repr)
    return jsonable


def followed(schema: Schema, definitions: Schema) -> Schema:
    """Return the schema that is meant: references are followed, and `X | None` is X."""
    for _ in range(_MOST_HOPS):
        choices = [each for each in schema.get("anyOf") or schema.get("allOf") or () if not _is_null(each)]
        if "$ref" in schema:
            schema = definitions.get(str(schema["$ref"]).rpartition("/")[2], {})
        elif len(choices) == 1:
            [schema] = choices
        else:
            return schema
    return {}


def examples_in(schema: Schema) -> list[Any]:
    """Return the examples of a type: its own (`examples`), or else one made of its fields' examples.

    The latter only where every field that must be given has one, or says its only value.
    """
    definitions = schema.get("$defs", {})
    own = schema.get("examples") or followed(schema, definitions).get("examples")
    if own:
        return list(own)
    made = _made(schema, definitions, 0)
    return [made] if isinstance(made, dict) else []


class _Nothing:
    """No example: any other value may be one."""


_NOTHING = _Nothing()


def _made(schema: Schema, definitions: Schema, depth: int) -> Any:
    """Return an example of an object, made of those of its fields."""
    meant = followed(schema, definitions)
    properties: Mapping[str, Schema] = meant.get("properties", {})
    if meant.get("type") != "object" or not properties or depth > _MOST_HOPS:
        return _NOTHING
    made: dict[str, Any] = {}
    for name, field in properties.items():
        is_required = name in meant.get("required", ())
        example = _example(field, definitions, depth) if is_required else _said(field)
        if not isinstance(example, _Nothing):
            made[name] = example
        elif is_required:
            return _NOTHING
    return made


def _example(field: Schema, definitions: Schema, depth: int) -> Any:
    for each in (field, followed(field, definitions)):
        example = _said(each)
        if not isinstance(example, _Nothing):
            return example
        if "const" in each or "enum" in each:
            return each.get("const", next(iter(each.get("enum", ())), None))
    return _made(field, definitions, depth + 1)


def _said(field: Schema) -> Any:
    return next(iter(field.get("examples", ())), _NOTHING)


def _is_null(schema: Schema) -> bool:
    return schema.get("type") == "null"
