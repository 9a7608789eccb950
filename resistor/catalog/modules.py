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
from resistor.catalog.evaluated import EXPRESSION_MARK
from resistor.catalog.forms import ActionDefaultsForm, ModuleDefaultsForm
from resistor.catalog.places import Finding, KeyPath
from resistor.catalog.wording import quote
from resistor.engine.expressions import BadExpression, compile_template

MODULES_KEY = "modules"
"""No namespace can be called so."""

KEY_KNOWS = frozenset({"input", "event", "run"})
"""What the key of a limit may name. `input` is what the action is given: the limit holds for all who ask."""


def check_module(defaults: Any) -> list[Finding]:
    """Return what is wrong with one module's entry."""
    try:
        form = ModuleDefaultsForm.model_validate(defaults)
    except ValidationError as error:
        return list(findings_of(error))
    found = list(_bad_keys((), form))
    for name, action in form.actions.items():
        found += _bad_keys(("actions", name), action)
    return found


def _bad_keys(path: KeyPath, form: ModuleDefaultsForm | ActionDefaultsForm) -> Iterator[Finding]:
    for limit, said in (("concurrency", form.concurrency), ("rate", form.rate)):
        if said is None or said.key is None:
            continue
        place = (*path, limit, "key")
        if EXPRESSION_MARK not in said.key:
            message = f"{quote(said.key)} is the same for all: it holds no `${{…}}`"
            yield Finding(place, message, "write it as ${input.account}, or leave `key` out")
            continue
        try:
            compile_template(said.key, KEY_KNOWS)
        except BadExpression as error:
            yield Finding(place, str(error), offset=error.offset)


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
        for key in ("defaults", "concurrency", "rate"):
            if known.get(key):
                found.setdefault(module, {})[key] = known[key]
        if known.get("actions", {}).get(action):
            found.setdefault(module, {}).setdefault("actions", {})[action] = known["actions"][action]
    return found
