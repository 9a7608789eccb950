"""`input`: an event's data is let in, or refused in one line that names the place."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from resistor.catalog.schemas import BadSchema, compile_schema

ORDER = {
    "type": "object",
    "required": ["id"],
    "properties": {
        "id": {"type": "string", "maxLength": 10},
        "lines": {"type": "array", "items": {"type": "object", "properties": {"a/b": {"type": "integer"}}}},
    },
}


@pytest.mark.parametrize(
    ("data", "refusal"),
    [
        ({"id": "o-1"}, None),
        ({"id": 5}, 'at /id: 5 is not of type "string"'),
        ({}, 'at /: "id" is a required property'),
        ([], 'at /: [] is not of type "object"'),
        ({"id": "o", "lines": [{}, {"a/b": "x"}]}, 'at /lines/1/a~1b: "x" is not of type "integer"'),
    ],
)
def test_a_refusal_names_the_place(data: Any, refusal: str | None) -> None:
    assert compile_schema(ORDER)(data) == refusal


def test_a_long_refusal_keeps_its_end() -> None:
    refusal = compile_schema(ORDER)({"id": "x\n" * 1000})
    assert refusal is not None
    assert len(refusal) < 250
    assert refusal.endswith("is longer than 10 characters")
    assert "\n" not in refusal


def test_a_schema_need_not_be_about_an_object() -> None:
    assert compile_schema({"type": "array"})([]) is None
    assert compile_schema({})("anything") is None


def test_a_schema_is_draft_2020_12_unless_it_says_otherwise() -> None:
    tuple_of_one = {"prefixItems": [{"type": "string"}]}
    assert compile_schema(tuple_of_one)([1]) is not None
    assert compile_schema({"$schema": "http://json-schema.org/draft-07/schema#", **tuple_of_one})([1]) is None


def test_a_schema_can_refer_to_itself() -> None:
    tree = {"properties": {"left": {"$ref": "#"}}, "required": ["value"]}
    assert compile_schema(tree)({"value": 1, "left": {}}) == 'at /left: "value" is a required property'


@pytest.mark.parametrize(
    "uri", ["http://127.0.0.1:9/x.json", "https://example.org/x", "file:///etc/passwd", "x.json"]
)
def test_a_reference_out_of_the_schema_is_refused_and_nothing_is_fetched(
    uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "create_connection", lambda *_: pytest.fail("it went out"))
    with pytest.raises(BadSchema, match="is outside this schema, and nothing is fetched") as caught:
        compile_schema({"properties": {"a": {"$ref": uri}}})
    assert caught.value.path == ("properties", "a", "$ref")


@pytest.mark.parametrize(
    ("schema", "path", "message"),
    [
        ({"$ref": "#/$defs/a"}, ("$ref",), "`#/$defs/a` is nowhere in this schema"),
        ({"type": "strin"}, ("type",), "`strin` is not a type of JSON Schema"),
        (
            {"properties": {"a": {"pattern": "("}}},
            ("properties", "a", "pattern"),
            "`(` is not a regular expression",
        ),
        ({"pattern": "(?=a)b"}, ("pattern",), "`(?=a)b` is not a regular expression"),
        (
            {"minLength": -1},
            ("minLength",),
            "this is not JSON Schema: `minLength`: -1 is less than the minimum",
        ),
        ({"$schema": "http://x/y"}, ("$schema",), "`http://x/y` is not a version of JSON Schema"),
        (
            {"properties": {"type": "string"}},
            ("properties", "type"),
            "a schema must be a mapping, not the text",
        ),
        ({"$id": ":::"}, (), "this is not JSON Schema: Invalid URI reference"),
    ],
)
def test_a_bad_schema_is_refused_at_the_keyword(schema: dict[str, Any], path: Any, message: str) -> None:
    with pytest.raises(BadSchema) as caught:
        compile_schema(schema)
    assert caught.value.path == path
    assert str(caught.value).startswith(message)


def test_no_regular_expression_takes_more_than_linear_time() -> None:
    refusal = compile_schema({"pattern": "^(a+)+$"})("a" * 5000 + "b")
    assert refusal is not None
