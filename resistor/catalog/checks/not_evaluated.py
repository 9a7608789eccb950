"""Expressions stand only where they are evaluated."""

from __future__ import annotations

import re
from collections.abc import Iterator

from resistor.catalog.checks.survey import Survey
from resistor.catalog.evaluated import EXPRESSION_MARK
from resistor.catalog.places import Finding, KeyPath, texts_in

NOT_EVALUATED = "expressions are not evaluated here"
_EXPRESSION = re.compile(r"(?<!\$)\$\{")
_FOR_PEOPLE = ("name", "description")
_ELSEWHERE = frozenset({"input", "extends", "changes"})  # a schema, and what was resolved before


def check_not_evaluated(survey: Survey) -> Iterator[Finding]:
    """Yield every `${…}` that would stay as it is. Metadata, schemas and texts for people may hold them."""
    evaluated = {place.path for place in survey.evaluated}
    for path, text in texts_in(survey.definition):
        found = _EXPRESSION.search(text) if EXPRESSION_MARK in text else None
        if found and path not in evaluated and not _may_hold_any(path):
            yield Finding(path, NOT_EVALUATED, _hint(path), offset=found.start())


def _may_hold_any(path: KeyPath) -> bool:
    if path and path[0] in _ELSEWHERE:
        return True
    if "metadata" in path or (path and path[-1] in _FOR_PEOPLE):
        return True
    return any(path[position : position + 2] == ("ask", "form") for position in range(len(path)))


def _hint(path: KeyPath) -> str | None:
    if path[-1:] == ("wait",):
        return "a moment that is worked out is written `wait: {until: …}`"
    return None
