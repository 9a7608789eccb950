"""`resistor module test`, as a person and as a program see it."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from resistor.ops.cli.lazy import Lazy, LazyGroup
from resistor.ops.cli.session import Session

SHOP = """
from resistor.sdk import Fail, Module
from pydantic import BaseModel

good, bad, open_ = Module("good"), Module("bad"), Module("open")

class Order(BaseModel):
    id: str

@good.action("take", examples=[{"id": "a"}, {"id": "none"}])
async def take(order: Order) -> str:
    print("a line that is not for the table")
    if order.id == "none":
        raise Fail("sold_out")
    return order.id

@bad.action("take", examples=[{"id": "a"}])
async def fall(order: Order) -> None:
    raise RuntimeError("no stock\\x1b[2J")

@open_.action("take")
async def untyped(order: dict) -> None: ...

hung = Module("hung")

@hung.action("take", examples=[{"id": "a"}])
async def hang(order: Order) -> None:
    import asyncio
    await asyncio.Event().wait()
"""

Call = Callable[..., Result]


@pytest.fixture
def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Call]:
    """Give what calls the command in a folder with modules."""
    (tmp_path / "shop.py").write_text(SHOP)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    before = set(sys.modules)
    group = LazyGroup(
        "module", lazy={"test": Lazy("resistor.testing.cli.module_test:test", "Check modules.")}
    )

    def invoke(*arguments: str, code: int = 0) -> Result:
        result = CliRunner().invoke(group, ("test", *arguments), obj=Session(None, {}))
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == code, result.output
        return result

    yield invoke
    for name in set(sys.modules) - before:
        del sys.modules[name]


def test_a_module_that_is_good_is_a_tick_a_line(call: Call) -> None:
    result = call("shop.py:good")
    assert result.stdout.splitlines() == [
        "   MODULE  ACTION  CHECK            ANSWERS",
        "✓  good    take    examples         1 completed, 1 failed: sold_out",
        "✓  good    take    redelivery       1 completed, 1 failed: sold_out",
        "✓  good    take    malformed input  7 failed: validation",
        "✓  good    -       unknown action   1 failed: unknown_action",
    ]
    assert result.stderr.endswith("4 checks, 0 failures, 0 warnings\n")


def test_what_fails_stands_under_its_line_and_the_command_fails(call: Call) -> None:
    result = call("shop.py:bad", "shop:open_", code=1)
    assert result.stdout.splitlines() == [
        "   MODULE  ACTION  CHECK            ANSWERS",
        "✗  bad     take    examples         1 raised",
        """   example 1 = {"id":"a"}: RuntimeError: no stock\\x1b[2J (shop.py:19)""",
        "✓  bad     take    malformed input  7 failed: validation",
        "✓  bad     -       unknown action   1 failed: unknown_action",
        "!  open    take    examples         -",
        '   no example was sent, give one: @open.action("take", examples=[{...}])',
        "✓  open    take    malformed input  3 failed: validation",
        "✓  open    -       unknown action   1 failed: unknown_action",
    ]
    assert result.stderr.endswith("6 checks, 1 failure, 1 warning\n")


def test_a_warning_alone_does_not_fail_the_command(call: Call) -> None:
    assert "!" in call("shop:open_").stdout


def test_a_program_reads_a_list_or_an_object_a_line_and_nothing_that_the_module_prints(call: Call) -> None:
    findings = json.loads(call("shop.py:bad", "shop:good", "-o", "json", code=1).stdout)
    assert (findings[0]["module"], findings[0]["check"]) == ("bad", "examples")
    [problem] = findings[0]["problems"]
    assert (problem["grade"], problem["sent"]) == ("failed", '{"id":"a"}')
    assert problem["came"].startswith("RuntimeError: no stock")
    lines = call("shop.py:bad", "shop:good", "-o", "jsonl", code=1).stdout.splitlines()
    assert [json.loads(line)["check"] for line in lines] == [each["check"] for each in findings]


def test_an_action_that_gives_no_answer_is_given_up_after_the_timeout(call: Call) -> None:
    assert (
        'example 1 = {"id":"a"}: no answer within 0.2s'
        in call("shop:hung", "--timeout", "200ms", code=1).stdout
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("shop.py",), "is not PATH:OBJECT"),
        (("nowhere.py:x",), "there is no file nowhere.py"),
        (("shop:goood",), "did you mean 'good'?"),
        (("shop:good", "--timeout", "soon"), "soon"),
        ((), "Missing argument 'PATH:OBJECT...'"),
    ],
)
def test_a_mistake_in_the_command_is_one_clear_line(
    call: Call, arguments: tuple[str, ...], words: str
) -> None:
    assert words in call(*arguments, code=2).stderr
