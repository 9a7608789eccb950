"""What the rules of the language look at, worked out once for a definition.

Made by this package's `check_language`, handed to each rule. Takes whatever stands in a file and never
raises: what is malformed is left out, because the check of shapes speaks of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any, NamedTuple

from resistor.catalog.blocks import Blocks, blocks_of
from resistor.catalog.checks.control_flow.flow import Flow, flows_of
from resistor.catalog.evaluated import Evaluated, evaluated_in
from resistor.catalog.places import KeyPath
from resistor.engine.expressions import BadExpression, StepRef, compile_expression, compile_template


class Reading(NamedTuple):
    """An expression that reads steps, and how."""

    place: Evaluated
    refs: tuple[StepRef, ...]


class Mistake(NamedTuple):
    """An expression that cannot be compiled, and why."""

    place: Evaluated
    error: BadExpression


class Survey:
    """The blocks of a definition, the ways through them, and its expressions."""

    def __init__(self, definition: Any) -> None:
        """Take a definition as it was read, whatever that is."""
        self.definition = definition
        self.readings: list[Reading] = []
        self.mistakes: list[Mistake] = []
        self.blocks: Blocks = blocks_of(definition)
        self.evaluated = tuple(evaluated_in(definition, self.blocks))
        for place in self.evaluated:
            self._compile(place)

    @cached_property
    def flows(self) -> Mapping[KeyPath, Flow]:
        """The ways through each block, by its path."""
        return flows_of(self.blocks)

    def _compile(self, place: Evaluated) -> None:
        compile_it = compile_expression if place.is_bare else compile_template
        try:
            refs = compile_it(place.text, place.variables).steps
        except BadExpression as error:
            self.mistakes.append(Mistake(place, error))
            return
        if refs:
            self.readings.append(Reading(place, refs))
