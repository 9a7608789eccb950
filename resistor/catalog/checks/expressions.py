"""Expressions compile: they parse, and name only what there is at their place."""

from __future__ import annotations

from collections.abc import Iterator

from resistor.catalog.checks.survey import Survey
from resistor.catalog.places import Finding

_HINTS = ("did you mean ", "there is ", "a step has ", "the reference lists ")
"""How the last part of a complaint begins where it is no complaint but help."""


def check_expressions(survey: Survey) -> Iterator[Finding]:
    """Yield every expression that cannot be compiled, at the character where it is wrong."""
    for place, error in survey.mistakes:
        message, _, last = str(error).rpartition("; ")
        hint = last if message and last.startswith(_HINTS) else None
        yield Finding(place.path, message if hint else str(error), hint, offset=error.offset)
