"""Inputs that an action takes: given with the action, or standing in the input's type."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field

from resistor.errors import OperatorMistake
from resistor.sdk import Fail, Module

ORDER: dict[str, Any] = {"id": "a", "amount": 1}


class Order(BaseModel):
    """A type without examples."""

    id: str
    amount: int


class Shown(BaseModel):
    """A type that has examples itself."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"id": "of the type"}, ORDER]})

    id: str = Field(examples=["of the field"])
    amount: int = 1


class Fields(BaseModel):
    """A type whose fields all have one, or need none."""

    id: str = Field(examples=["a", "b"])
    currency: Literal["EUR", "USD"]
    always: Literal["yes"]
    order: Shown
    note: str = "none"
    count: int = Field(default=1, examples=[3])
    at: Annotated[datetime | None, Field(examples=[datetime(2026, 1, 2, tzinfo=UTC)])]


class Lacking(BaseModel):
    """A type one of whose fields has none."""

    id: str = Field(examples=["a"])
    amount: int


class Optional(BaseModel):
    """A type that an empty object is."""

    id: str = "a"


class Inner(BaseModel):
    """A type inside another, whose fields have examples."""

    sku: str = Field(examples=["tea"])


@dataclass
class Outer:
    """A dataclass with such a type inside."""

    inner: Inner
    again: Inner | None = None


class Tree(BaseModel):
    """A type that has itself inside."""

    name: str = Field(examples=["root"])
    parent: Tree | None = None


class Endless(BaseModel):
    """A type of which there is no value."""

    inner: Endless


AT: Any = {"examples": [{"at": datetime(2026, 1, 2, tzinfo=UTC)}]}


class Held(BaseModel):
    """A type whose example is no JSON as it stands."""

    model_config = ConfigDict(json_schema_extra=AT)

    at: datetime
    anything: Any = object()


def of(input_type: Any, given: Any = ()) -> tuple[Any, ...]:
    """The examples of an action with such an input."""
    module = Module("m")

    async def act(data: Any) -> None: ...

    act.__annotations__["data"] = input_type
    module.action("act", examples=given)(act)
    return module.examples("act")


def test_examples_that_are_given_are_kept_as_json() -> None:
    assert of(Order, [ORDER, Order(id="b", amount=2)]) == (ORDER, {"id": "b", "amount": 2})
    assert of(Any, [None, 5, "text"]) == (None, 5, "text")


def test_whoever_changes_an_example_changes_only_their_own() -> None:
    module = Module("m")
    module.action("act", examples=[{"a": [1]}])(lambda data: data)
    module.examples("act")[0]["a"].append(2)
    assert module.examples("act") == ({"a": [1]},)


def test_the_types_own_examples_follow_those_that_are_given_and_none_comes_twice() -> None:
    assert of(Shown) == ({"id": "of the type"}, ORDER)
    assert of(Shown, [ORDER]) == (ORDER, {"id": "of the type"})
    assert of(Annotated[int, Field(examples=[3])]) == (3,)
    assert of(Held) == ({"at": "2026-01-02T00:00:00Z"},)


@pytest.mark.parametrize(
    ("input_type", "made"),
    [
        (
            Fields,
            {
                "id": "a",
                "currency": "EUR",
                "always": "yes",
                "order": {"id": "of the type"},
                "count": 3,
                "at": "2026-01-02T00:00:00Z",
            },
        ),
        (Optional, {}),
        (Outer, {"inner": {"sku": "tea"}}),
        (Tree, {"name": "root"}),
        (Shown | None, {"id": "of the type"}),
    ],
)
def test_an_example_is_made_of_those_of_the_fields(input_type: Any, made: Any) -> None:
    assert of(input_type)[0] == made


@pytest.mark.parametrize("input_type", [Order, Lacking, Endless, dict, Any, int, list[Inner], Order | Tree])
def test_none_is_made_up_where_a_field_has_none(input_type: Any) -> None:
    assert of(input_type) == ()


async def test_an_action_without_input_has_none() -> None:
    module = Module("m")

    @module.action("act")
    async def act() -> None: ...

    assert module.examples("act") == ()
    assert module.find("act").takes_input is False


def test_an_example_that_the_type_does_not_take_is_no_mistake_before_it_is_sent() -> None:
    assert of(Order, [{"id": 5}]) == ({"id": 5},)


@pytest.mark.parametrize("example", [object(), float("nan"), "\ud800", {1: "a", "1": "b"}])
def test_an_example_that_is_no_json_is_refused_when_somebody_reads_it(example: Any) -> None:
    with pytest.raises(OperatorMistake, match="action 'act' of module 'm': example 2 is no JSON"):
        of(Any, [1, example])


@pytest.mark.parametrize("given", [ORDER, "text", b"bytes", 5])
def test_one_example_in_place_of_a_list_is_refused_at_import(given: Any) -> None:
    with pytest.raises(OperatorMistake, match=r"examples is a list of inputs, like examples=\[\{...\}\]"):
        Module("m").action("act", examples=given)(lambda data: data)


def test_nobody_has_the_examples_of_an_unknown_action() -> None:
    with pytest.raises(Fail, match="unknown_action"):
        Module("m").examples("act")
