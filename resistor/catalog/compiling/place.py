"""Where a step stands: what its expressions may name, and the blocks inside it.

Made by `blocks.py` for each step, and given to the compilers of its kind and its options.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from resistor.catalog.blocks import RawBlock
from resistor.catalog.forms import DefaultsForm, ModuleDefaultsForm, StepForm
from resistor.engine.expressions import Expression, Template, compile_expression, compile_template
from resistor.engine.workflow import Block

NO_DEFAULTS = DefaultsForm.model_validate({})


def expression(text: str | None, variables: frozenset[str]) -> Expression | None:
    """Compile a bare expression, None where there is none."""
    return None if text is None else compile_expression(text, variables)


def template(value: Any, variables: frozenset[str]) -> Template | None:
    """Compile a value with expressions in it, None where there is none."""
    return None if value is None else compile_template(value, variables)


@dataclass(frozen=True, slots=True)
class Defaults:
    """What holds where a step says nothing: of the workflow, and by module."""

    workflow: DefaultsForm
    modules: Mapping[str, ModuleDefaultsForm]

    def of(self, module: str, action: str) -> tuple[DefaultsForm, ...]:
        """Return what applies to an action, the nearest first.

        The action's own goes before its module's, as the narrower one, and both before the workflow's:
        those are for modules of which nothing is known.
        """
        known = self.modules.get(module)
        if known is None:
            return (self.workflow,)
        return known.actions.get(action, NO_DEFAULTS), known.defaults or NO_DEFAULTS, self.workflow

    def known(self, module: str) -> ModuleDefaultsForm | None:
        """Return what is said of a module."""
        return self.modules.get(module)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a step stands."""

    variables: frozenset[str]
    inner: Mapping[str, RawBlock]
    """The lists inside the step, by their label."""
    defaults: Defaults
    compile_block: Callable[[Sequence[StepForm], RawBlock], Block]

    def expression(self, text: str | None, more: frozenset[str] = frozenset()) -> Expression | None:
        """Compile a bare expression of the step. `more` is what it may name besides."""
        return expression(text, self.variables | more)

    def template(self, value: Any, more: frozenset[str] = frozenset()) -> Template | None:
        """Compile a value of the step. `more` is what it may name besides."""
        return template(value, self.variables | more)

    def block(self, label: str, steps: Sequence[StepForm] | None) -> Block | None:
        """Compile a list inside the step, None where there is none."""
        return None if steps is None else self.compile_block(steps, self.inner[label])
