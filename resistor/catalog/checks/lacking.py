"""On which way a step leaves nothing behind, in words.

Used by the check of data flow only.
"""

from __future__ import annotations

from resistor.catalog.blocks import RawStep
from resistor.catalog.checks.control_flow.flow import Flow
from resistor.catalog.checks.control_flow.graph import Edge
from resistor.catalog.checks.control_flow.outcomes import ordinal
from resistor.catalog.wording import quote
from resistor.engine.workflow import END


def why_lacking(flow: Flow, step: RawStep, position: int, *, output: bool) -> str | None:
    """Say why a step may not have run (`output`: may have given none) at a position; None: it has."""
    if output and flow.surely_gave(step.index, position):
        return None
    if not output and flow.surely_ran(step.index, position):
        return None
    way = flow.way_without(step.index, position, output=output)
    name = f"step {quote(step.id or '?')}"
    ended = next((edge for edge in reversed(way) if edge.source == step.index), None)
    if ended is not None:
        return f"{name} {ended.outcome.why}"
    past = next((edge for edge in way if edge.source < step.index < edge.target), None)
    if past is not None:
        return _past(flow, past, name)
    return f"{name} comes later, and has run only where a `then` has led back"


def _past(flow: Flow, edge: Edge, name: str) -> str:
    where = edge.outcome.place
    owner = flow.graph.block.steps[edge.source]
    jumping = f"step {quote(owner.id or '?')}"
    if where is None:
        return f"{jumping} may end the run before {name}"
    if where[-3:-1] and where[-3] in ("switch", "catch"):
        entry = "case" if where[-3] == "switch" else "`catch`"
        jumping = f"the {ordinal(int(where[-2]) + 1)} {entry} of {jumping}"
    else:
        jumping = f"`then` of {jumping}"
    if edge.outcome.then == END:
        return f"{jumping} ends the run before {name}"
    return f"{jumping} leads past {name}"
