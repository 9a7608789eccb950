"""`PATH:OBJECT`: what can be wrong with it is one clear line."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from resistor.errors import OperatorMistake
from resistor.sdk.loading import load_module

GOOD = """
from dataclasses import dataclass
from resistor.sdk import Module
from helper_beside import NAME

payments = Module(NAME)
refunds = Module("refunds")
number = 5

@dataclass
class Order:
    id: str

@payments.action("charge")
async def charge(order: Order) -> str:
    return order.id
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with modules, where the command runs."""
    (tmp_path / "payments.py").write_text(GOOD)
    (tmp_path / "helper_beside.py").write_text('NAME = "payments"\n')
    (tmp_path / "broken.py").write_text("x = 1\ny = x / 0\n")
    (tmp_path / "syntax.py").write_text("def (:\n")
    (tmp_path / "lacking.py").write_text("import surely_not_installed\n")
    (tmp_path / "misnamed.py").write_text('from resistor.sdk import Module\nm = Module("a b")\n')
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        del sys.modules[name]


@pytest.mark.parametrize("path", ["payments.py", "./payments.py", "payments", "{folder}/payments.py"])
async def test_a_module_is_found_by_file_and_by_name(folder: Path, path: str) -> None:
    module = load_module(f"{path.format(folder=folder)}:payments")
    assert module.name == "payments"
    assert await module.call("charge", {"id": "a"}) == "a"


@pytest.mark.usefixtures("folder")
def test_a_file_with_two_modules_is_read_once() -> None:
    assert load_module("payments.py:payments").name == "payments"
    first = load_module("payments.py:refunds")
    assert load_module("payments.py:refunds") is first


@pytest.mark.parametrize(
    ("reference", "words"),
    [
        ("payments.py", "not PATH:OBJECT"),
        ("payments.py:", "not PATH:OBJECT"),
        (":payments", "not PATH:OBJECT"),
        ("nowhere.py:x", "there is no file nowhere.py"),
        ("nowhere/else.py:x", "there is no file nowhere/else.py"),
        ("nowhere:x", "there is no Python module 'nowhere'"),
        ("payments.sub:x", "payments.sub"),
        ("payments.py:payment", "has no 'payment': did you mean 'payments'"),
        ("payments.py:zzz", "has no 'zzz': it has payments, refunds"),
        ("helper_beside.py:x", "nor any other Module"),
        ("payments.py:number", "payments.py:number is a int, not a Module"),
        (
            "broken.py:x",
            r"broken.py cannot be imported: ZeroDivisionError: division by zero \(.*broken.py:2\)",
        ),
        ("broken:x", "ZeroDivisionError"),
        ("syntax.py:x", "SyntaxError"),
        ("lacking:x", "surely_not_installed"),
        ("misnamed.py:m", "a module cannot be called 'a b'"),
        ("misnamed:m", "a module cannot be called 'a b'"),
    ],
)
@pytest.mark.usefixtures("folder")
def test_each_mistake_is_one_line_that_names_it(reference: str, words: str) -> None:
    with pytest.raises(OperatorMistake, match=words) as caught:
        load_module(reference)
    assert len(str(caught.value).splitlines()) == 1
