"""The reserved key `modules`: what holds for a module wherever it is used.

Read by loading, which gathers it from all files, and by compiling, which writes into each workflow's source
what applies to the modules in it: what is registered does not change when these defaults do.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from resistor.catalog.blocks import blocks_of, mapping
from resistor.catalog.checks.shape import findings_of
from resistor.catalog.forms import ModuleDefaultsForm
from resistor.catalog.places import Finding

MODULES_KEY = "modules"
"""No namespace can be called so."""


def check_module(defaults: Any) -> list[Finding]:
    """Return what is wrong with one module's entry."""
    try:
        ModuleDefaultsForm.model_validate(defaults)
    except ValidationError as error:
        return list(findings_of(error))
    return []


def uses_of(definition: Any) -> Iterator[tuple[str, str]]:
    """Yield module and action of every step and every compensation in a definition."""
    for block in blocks_of(definition).all:
        for step in block.steps:
            for each in (step.value, mapping(step.value.get("compensate"))):
                module, action = each.get("module"), each.get("action")
                if isinstance(module, str) and isinstance(action, str):
                    yield module, action


def used_of(definition: Any, modules: Mapping[str, Any]) -> dict[str, Any]:
    """Return of `modules`, in which nothing is wrong, what applies to a definition."""
    found: dict[str, Any] = {}
    for module, action in uses_of(definition) if modules else ():
        known = modules.get(module, {})
        if known.get("defaults"):
            found.setdefault(module, {})["defaults"] = known["defaults"]
        if known.get("actions", {}).get(action):
            found.setdefault(module, {}).setdefault("actions", {})[action] = known["actions"][action]
    return found
