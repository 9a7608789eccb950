"""Definitions with the place of a mistake marked, for the tests of this folder."""

from __future__ import annotations

from resistor.catalog import load_text
from resistor.errors import Problem

MARK = "§"


def steps(*lines: str) -> str:
    """Write a workflow of these steps, one line each."""
    return "shop:\n  placed:\n    version: 1\n    steps:\n" + "".join(f"      - {line}\n" for line in lines)


def workflow(*lines: str) -> str:
    """Write a workflow without steps, and with these lines."""
    return "shop:\n  placed:\n    version: 1\n    steps: []\n" + "".join(f"    {line}\n" for line in lines)


def only_problem(marked: str) -> Problem:
    """Load a definition and return its one problem, which must stand where the mark is."""
    before, mark, _ = marked.partition(MARK)
    loaded = load_text(marked.replace(MARK, "").encode(), "a.yaml")
    assert loaded.catalog.workflows == ()
    (problem,) = loaded.problems
    if mark:
        lines = before.split("\n")
        assert (problem.line, problem.column) == (len(lines), len(lines[-1]) + 1), problem
    return problem
