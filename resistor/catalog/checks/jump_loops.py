"""Jumps do not go round and round without a pause."""

from __future__ import annotations

from collections.abc import Iterator

from resistor.catalog.blocks import RawBlock
from resistor.catalog.checks.control_flow.graph import Edge
from resistor.catalog.checks.control_flow.loops import loops_of
from resistor.catalog.checks.survey import Survey
from resistor.catalog.places import Finding
from resistor.catalog.wording import quote

_MOST = 6  # steps that are named
_HINT = "put a `wait`, a `listen` or an `ask` on the way round, or use `while` with its `limit`"


def check_jump_loops(survey: Survey) -> Iterator[Finding]:
    """Yield loops that `then` makes in which no step waits for anything, at the `then` that leads back."""
    for block in survey.blocks.all:
        flow = survey.flows[block.path]
        if flow.graph.is_certain:
            for loop in loops_of(flow):
                message = f"this goes round and round without a pause: {_named(block, loop)}"
                yield Finding(loop[-1].outcome.place or block.path, message, _HINT)


def _named(block: RawBlock, loop: list[Edge]) -> str:
    names = [quote(block.steps[edge.source].id or "?") for edge in loop]
    if len(names) > _MOST:
        names[_MOST - 1 : -1] = ["…"]
    return " → ".join([*names, names[0]])
