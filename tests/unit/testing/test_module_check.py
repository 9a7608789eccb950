"""A module that breaks the contract is found out, and told in words that help; one that keeps it is not."""

from __future__ import annotations

import asyncio
import inspect
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import count
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, BeforeValidator, model_validator

from resistor.errors import OperatorMistake
from resistor.sdk import Context, Fail, Later, Module, Retry
from resistor.sdk.signature import Signature
from resistor.testing.module_check import Finding, Grade, check_module

ORDER = {"id": "a", "amount": 1}


class Order(BaseModel):
    """What a good action takes."""

    id: str
    amount: int


class Lenient(BaseModel):
    """A type that takes anything for its text, whatever its schema says."""

    note: Annotated[str, BeforeValidator(str)]


class Nameless(BaseModel):
    """A type that says no without saying where."""

    id: str

    @model_validator(mode="before")
    @classmethod
    def look(cls, data: Any) -> Any:
        if not isinstance(data, dict) or not isinstance(data.get("id"), str):
            raise ValueError("bad data")
        return data


class Careless(BaseModel):
    """A type whose own validator falls over what is not there."""

    id: str

    @model_validator(mode="before")
    @classmethod
    def look(cls, data: Any) -> Any:
        return {**data, "id": data["id"].strip()}


class Hopeful(BaseModel):
    """A type that wants malformed input once more."""

    id: str

    @model_validator(mode="before")
    @classmethod
    def look(cls, data: Any) -> Any:
        if not isinstance(data, dict) or not isinstance(data.get("id"), str):
            raise Retry("id: not yet", type="validation")
        return data


class Wide(BaseModel):
    """A type with more fields than a refusal shows."""

    a: int
    b: int
    c: int
    d: int
    e: int
    f: int
    g: int
    h: int
    i: int
    j: int
    k: int
    last: str


class Deaf(Module):
    """A module that takes whatever action comes."""

    def find(self, action: str) -> Signature:
        return self._actions.get(action, self._actions["act"])


