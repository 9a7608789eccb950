"""Blocks are not nested too deep."""

from __future__ import annotations

from collections.abc import Iterator

from resistor.catalog.blocks import MAX_DEPTH
from resistor.catalog.checks.survey import Survey
from resistor.catalog.places import Finding


def check_nesting(survey: Survey) -> Iterator[Finding]:
    """Yield every block that is one too deep. What is inside it is not looked into."""
    for block in survey.blocks.all:
        if block.depth > MAX_DEPTH:
            hint = "hand the inner part to a workflow of its own with `run`"
            yield Finding(block.path, f"blocks are nested deeper than {MAX_DEPTH} here", hint)
