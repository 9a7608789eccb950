"""The language reference says nothing that does not load."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from resistor.catalog import load_text, show
from resistor.catalog.naming import STEP_KINDS

REFERENCE = Path(__file__).parents[3] / "docs" / "reference" / "language.md"
FENCE = re.compile(r"^```(yaml(?: steps)?)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def examples() -> list[tuple[int, str, str]]:
    """Every example with the line that it stands on, and what it is."""
    text = REFERENCE.read_text()
    return [(text[: found.start()].count("\n") + 1, found[1], found[2]) for found in FENCE.finditer(text)]


def wrapped(kind: str, example: str) -> str:
    """A file's content: a list of steps becomes a workflow."""
    if kind == "yaml":
        return example
    steps = "".join(f"      {line}\n" for line in example.splitlines())
    return f"shop:\n  example:\n    version: 1\n    steps:\n{steps}"


def test_there_is_an_example_for_every_kind_of_step() -> None:
    written = "\n".join(example for _, _, example in examples())
    kinds = set(STEP_KINDS) - {"while"}
    assert kinds
    assert [kind for kind in sorted(kinds) if not re.search(rf"\b{kind}:", written)] == []


@pytest.mark.parametrize(
    ("line", "kind", "example"), examples(), ids=[f"line {line}" for line, _, _ in examples()]
)
def test_every_example_loads(line: int, kind: str, example: str) -> None:
    loaded = load_text(wrapped(kind, example).encode(), f"language.md:{line}")
    assert "\n".join(map(show, loaded.problems)) == ""
    assert loaded.catalog.workflows
