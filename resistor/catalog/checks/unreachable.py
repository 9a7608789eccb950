"""Every step can be reached."""

from __future__ import annotations

from collections.abc import Iterator

from resistor.catalog.blocks import RawStep
from resistor.catalog.checks.control_flow.flow import Flow
from resistor.catalog.checks.survey import Survey
from resistor.catalog.places import Finding
from resistor.catalog.wording import quote


def check_unreachable(survey: Survey) -> Iterator[Finding]:
    """Yield the first step of each stretch of a list to which no way leads."""
    for block in survey.blocks.all:
        flow = survey.flows[block.path]
        if not flow.graph.is_certain:
            continue
        for before, step in zip(block.steps, block.steps[1:], strict=False):
            if flow.is_reached(before.index) and not flow.is_reached(step.index):
                message = f"{_name(step)} is never reached: {_why(before, flow)}, and no `then` leads here"
                yield Finding(step.path, message)


def _name(step: RawStep) -> str:
    return f"step {quote(step.id)}" if step.id is not None else "this step"


def _why(before: RawStep, flow: Flow) -> str:
    name = f"step {quote(before.id)}" if before.id is not None else "the step"
    targets = {edge.target for edge in flow.graph.leaving(before.index)}
    if before.kind == "end" or targets == {flow.graph.end}:
        return f"{name} above ends the run"
    if targets:
        return f"{name} above leads elsewhere"
    return f"{name} above fails" if before.kind == "raise" else f"{name} above never goes on"
