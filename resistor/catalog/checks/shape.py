"""Right keys, right values: what the forms find, as findings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import ValidationError

from resistor.catalog.forms import WorkflowForm
from resistor.catalog.places import Finding


def check_shape(definition: Any) -> Iterator[Finding]:
    """Yield unknown and missing keys and wrong values, of the workflow and of every step in it."""
    try:
        WorkflowForm.model_validate(definition)
    except ValidationError as error:
        yield from findings_of(error)


def findings_of(error: ValidationError) -> Iterator[Finding]:
    """Yield what a form found. All of its errors are `said`: complete, with their place."""
    for each in error.errors(include_url=False, include_input=False):
        told = each["ctx"]
        yield Finding((*each["loc"], *told["path"]), told["message"], told["hint"], told["at_key"])
