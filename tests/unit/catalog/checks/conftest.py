"""What the tests of the checks share: a definition as text, and what one rule finds in it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest

from resistor.catalog.checks.survey import Survey
from resistor.catalog.places import Finding
from resistor.catalog.reading import read

Rule = Callable[[Survey], Iterable[Finding]]


@pytest.fixture(scope="session")
def definition() -> Callable[[str], Any]:
    """Read a definition. A text that begins with a list entry is its `steps`."""

    def make(text: str) -> Any:
        if text.lstrip().startswith("- "):
            text = "steps:\n" + text
        document = read(text.encode(), "definition.yaml")
        assert document.problems == ()
        assert document.source.root is not None
        return document.source.root.value

    return make


@pytest.fixture(scope="session")
def found(definition: Callable[[str], Any]) -> Callable[[Rule, str], list[str]]:
    """Apply one rule to a definition: each finding as `/path: message`, and its hint behind ` | `."""

    def look(rule: Rule, text: str) -> list[str]:
        return [_line(finding) for finding in rule(Survey(definition(text)))]

    return look


def _line(finding: Finding) -> str:
    place = "/" + "/".join(map(str, finding.path))
    hint = f" | {finding.hint}" if finding.hint else ""
    return f"{place}: {finding.message}{hint}"
