"""The JSON Schema of a definitions file, for editors: keys are completed, typos are refused.

Written to `definitions/schema.json`, and printed by `resistor workflow schema`. Made of the forms, so that
it cannot say anything else than they do; what only the checks can see (references, expressions) is not in
it. Draft 2020-12.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic.json_schema import models_json_schema

from resistor.catalog.durations import PATTERN
from resistor.catalog.forms import (
    KINDS,
    Form,
    ModuleDefaultsForm,
    VariationForm,
    WorkflowForm,
)
from resistor.catalog.modules import MODULES_KEY
from resistor.messages import names

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_HERE = "#/$defs/"
_STEP = "Step"
_WORKFLOW = "Workflow"
_DURATION = "Duration"


def definitions_of(forms: Sequence[type[Form]]) -> dict[str, Any]:
    """Return the `$defs` of forms, each by its name without `Form`, and those of durations."""
    _, generated = models_json_schema(
        [(form, "validation") for form in forms], ref_template=_HERE + "{model}"
    )
    definitions = {_called(name): _simple(schema) for name, schema in generated["$defs"].items()}
    definitions[_DURATION] = {
        "description": "A duration: 250ms, 30s, 1h30m, 2d, 1w, or ISO 8601 as PT30S",
        "type": "string",
        "pattern": PATTERN,
    }
    return definitions


def editor_schema() -> dict[str, Any]:
    """Return the schema as JSON."""
    definitions = definitions_of([WorkflowForm, VariationForm, ModuleDefaultsForm, *KINDS.values()])
    del definitions[_called(VariationForm.__name__)]
    definitions[_WORKFLOW] = _workflow(definitions[_WORKFLOW])
    definitions[_STEP] = _step()
    return {
        "$schema": DIALECT,
        "title": "Workflow definitions of Resistor",
        "description": "A file maps namespaces to events, and events to workflows.",
        "type": "object",
        "properties": {
            MODULES_KEY: {
                "description": "What holds for a module wherever it is used",
                "type": "object",
                "propertyNames": _named(names.WORD),
                "additionalProperties": _ref(_called(ModuleDefaultsForm.__name__)),
            }
        },
        "propertyNames": _named(names.WORD),
        "additionalProperties": _namespace(),
        "$defs": dict(sorted(definitions.items())),
    }


def _namespace() -> dict[str, Any]:
    versions = {"type": "array", "minItems": 1, "items": _ref(_WORKFLOW)}
    return {
        "description": "A namespace: events, each with its workflow or a list of versions",
        "type": "object",
        "propertyNames": _named(names.DOTTED),
        "additionalProperties": {"if": {"type": "array"}, "then": versions, "else": _ref(_WORKFLOW)},
    }


def _workflow(schema: dict[str, Any]) -> dict[str, Any]:
    """Let a variation be without steps: it has those of its base."""
    schema["required"] = ["version"]
    schema["anyOf"] = [{"required": ["steps"]}, {"required": ["extends"]}]
    schema["dependentRequired"] = {"changes": ["extends"]}
    return schema


def _step() -> dict[str, Any]:
    """Describe a step by its kind: the key that is there decides which other keys may be."""
    kinds = {kind: (form.__doc__ or "").strip() for kind, form in KINDS.items()}
    return {
        "description": "A step: exactly one key says of which kind",
        "type": "object",
        "properties": {kind: {"description": told} for kind, told in kinds.items()},
        "oneOf": [{"required": [kind]} for kind in KINDS],
        "allOf": [
            {"if": {"required": [kind]}, "then": _ref(_called(form.__name__))} for kind, form in KINDS.items()
        ],
    }


def _simple(schema: Any) -> Any:
    """Take out what pydantic adds for itself, and put in what stands for a step."""
    if isinstance(schema, list):
        return [_simple(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    alternatives = schema.get("anyOf")
    if isinstance(alternatives, list) and {"type": "null"} in alternatives:
        there = [each for each in alternatives if each != {"type": "null"}]
        rest = {key: each for key, each in schema.items() if key not in ("anyOf", "default", "title")}
        schema = {**there[0], **rest} if len(there) == 1 else {"anyOf": there, **rest}
    if "$ref" in schema and schema["$ref"].startswith(_HERE):
        schema = {**schema, **_ref(_called(schema["$ref"].removeprefix(_HERE)))}
    if "x-step" in schema or schema.get("pattern") == PATTERN:
        told = {"description": schema["description"]} if "description" in schema else {}
        return {**_ref(_STEP if "x-step" in schema else _DURATION), **told}
    # A default of a form (a mapping, a list) helps nobody who types, a title repeats the key.
    left_out = {"title"} | (
        {"default"} if not isinstance(schema.get("default"), str | int | float) else set()
    )
    return {
        key: {name: _simple(each) for name, each in value.items()} if key == "properties" else _simple(value)
        for key, value in schema.items()
        if key not in left_out
    }


def _named(pattern: Any) -> dict[str, Any]:
    return {"pattern": f"^{pattern.pattern.removesuffix(chr(92) + 'Z')}$"}


def _called(form: str) -> str:
    return form.removesuffix("Form")


def _ref(name: str) -> dict[str, Any]:
    return {"$ref": f"{_HERE}{name}"}
