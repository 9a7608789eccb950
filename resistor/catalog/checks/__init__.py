"""What a workflow's definition is checked for, one file each.

Called by compiling. A check takes the definition as it was read, whatever that is, and yields findings;
it never raises, and says nothing of what another check says. A new rule of the language is a new file
here and a line in `RULES`, or in `CHECKS` where it needs neither blocks nor expressions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from resistor.catalog.checks.data_flow import check_data_flow
from resistor.catalog.checks.expressions import check_expressions
from resistor.catalog.checks.input_schema import check_input_schema
from resistor.catalog.checks.jump_loops import check_jump_loops
from resistor.catalog.checks.nesting import check_nesting
from resistor.catalog.checks.not_evaluated import NOT_EVALUATED, check_not_evaluated
from resistor.catalog.checks.references import check_references
from resistor.catalog.checks.shape import check_shape
from resistor.catalog.checks.step_ids import check_step_ids
from resistor.catalog.checks.survey import Survey
from resistor.catalog.checks.then import check_then
from resistor.catalog.checks.unreachable import check_unreachable
from resistor.catalog.places import Finding, KeyPath

RULES: tuple[Callable[[Survey], Iterable[Finding]], ...] = (
    check_nesting,
    check_step_ids,
    check_then,
    check_expressions,
    check_not_evaluated,
    check_references,
    check_unreachable,
    check_jump_loops,
    check_data_flow,
    check_input_schema,
)
"""What is looked for in the steps, expressions and schemas."""


def check_language(definition: Any) -> Iterator[Finding]:
    """Yield what the rules find: of steps, of the ways between them, and of expressions."""
    survey = Survey(definition)
    for rule in RULES:
        yield from rule(survey)


CHECKS: tuple[Callable[[Any], Iterable[Finding]], ...] = (check_shape, check_language)


def check_definition(definition: Any) -> list[Finding]:
    """Return everything that is wrong with a definition, each thing once.

    An expression where none is evaluated is often the wrong value of its key as well: that is left to the
    check of expressions. Under a key that there is not, only the key is wrong.
    """
    found = [finding for check in CHECKS for finding in check(definition)]
    misplaced = {finding.path for finding in found if finding.message == NOT_EVALUATED}
    if not misplaced:
        return found
    unknown = {finding.path for finding in found if finding.at_key}
    return [finding for finding in found if not _is_echo(finding, misplaced, unknown)]


def _is_echo(finding: Finding, misplaced: set[KeyPath], unknown: set[KeyPath]) -> bool:
    """Say whether the check of shapes and that of expressions mean the same, and this is the lesser word."""
    if finding.message != NOT_EVALUATED:
        return finding.path in misplaced and not finding.at_key
    return any(finding.path[:length] in unknown for length in range(1, len(finding.path) + 1))