class Hold:
    """Keeps an action, until the test is over."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def wait(self) -> None:
        self._event.wait()

    def release(self) -> None:
        self._event.set()


@pytest.fixture
def hold() -> Iterator[Hold]:
    """Give what keeps an action, and let it go in the end."""
    held = Hold()
    yield held
    held.release()


def line_of(function: Callable[..., Any], text: str) -> int:
    """The line of this file on which a function has a text."""
    lines, first = inspect.getsourcelines(function)
    return next(first + number for number, line in enumerate(lines) if text in line)


async def check(function: Callable[..., Any], examples: Any = (ORDER,), **more: Any) -> dict[str, Finding]:
    """Check a module with one action, and give its findings by their check."""
    module = Module("shop")
    module.action("act", examples=examples)(function)
    return {finding.check: finding for finding in await check_module(module, **more)}


def said(finding: Finding) -> list[str]:
    """What a person reads."""
    return [problem.said for problem in finding.problems]


async def test_a_module_that_keeps_the_contract_has_no_problem() -> None:
    async def act(order: Order, ctx: Context) -> str:
        await ctx.progress({"at": "it"})
        return ctx.idempotency_key

    found = await check(act)
    assert [str(finding) for finding in found.values()] == [
        "shop.act, examples: ok",
        "shop.act, redelivery: ok",
        "shop.act, malformed input: ok",
        "shop, unknown action: ok",
    ]
    assert [(finding.sent, dict(finding.came)) for finding in found.values()] == [
        (1, {"completed": 1}),
        (1, {"completed": 1}),
        (10, {"failed: validation": 10}),
        (1, {"failed: unknown_action": 1}),
    ]


@pytest.mark.parametrize(
    ("raised", "came"),
    [
        (Fail("declined", "no"), "failed: declined"),
        (Retry("busy", after=5), "retry"),
        (Retry("busy", type="rate_limited"), "retry: rate_limited"),
        (Later(after=5), "later"),
    ],
)
async def test_what_an_action_raises_on_purpose_is_an_answer(raised: Exception, came: str) -> None:
    async def act(order: Order) -> None:
        raise raised

    found = await check(act)
    assert {finding.grade for finding in found.values()} == {Grade.OK}
    assert dict(found["examples"].came) == {came: 1}


async def test_an_exception_that_nobody_foresaw_is_told_with_its_place() -> None:
    async def act(order: Order) -> None:
        dict[str, int]()["price"]

    examples = (await check(act))["examples"]
    place = f"tests/unit/testing/test_module_check.py:{line_of(act, 'price')}"
    assert examples.grade is Grade.FAILED
    assert [text.replace(str(inspect.getfile(act)), place.partition(":")[0]) for text in said(examples)] == [
        f"""example 1 = {{"id":"a","amount":1}}: KeyError: 'price' ({place})"""
    ]
    assert examples.problems[0].sent == '{"id":"a","amount":1}'
    assert dict(examples.came) == {"raised": 1}


async def test_the_place_of_an_exception_is_the_authors_own_though_a_library_raised_it() -> None:
    def act(order: Order) -> Any:
        return asyncio.run(order)  # type: ignore[arg-type]

    [text] = said((await check(act))["examples"])
    assert text.endswith(f"test_module_check.py:{line_of(act, 'asyncio.run')})")
    assert "ValueError: a coroutine was expected" in text


async def test_an_output_that_cannot_be_sent_fails_the_example() -> None:
    async def large(order: Order) -> str:
        return "x" * 300_000

    async def strange(order: Order) -> object:
        return object()

    [text] = said((await check(large))["examples"])
    assert "failed payload_too_large: the output has 300002 bytes as JSON, 262144 at most" in text
    [text] = said((await check(strange))["examples"])
    assert "failed validation: the output cannot be written as JSON" in text


async def test_an_example_that_its_own_type_refuses_fails() -> None:
    async def act(order: Order) -> None: ...

    examples = (await check(act, examples=[ORDER, {"id": "a", "amount": "many"}]))["examples"]
    [text] = said(examples)
    assert text.startswith(
        'example 2 = {"id":"a","amount":"many"}: failed validation: amount: Input should be'
    )


async def test_an_example_that_is_no_json_ends_the_check_with_a_line() -> None:
    async def act(order: Order) -> None: ...

    with pytest.raises(OperatorMistake, match="action 'act' of module 'shop': example 1 is no JSON"):
        await check(act, examples=[object()])


async def test_an_action_that_answers_otherwise_the_second_time_is_a_warning() -> None:
    numbers = count(1)

    async def act(order: Order) -> int:
        return next(numbers)

    again = (await check(act))["redelivery"]
    assert again.grade is Grade.WARNING
    assert said(again) == ["example 1 delivered twice: completed 1, then completed 2: not idempotent?"]


async def test_one_that_fails_otherwise_the_second_time_is_a_warning_too() -> None:
    numbers = count(1)

    async def act(order: Order) -> None:
        raise Fail("taken", f"by order {next(numbers)}")

    again = (await check(act))["redelivery"]
    assert said(again) == [
        "example 1 delivered twice: failed taken: by order 1, then failed taken: by order 2: not idempotent?"
    ]


async def test_an_answer_that_is_not_the_last_one_may_be_followed_by_any() -> None:
    numbers = count(1)

    async def act(order: Order) -> int:
        if (number := next(numbers)) == 1:
            raise Later(after=1)
        return number

    assert (await check(act))["redelivery"].grade is Grade.OK


async def test_an_action_that_falls_over_its_redelivery_fails() -> None:
    seen: set[str] = set()

    async def act(order: Order, ctx: Context) -> None:
        if ctx.idempotency_key in seen:
            raise RuntimeError("duplicate key")
        seen.add(ctx.idempotency_key)

    again = (await check(act))["redelivery"]
    assert again.grade is Grade.FAILED
    assert said(again)[0].startswith("example 1 delivered again: RuntimeError: duplicate key (")


async def test_an_action_that_waits_for_ever_is_given_up() -> None:
    async def act(order: Order) -> None:
        await asyncio.Event().wait()

    found = await check(act, timeout_seconds=0.2)
    assert said(found["examples"]) == ['example 1 = {"id":"a","amount":1}: no answer within 0.2s']
    assert "redelivery" not in found


async def test_one_that_will_not_be_cancelled_is_given_up_too() -> None:
    async def act(order: Order) -> None:
        with suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        await asyncio.Event().wait()

    found = await check(act, timeout_seconds=0.2)
    assert found["examples"].grade is Grade.FAILED


@pytest.mark.parametrize("is_async", [True, False])
async def test_an_action_that_blocks_its_loop_or_its_thread_does_not_block_the_check(
    hold: Hold, is_async: bool
) -> None:
    async def blocking(order: Order) -> None:
        hold.wait()

    def in_thread(order: Order) -> None:
        hold.wait()

    found = await check(blocking if is_async else in_thread, timeout_seconds=0.2)
    assert said(found["examples"]) == ['example 1 = {"id":"a","amount":1}: no answer within 0.2s']
    assert found["malformed input"].sent == 10
    assert dict(found["unknown action"].came) == {"failed: unknown_action": 1}


async def test_a_thread_that_hangs_does_not_keep_the_process_alive(hold: Hold) -> None:
    before = set(threading.enumerate())

    async def act(order: Order) -> None:
        await asyncio.to_thread(hold.wait)

    found = await check(act, timeout_seconds=0.2)
    assert said(found["examples"]) == ['example 1 = {"id":"a","amount":1}: no answer within 0.2s']
    own = {thread for thread in set(threading.enumerate()) - before if thread.name.startswith("module check")}
    assert own
    assert all(thread.daemon for thread in own)


async def test_an_action_may_work_and_fail_in_threads_of_its_own() -> None:
    async def act(order: Order) -> int:
        with pytest.raises(ZeroDivisionError):
            await asyncio.to_thread(lambda: 1 / 0)
        return await asyncio.to_thread(lambda: order.amount)

    assert (await check(act))["examples"].grade is Grade.OK


@pytest.mark.parametrize("raised", [KeyboardInterrupt(), GeneratorExit()])
async def test_what_no_runner_survives_the_check_does(raised: BaseException) -> None:
    async def act(order: Order) -> None:
        raise raised

    [text] = said((await check(act))["examples"])
    assert type(raised).__name__ in text
    assert text.endswith("which ends the whole runner")


async def test_an_action_that_cancels_itself_is_told() -> None:
    async def act(order: Order) -> None:
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        await asyncio.Event().wait()

    [text] = said((await check(act))["examples"])
    assert text.endswith("CancelledError, which ends the whole runner")


async def test_an_action_without_example_is_told_how_to_get_one_and_tried_all_the_same() -> None:
    async def act(order: Order) -> None: ...

    found = await check(act, examples=())
    assert found["examples"].grade is Grade.WARNING
    assert said(found["examples"]) == [
        'no example was sent, give one: @shop.action("act", examples=[{"id": ..., "amount": ...}])'
    ]
    assert "redelivery" not in found
    assert dict(found["malformed input"].came) == {"failed: validation": 10}


async def test_an_action_without_input_needs_no_example_and_cannot_refuse_any() -> None:
    async def act() -> str:
        return "done"

    found = await check(act, examples=())
    assert list(found) == ["examples", "redelivery", "unknown action"]
    assert {finding.grade for finding in found.values()} == {Grade.OK}


async def test_malformed_input_that_is_taken_fails_and_is_shown() -> None:
    async def act(data: Lenient) -> str:
        return data.note

    malformed = (await check(act, examples=[{"note": "n"}]))["malformed input"]
    assert malformed.grade is Grade.FAILED
    assert said(malformed) == [
        'took `note` = {}: completed "{}"',
        'took `note` = null: completed "None"',
    ]
    assert (malformed.problems[0].sent, malformed.problems[0].came) == ('{"note":{}}', 'completed "{}"')


async def test_malformed_input_that_the_action_asks_for_again_fails() -> None:
    async def act(data: Lenient) -> None:
        raise Retry("busy")

    malformed = (await check(act, examples=[{"note": "n"}]))["malformed input"]
    assert said(malformed)[0] == "took `note` = {}: retry: busy"


async def test_malformed_input_that_a_validator_falls_over_fails() -> None:
    async def act(data: Careless) -> None: ...

    problems = said((await check(act, examples=[{"id": "a"}]))["malformed input"])
    assert any(text.startswith("fell over input without `id`: KeyError: 'id' (") for text in problems)
    assert any(text.startswith("fell over `id` = {}: AttributeError: ") for text in problems)
    place = f"test_module_check.py:{line_of(Careless, 'strip')})"
    assert all(text.endswith(place) for text in problems if "`id`" in text)


async def test_a_refusal_must_name_the_field() -> None:
    async def act(data: Nameless) -> None: ...

    problems = said((await check(act, examples=[{"id": "a"}]))["malformed input"])
    assert "refused `id` = {} without naming `id`: input: Value error, bad data" in problems
    assert "refused input without `id` without naming `id`: input: Value error, bad data" in problems


async def test_a_refusal_that_was_cut_may_have_named_it() -> None:
    async def act(data: Wide) -> None: ...

    assert (await check(act, examples=()))["malformed input"].grade is Grade.OK


async def test_a_refusal_must_not_ask_for_another_attempt() -> None:
    async def act(data: Hopeful) -> None: ...

    problems = said((await check(act, examples=[{"id": "a"}]))["malformed input"])
    assert "refused `id` = {}, but asks for another attempt: id: not yet" in problems


async def test_a_field_that_no_type_speaks_of_and_the_action_needs_is_a_warning() -> None:
    async def act(order: dict[str, Any]) -> Any:
        return order["id"]

    undeclared = (await check(act))["undeclared fields"]
    assert undeclared.grade is Grade.WARNING
    [text] = said(undeclared)
    assert text.startswith("fell over input without `id`: KeyError: 'id' (")
    assert text.endswith("; a type that has the field would refuse it")
    assert dict(undeclared.came) == {"raised": 1, "completed": 1}


async def test_an_action_that_takes_what_it_does_not_have_fails() -> None:
    module = Deaf("shop")

    @module.action("act", examples=[1])
    async def act(data: int) -> int:
        return data

    [*_, unknown] = await check_module(module)
    assert unknown.grade is Grade.FAILED
    assert said(unknown)[0].startswith("took action 'no-such-action-0', which it has not: ")


async def test_the_actions_of_one_module_share_a_loop() -> None:
    """A module keeps connections that belong to one."""
    loops = set()

    async def act(order: Order) -> None:
        loops.add(asyncio.get_running_loop())

    await check(act, examples=[ORDER, ORDER])
    assert len(loops) == 1
    assert loops != {asyncio.get_running_loop()}


async def test_a_finding_tells_its_problems_in_lines_and_as_an_object() -> None:
    async def act(data: Lenient) -> None: ...

    finding = (await check(act, examples=()))["malformed input"]
    assert str(finding).splitlines() == [
        "shop.act, malformed input: failed",
        "  failed: took `note` = {}: completed null",
        "  failed: took `note` = null: completed null",
    ]
    view = finding.view()
    assert (view["action"], view["check"], view["grade"], view["sent"]) == (
        "act",
        "malformed input",
        "failed",
        7,
    )
    assert view["problems"][0] == {
        "grade": "failed",
        "said": "took `note` = {}: completed null",
        "sent": '{"note":{}}',
        "came": "completed null",
    }
