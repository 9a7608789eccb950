"""The page on testing modules: its tests pass, and the command prints what the page shows."""

from __future__ import annotations

import importlib
import inspect
import re
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from resistor.ops.cli.lazy import Lazy, LazyGroup

PAGE = (Path(__file__).parents[3] / "docs" / "how-to" / "test-modules.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Give a folder with the page's files, each named by its first line, from which they can be imported."""
    for block in blocks("python"):
        name = block.partition("\n")[0].removeprefix("# ")
        (tmp_path / name).write_text(block)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        if Path(getattr(sys.modules[name], "__file__", None) or "/").is_relative_to(tmp_path):
            del sys.modules[name]


@pytest.mark.usefixtures("folder")
async def test_the_tests_of_the_page_pass() -> None:
    tests = [
        function
        for file in ("test_payments", "test_contract")
        for name, function in vars(importlib.import_module(file)).items()
        if name.startswith("test_") and inspect.iscoroutinefunction(function)
    ]
    assert len(tests) == PAGE.count("async def test_") == 5
    for test in tests:
        await test()


def printed(command: str) -> str:
    """What the command prints, which begins with `resistor module`."""
    _, _, *arguments = shlex.split(command)
    lazy = Lazy("resistor.testing.cli.module_test:test", "Check modules.")
    group = LazyGroup("module", lazy={"test": lazy})
    return CliRunner().invoke(group, arguments).stdout


@pytest.mark.usefixtures("folder")
def test_the_command_prints_what_the_page_shows() -> None:
    [command] = blocks("sh")
    assert printed(command) == blocks("text")[0]


def test_an_example_brings_the_warning_that_the_page_shows(folder: Path) -> None:
    [command] = blocks("sh")
    file = folder / "payments.py"
    file.write_text(file.read_text().replace('("refund")', '("refund", examples=[{"receipt": "r-1"}])'))
    assert blocks("text")[1] in printed(command)
