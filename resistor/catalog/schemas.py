"""A workflow's `input`: a JSON Schema, compiled into one question.

Called by the check of it and by compiling. Draft 2020-12 unless `$schema` says otherwise. A schema never
reaches out: what `$ref` names must stand in the schema itself. Regular expressions are matched in linear
time, so that neither an author nor an event can hang the daemon with one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import jsonschema_rs

from resistor.catalog.places import KeyPath, texts_in
from resistor.catalog.wording import did_you_mean, listed, quote

_LONGEST = 240  # characters of a refusal: it travels in a header and in log lines
_TYPES = ("array", "boolean", "integer", "null", "number", "object", "string")

Refusal = Callable[[Any], str | None]
"""Says what is wrong with a value, in one line, or None."""


class BadSchema(ValueError):
    """The schema itself is wrong, at `path`."""

    def __init__(self, message: str, path: KeyPath, hint: str | None = None) -> None:
        """Say what is wrong, where in the schema, and what may help."""
        super().__init__(message)
        self.path = path
        self.hint = hint


def compile_schema(schema: Mapping[str, Any]) -> Refusal:
    """Compile a JSON Schema. Raises `BadSchema`."""
    try:
        validator = jsonschema_rs.validator_for(
            dict(schema), retriever=_refuse_remote, pattern_options=jsonschema_rs.RegexOptions()
        )
    except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError) as error:
        raise _explain(schema, error) from None

    def refusal(value: Any) -> str | None:
        try:
            validator.validate(value)
        except jsonschema_rs.ValidationError as error:
            return _shorten(f"at {_pointer(error.instance_path)}: {error.message}")
        return None

    return refusal


def _refuse_remote(uri: str) -> Any:
    raise ValueError(f"{uri} is not in the schema")


def _explain(schema: Mapping[str, Any], error: Exception) -> BadSchema:
    message = _shorten(str(getattr(error, "message", error)).partition("\n")[0])
    path: KeyPath = tuple(getattr(error, "instance_path", ()))
    if not path:
        return _explain_reference(schema, message)
    value: Any = schema
    for word in path:
        value = value[word]
    if isinstance(value, str) and value in _TYPES:
        return BadSchema(
            f"a schema must be a mapping, not the text {quote(value)}", path, f"write {{type: {value}}}"
        )
    if path[-1] == "type" and isinstance(value, str):
        hint = did_you_mean(value, _TYPES) or f"there are {listed(_TYPES)}"
        return BadSchema(f"{quote(value)} is not a type of JSON Schema", path, hint)
    if path[-1] == "pattern" and isinstance(value, str):
        hint = "look-around and back-references are left out: matching takes linear time"
        return BadSchema(f"{quote(value)} is not a regular expression", path, hint)
    return BadSchema(f"this is not JSON Schema: {quote(str(path[-1]))}: {message}", path)


def _explain_reference(schema: Mapping[str, Any], message: str) -> BadSchema:
    for path, text in texts_in(schema):
        if path[-1] in ("$ref", "$dynamicRef") and text.lstrip("#") in message:
            if text.startswith("#"):
                return BadSchema(f"{quote(text)} is nowhere in this schema", path)
            hint = "put it under `$defs` and write `#/$defs/NAME`"
            return BadSchema(f"{quote(text)} is outside this schema, and nothing is fetched", path, hint)
        if path[-1] == "$schema" and text in message:
            return BadSchema(f"{quote(text)} is not a version of JSON Schema that is known here", path)
    return BadSchema(f"this is not JSON Schema: {message}", ())


def _pointer(path: list[str | int]) -> str:
    return "/" + "/".join(str(word).replace("~", "~0").replace("/", "~1") for word in path)


def _shorten(message: str) -> str:
    """Cut the middle out: a message begins with the value and ends with what is wrong with it."""
    message = "".join(each if each.isprintable() else " " for each in message)
    if len(message) <= _LONGEST:
        return message
    half = _LONGEST // 2
    return f"{message[: half - 3]} … {message[-half:]}"
