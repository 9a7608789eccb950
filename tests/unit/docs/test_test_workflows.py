"""The page on testing workflows: its tests pass, and the commands print what the page shows."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from resistor.__main__ import TESTS
from resistor.ops.cli.root import command_line

PAGE = (Path(__file__).parents[3] / "docs" / "how-to" / "test-workflows.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a folder with the page's files, each named by its first line."""
    (tmp_path / "definitions").mkdir()
    for block in [*blocks("yaml"), *blocks("python")]:
        name, _, content = block.partition("\n")
        (tmp_path / name.removeprefix("# ")).write_text(content)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_tests_of_the_page_pass(folder: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "--rootdir",
        ".",
        "-c",
        "/dev/null",
    ]
    ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert "3 passed" in ran.stdout, ran.stdout + ran.stderr
    assert PAGE.count("def test_") == 3


@pytest.mark.usefixtures("folder")
def test_the_command_prints_what_the_page_shows() -> None:
    [shown] = blocks("text")
    assert printed(blocks("sh")[0]).stdout == shown


@pytest.mark.usefixtures("folder")
def test_the_scenarios_of_the_page_end_alike_under_faults() -> None:
    ran = printed(blocks("sh")[1])
    assert ran.exit_code == 0, ran.output
    assert "the same ending each time" in ran.stderr


def printed(command: str) -> Result:
    _, *arguments = shlex.split(command)
    return CliRunner().invoke(command_line(inner=TESTS), arguments)
