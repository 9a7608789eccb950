"""`then` leads to a step of the same list, out of it, or to the run's end."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from resistor.catalog.blocks import RawBlock, RawStep, catches_of, entries
from resistor.catalog.checks.survey import Survey
from resistor.catalog.evaluated import EXPRESSION_MARK
from resistor.catalog.places import Finding, KeyPath
from resistor.catalog.wording import did_you_mean, quote
from resistor.engine.workflow import END, EXIT

_WORDS = (EXIT, END)
_WHAT_ELSE = "`exit` leaves the list, `end` ends the run"
_NEAR = 100  # ids that a misspelled one is compared with: comparing is slow


def check_then(survey: Survey) -> Iterator[Finding]:
    """Yield every `then` of a step, a case or a catch entry that leads nowhere, or into another block."""
    elsewhere = {step_id for block in survey.blocks.all for step_id in block.by_id}
    for block in survey.blocks.all:
        for step in block.steps:
            for path, then in _thens(step):
                if isinstance(then, str) and then not in _WORDS and then not in block.by_id:
                    yield from _finding(block, path, then, elsewhere)


def _thens(step: RawStep) -> Iterator[tuple[KeyPath, Any]]:
    yield (*step.path, "then"), step.value.get("then")
    if step.kind == "switch":
        for number, case in entries(step.value["switch"]):
            yield (*step.path, "switch", number, "then"), case.get("then")
    if step.kind in ("module", "run", "try"):
        for number, entry in catches_of(step.value):
            yield (*step.path, "catch", number, "then"), entry.get("then")


def _finding(block: RawBlock, path: KeyPath, then: str, elsewhere: set[str]) -> Iterator[Finding]:
    if EXPRESSION_MARK in then:
        return  # as the check of what is not evaluated says
    if then in elsewhere:
        message = f"`then` cannot lead into another block: step {quote(then)} is not in this list"
        yield Finding(path, message, _WHAT_ELSE)
    elif block.is_whole:  # a step whose id is not known may be the one that is meant
        message = f"there is no step {quote(then)} in this list"
        near = did_you_mean(then, [*list(block.by_id)[:_NEAR], *_WORDS])
        yield Finding(path, message, near or _WHAT_ELSE)
