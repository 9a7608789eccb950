"""What a workflow's definition is checked for, one file each.

Called by compiling. A check takes the definition as it was read, whatever that is, and yields findings;
it never raises, and says nothing of what another check says. A new rule of the language is a new file
here and a line in `CHECKS`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from resistor.catalog.checks.expressions import check_expressions
from resistor.catalog.checks.input_schema import check_input_schema
from resistor.catalog.checks.shape import check_shape
from resistor.catalog.checks.step_ids import check_step_ids
from resistor.catalog.places import Finding

CHECKS: tuple[Callable[[Any], Iterable[Finding]], ...] = (
    check_shape,
    check_step_ids,
    check_expressions,
    check_input_schema,
)
