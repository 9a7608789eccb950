"""Lists of steps from their forms, with the ids and the variables that the checks have seen.

Called for a workflow's `steps`, `on_failure` and `finally`; goes into the lists inside their steps.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from resistor.catalog.blocks import Blocks, RawBlock
from resistor.catalog.compiling.kinds import KIND_OF
from resistor.catalog.compiling.place import Defaults, Place
from resistor.catalog.evaluated import ALWAYS
from resistor.catalog.forms import StepForm, StepOnError
from resistor.engine.workflow import Block, Step


@dataclass(frozen=True, slots=True)
class StepCompiler:
    """Compiles the lists of one definition."""

    blocks: Blocks
    defaults: Defaults

    def block(self, forms: Sequence[StepForm], raw: RawBlock) -> Block:
        """Compile a list. `raw` is the same list, as the checks see it."""
        variables = ALWAYS | raw.variables
        steps = []
        for form, step in zip(forms, raw.steps, strict=True):
            inner = {block.label: block for block in self.blocks.inside.get(step.path, ())}
            place = Place(variables, inner, self.defaults, self.block)
            steps.append(_step(str(step.id), form, place))
        return Block(tuple(steps))


def _step(step_id: str, form: StepForm, place: Place) -> Step:
    return Step(
        id=step_id,
        kind=KIND_OF[type(form)](form, place),
        name=form.name,
        condition=place.expression(form.if_),
        then=form.then,
        continues_on_error=form.on_error is StepOnError.CONTINUE,
    )
