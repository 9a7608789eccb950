"""No two steps that can see each other go by the same id."""

from __future__ import annotations

from collections.abc import Iterator

from resistor.catalog.blocks import RawBlock, RawStep
from resistor.catalog.checks.control_flow.outcomes import ordinal
from resistor.catalog.checks.survey import Survey
from resistor.catalog.places import Finding
from resistor.catalog.wording import quote


def check_step_ids(survey: Survey) -> Iterator[Finding]:
    """Yield every `id` that an earlier step of its list has, or one of an enclosing list.

    Default ids cannot clash, and lists that do not see each other may use the same ids.
    """
    for block in survey.blocks.all:
        for step in block.steps:
            if step.id is not None and step.value.get("id") == step.id:
                other = _other(block, step)
                if other is not None:
                    message = f"{other} has the id {quote(step.id)} already"
                    yield Finding((*step.path, "id"), message)


def _other(block: RawBlock, step: RawStep) -> str | None:
    """Say which other step has the id of this one."""
    for each in block.chain():
        found = each.by_id.get(str(step.id))
        if found is None or found is step:
            continue
        number = ordinal(int(found.path[-1]) + 1)
        if each is block:
            return f"another step, the {number},"
        if each.owner is None:
            return f"the {number} step of {quote(each.label) if each.label else 'the workflow'}"
        return f"the {number} step around this one, in {quote(each.owner.id or 'a step')},"
    return None
