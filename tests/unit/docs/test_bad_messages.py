"""The page about bad messages, and the tests that hold it: no row untested, no reason unsaid."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from resistor.engine.decision import Verdict
from resistor.errors import Reason

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "reference" / "bad-messages.md").read_text()
ROWS = range(1, 49)


def section(title: str) -> str:
    return PAGE.split(f"## {title}\n")[1].split("\n## ")[0]


def first_column(title: str) -> list[str]:
    words = re.findall(r"^\| `?(\w+)`? \|", section(title), re.MULTILINE)
    return [word for word in words if word not in ("reason", "outcome")]


def marks(node: ast.AST) -> Iterator[int]:
    """The rows that `bad_input(…)` names anywhere in a node."""
    for each in ast.walk(node):
        if isinstance(each, ast.Call):
            name = each.func.attr if isinstance(each.func, ast.Attribute) else getattr(each.func, "id", "")
            if name == "bad_input":
                yield from (argument.value for argument in each.args if isinstance(argument, ast.Constant))  # type: ignore[misc]


def marked_in(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Each test with each of its rows: those of its decorators, and of the list of cases that these name."""
    lists = {
        target.id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name)
    }
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
            for decorator in node.decorator_list:
                named = {each.id for each in ast.walk(decorator) if isinstance(each, ast.Name)} & lists.keys()
                for part in (decorator, *(lists[name] for name in named)):
                    yield from ((node.name, row) for row in marks(part))


@cache
def by_row() -> dict[int, set[str]]:
    """Every row → the tests that bear its number."""
    found: dict[int, set[str]] = defaultdict(set)
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for test, row in marked_in(ast.parse(path.read_text())):
            found[row].add(f"{path.relative_to(ROOT)}::{test}")
    return found


@pytest.mark.parametrize("row", ROWS)
def test_every_row_is_tried(row: int) -> None:
    assert by_row()[row], f"no test bears the number {row}"


def test_no_test_names_a_row_that_is_not_there() -> None:
    assert {row: tests for row, tests in by_row().items() if tests and row not in ROWS} == {}


def test_the_page_has_every_row_once_and_in_order() -> None:
    assert first_column("Row by row") == [str(row) for row in ROWS]


def test_the_page_has_every_reason_once() -> None:
    assert sorted(first_column("The reasons")) == sorted(reason.value for reason in Reason)


def test_the_page_has_every_outcome_once() -> None:
    assert sorted(first_column("What is no dead letter")) == sorted(verdict.value for verdict in Verdict)


def test_the_rows_speak_of_reasons_that_there_are() -> None:
    words = {*map(str, Reason), *map(str, Verdict), "payload_too_large", "validation", "expression", "limit"}
    words |= {"resistor_events_without_id_total", "expiration", "priority", "reply_to", "for", "1.0"}
    said = set(re.findall(r"`([a-z][a-z_0-9.]+)`", section("Row by row")))
    assert said <= words, said - words


def test_what_looks_for_marks_finds_them() -> None:
    """The check itself: a mark on a test and on a case counts, one on anything else does not."""
    tree = ast.parse(
        "CASES = [pytest.param(1, marks=bad_input(7))]\n"
        "@pytest.mark.parametrize('a', CASES)\n"
        "@pytest.mark.bad_input(1, 2)\n"
        "def test_it(a): bad_input(9)\n"
        "@bad_input(3)\n"
        "def helper(): ...\n"
        "bad_input(4)\n"
    )
    assert sorted(marked_in(tree)) == [("test_it", 1), ("test_it", 2), ("test_it", 7)]
