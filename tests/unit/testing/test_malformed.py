"""What is malformed for a type, and what is not: nothing that pydantic takes, however it takes it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from ipaddress import IPv4Address
from pathlib import Path
from re import Pattern
from typing import Annotated, Any, Literal, NamedTuple
from uuid import UUID

import pytest
from pydantic import (
    AnyUrl,
    BaseModel,
    ByteSize,
    ConfigDict,
    Field,
    Json,
    RootModel,
    SecretStr,
    TypeAdapter,
    ValidationError,
)
from typing_extensions import TypedDict  # pydantic insists on it before Python 3.12

from resistor.sdk import Module
from resistor.testing.module_check import Grade, check_module
from resistor.testing.module_check.malformed import malformed


class Colour(Enum):
    """An enumeration."""

    RED = "red"
    ONE = 1


class Line(BaseModel):
    """A part of an order."""

    sku: str
    quantity: int = Field(gt=0)


class Pair(NamedTuple):
    """A tuple with names."""

    left: int
    right: int


class Row(TypedDict):
    """A dict with fields."""

    name: str


@dataclass
class Point:
    """A dataclass."""

    x: float
    y: float | None = None


class Cat(BaseModel):
    """One of two."""

    kind: Literal["cat"]
    lives: int


class Dog(BaseModel):
    """The other of two."""

    kind: Literal["dog"]
    name: str


class Tree(BaseModel):
    """A type that has itself inside."""

    name: str
    branches: list[Tree] = []
    parent: Tree | None = None


class Renamed(BaseModel):
    """A field with another name on its way."""

    model_config = ConfigDict(extra="forbid")

    number: int = Field(alias="no.")


class Numbers(RootModel[list[int]]):
    """A model that is a list."""


SCALARS: Any = (
    str, int, float, bool, bytes, datetime, date, time, timedelta, Decimal, UUID, Path, IPv4Address, AnyUrl,
    ByteSize, SecretStr, Json, Pattern, Colour, None, Literal[1, "a"], Annotated[str, Field(pattern="^a")],
)  # fmt: skip
STRUCTURES: Any = (
    dict, list, dict[str, int], dict[str, Any], Mapping[str, list[int]], list[str], tuple[int, str], set[int],
    frozenset[str], Sequence[int], Iterable[int], Pair, Row, Point, Line, Tree, Numbers, list[Line],
)  # fmt: skip
MIXED: Any = (
    Any, object, int | str, datetime | Line, list[int] | int, dict[str, int] | str, Line | None, Line | Point,
    list[int] | dict[str, int], timedelta | dict[str, Any] | list[Any], Decimal | None,
    Annotated[Cat | Dog, Field(discriminator="kind")],
)  # fmt: skip


def cases(input_type: Any, *examples: Any) -> dict[str, Any]:
    """What is wrong with each case, and the case."""
    found = malformed(TypeAdapter(input_type).json_schema(), examples)
    return {each.said: each for each in found}


@pytest.mark.parametrize("input_type", [*SCALARS, *STRUCTURES, *MIXED], ids=str)
def test_pydantic_refuses_all_that_is_malformed_and_never_falls_over_it(input_type: Any) -> None:
    field = TypedDict("field", {"field": input_type})  # noqa: UP013
    for around in (input_type, list[input_type], field):
        adapter = TypeAdapter[Any](around)
        found = malformed(adapter.json_schema(), ())
        assert found
        for case in found:
            with pytest.raises(ValidationError):
                list(adapter.validate_json(case.body))  # what gives its items one by one refuses them so


@pytest.mark.parametrize("input_type", [*SCALARS, *STRUCTURES], ids=str)
def test_for_every_plain_type_there_is_a_value_of_a_wrong_one(input_type: Any) -> None:
    given = {b"17", b"{}", b"[]"}
    assert [case for case in cases(input_type).values() if case.body in given] != []


def test_what_takes_anything_has_no_malformed_input_but_what_is_no_json() -> None:
    for input_type in (Any, object):
        assert list(cases(input_type, {"a": {"b": 1}}, [1, None])) == [
            'what is no JSON (`{"`)',
            "input without `a`",
        ]
        assert cases(input_type, {"a": 1})["input without `a`"].is_undeclared


def test_each_field_is_left_out_is_null_and_is_of_another_type_inside_too() -> None:
    class_schema = TypedDict("class_schema", {"id": str, "lines": list[Line], "at": Point | None})  # noqa: UP013
    example = {"id": "a", "lines": [{"sku": "tea", "quantity": 1}], "at": {"x": 1}}
    assert set(cases(class_schema, example)) == {
        'what is no JSON (`{"`)',
        "input 17",
        "input null",
        "input {}",
        *("input without `id`", "`id` = {}", "`id` = null"),
        *("input without `lines`", "`lines` = 17", "`lines` = null", "`lines[0]` = 17", "`lines[0]` = null"),
        *("input without `lines[0].sku`", "`lines[0].sku` = {}", "`lines[0].sku` = null"),
        *("input without `lines[0].quantity`", "`lines[0].quantity` = {}", "`lines[0].quantity` = null"),
        *("input without `at`", "`at` = 17"),
        *("input without `at.x`", "`at.x` = {}", "`at.x` = null", "`at.y` = {}"),
    }


def test_what_is_changed_is_one_place_and_the_example_stays_as_it_is() -> None:
    example = {"name": "root", "branches": [{"name": "left"}, {"name": "right"}]}
    before = json.dumps(example)
    found = cases(Tree, example)
    assert json.dumps(example) == before
    assert json.loads(found["input without `branches[0].name`"].body) == {
        "name": "root",
        "branches": [{}, {"name": "right"}],
    }
    assert json.loads(found["`branches[0].name` = null"].body)["branches"][0] == {"name": None}
    assert found["`branches[0]` = 17"].field == "branches"


def test_an_example_that_the_schema_refuses_is_not_taken_apart() -> None:
    found = cases(Line, {"sku": 5, "quantity": 1})
    assert json.loads(found["`sku` = {}"].body) == {"sku": {}}


def test_every_example_is_taken_apart_and_nothing_is_tried_twice() -> None:
    examples = ({"kind": "cat", "lives": 9}, {"kind": "dog", "name": "a"}, {"kind": "dog", "name": "b"})
    found = malformed(TypeAdapter(Cat | Dog).json_schema(), examples)
    assert [each.said for each in found] == [
        'what is no JSON (`{"`)',
        "input 17",
        "input null",
        "input without `kind`",
        "input without `lives`",
        "input without `name`",
    ]


def test_a_field_of_one_of_two_types_is_not_undeclared() -> None:
    assert "input without `y`" not in cases(Point | Line, {"x": 1, "y": 2})


async def test_a_check_raises_no_false_alarm_for_any_type() -> None:
    module = Module("m")
    for number, input_type in enumerate([*SCALARS, *STRUCTURES, *MIXED, Renamed]):

        async def act(data: Any) -> None:
            if isinstance(data, Iterable) and not isinstance(data, Mapping):
                list(data)

        act.__annotations__["data"] = input_type
        module.action(f"act-{number}")(act)
    findings = [finding for finding in await check_module(module) if finding.check != "examples"]
    assert [str(finding) for finding in findings if finding.grade is not Grade.OK] == []
