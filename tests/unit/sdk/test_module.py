"""A module in a unit test: actions are called without a broker, and bad ones are refused at import."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import BaseModel
from typing_extensions import TypedDict  # pydantic insists on it before Python 3.12

from resistor.errors import OperatorMistake
from resistor.sdk import Context, Fail, Later, Module, Retry


class Order(BaseModel):
    """A pydantic model."""

    id: str
    amount: int = 1


@dataclass
class Point:
    """A dataclass."""

    x: int
    y: int


class Row(TypedDict):
    """A TypedDict."""

    name: str


shop = Module("shop")


@shop.action("model")
async def model(order: Order, ctx: Context) -> Order:
    return Order(id=order.id, amount=order.amount + ctx.attempt)


@shop.action("dataclass")
async def from_dataclass(point: Point) -> Point:
    return Point(point.y, point.x)


@shop.action("typed.dict")
async def typed_dict(row: Row) -> str:
    return row["name"]


@shop.action("plain")
def plain(data: dict) -> dict:  # type: ignore[type-arg]
    return {**data, "thread": threading.current_thread() is not threading.main_thread()}


@shop.action("untyped")
async def untyped(data, ctx):  # type: ignore[no-untyped-def]
    return [data, dict(ctx.metadata)]


@shop.action("nothing")
async def nothing() -> None:
    pass


@shop.action("context-only")
async def context_only(context: Context) -> str:
    return f"{context.run}/{context.step}/{context.idempotency_key}"


@shop.action("raises")
async def raises(how: str) -> None:
    match how:
        case "fail":
            raise Fail("card_declined", "no", details={"code": 5})
        case "retry":
            raise Retry("busy", after=10)
        case "later":
            raise Later(after=30)
    raise KeyError(how)


@pytest.mark.parametrize(
    ("action", "given", "output"),
    [
        ("model", {"id": "a", "amount": 5}, {"id": "a", "amount": 6}),
        ("model", Order(id="b"), {"id": "b", "amount": 2}),
        ("dataclass", {"x": 1, "y": 2}, {"x": 2, "y": 1}),
        ("typed.dict", {"name": "n"}, "n"),
        ("plain", {"big": 2**70}, {"big": 2**70, "thread": True}),
        ("untyped", [1, None], [[1, None], {"m": 1}]),
        ("nothing", {"ignored": 1}, None),
        ("context-only", None, "test/context-only/test-context-only"),
    ],
)
async def test_an_action_is_called_with_what_its_types_say(action: str, given: Any, output: Any) -> None:
    assert await shop.call(action, given, metadata={"m": 1}) == output


async def test_the_attempt_can_be_chosen() -> None:
    assert (await shop.call("model", {"id": "a", "amount": 0}, attempt=3))["amount"] == 3


async def test_what_an_action_raises_comes_out_of_a_call() -> None:
    with pytest.raises(Fail, match="card_declined: no") as fail:
        await shop.call("raises", "fail")
    assert (fail.value.type, fail.value.message, fail.value.details) == ("card_declined", "no", {"code": 5})
    with pytest.raises(Retry) as again:
        await shop.call("raises", "retry")
    assert again.value.after == 10
    with pytest.raises(Later) as later:
        await shop.call("raises", "later")
    assert later.value.after == 30
    with pytest.raises(KeyError):
        await shop.call("raises", "something else")


async def test_invalid_input_names_the_field() -> None:
    with pytest.raises(Fail) as fail:
        await shop.call("model", {"amount": "many"})
    assert fail.value.type == "validation"
    assert "id: Field required" in fail.value.message
    assert "amount: " in fail.value.message
    assert [problem["field"] for problem in fail.value.details] == ["id", "amount"]


async def test_an_unknown_action_suggests_the_nearest() -> None:
    with pytest.raises(Fail, match="no action 'plane': did you mean 'plain'") as fail:
        await shop.call("plane")
    assert fail.value.type == "unknown_action"


async def test_a_sync_action_that_raises_is_heard() -> None:
    module = Module("m")

    @module.action("stop")
    def stop() -> None:
        raise StopIteration

    with pytest.raises(RuntimeError):
        await module.call("stop")


async def test_an_async_action_behind_a_plain_decorator_is_awaited() -> None:
    module = Module("m")

    async def inner(data: int) -> int:
        return data + 1

    @module.action("add")
    def wrapped(data: int) -> Any:
        return inner(data)

    assert await module.call("add", 1) == 2


@pytest.mark.parametrize(
    "output",
    [float("nan"), {"a": [float("inf")]}, "\ud800", object(), b"\xff", {1: "a", "1": "b"}],
    ids=["nan", "inf", "surrogate", "object", "bytes", "twin keys"],
)
async def test_an_output_that_is_no_json_is_refused(output: Any) -> None:
    module = Module("m")

    @module.action("give")
    async def give() -> Any:
        return output

    with pytest.raises(Fail) as fail:
        await module.call("give")
    assert fail.value.type == "validation"


async def test_an_output_nested_too_deep_is_refused_and_one_that_just_fits_is_not() -> None:
    module = Module("m")

    @module.action("nest")
    async def nest(levels: int) -> Any:
        value: Any = 1
        for _ in range(levels):
            value = [value]
        return value

    await module.call("nest", 63)
    with pytest.raises(Fail, match="64 levels"):
        await module.call("nest", 64)


async def test_an_output_over_256_kib_is_refused() -> None:
    module = Module("m")

    @module.action("blow")
    async def blow(size: int) -> str:
        return "x" * size

    assert len(await module.call("blow", 256 * 1024 - 2)) == 256 * 1024 - 2
    with pytest.raises(Fail) as fail:
        await module.call("blow", 256 * 1024 - 1)
    assert fail.value.type == "payload_too_large"


async def test_times_and_models_inside_are_written_as_json() -> None:
    module = Module("m")

    @module.action("mix")
    async def mix() -> Any:
        return {"at": datetime(2026, 1, 2, tzinfo=UTC), "order": Order(id="a"), "point": Point(1, 2)}

    assert await module.call("mix") == {
        "at": "2026-01-02T00:00:00Z",
        "order": {"id": "a", "amount": 1},
        "point": {"x": 1, "y": 2},
    }


@pytest.mark.parametrize("name", ["", "1st", "with.dot", "a b", "x" * 65, "{a}"])
def test_a_module_with_a_bad_name_is_refused_at_import(name: Any) -> None:
    with pytest.raises(OperatorMistake, match="a module cannot be called"):
        Module(name)


@pytest.mark.parametrize("name", ["", "1st", "a/b", "x" * 129, nothing])
def test_an_action_with_a_bad_name_is_refused_at_import(name: Any) -> None:
    with pytest.raises(OperatorMistake, match="an action cannot be called"):
        Module("m").action(name)


def test_two_actions_of_one_name_are_refused_at_import() -> None:
    with pytest.raises(OperatorMistake, match="two actions called 'plain'"):
        shop.action("plain")


def test_functions_that_can_never_be_called_are_refused_at_import() -> None:
    def too_many(one: int, two: int) -> None: ...
    def stars(*many: int) -> None: ...
    def positional(data: int, /) -> None: ...

    for function, words in ((too_many, "'two'"), (stars, "'many'"), (positional, "'data'")):
        with pytest.raises(OperatorMistake, match=words):
            Module("m").action("a")(function)


def test_a_type_that_cannot_be_found_or_read_is_refused_at_import() -> None:
    class Local(BaseModel):
        x: int

    def local(data: Local) -> None: ...
    def strange(data: threading.Thread) -> None: ...

    with pytest.raises(OperatorMistake, match="looked up in its file"):
        Module("m").action("a")(local)
    with pytest.raises(OperatorMistake, match="action 'a' of module 'm'"):
        Module("m").action("a")(strange)


def test_a_decorated_function_stays_what_it_is() -> None:
    assert plain({})["thread"] is False
