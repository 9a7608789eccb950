"""One definition to one `Workflow`, from a file or from what the store kept: the same either way.

Called by loading, and by the daemon for a version that it finds in the store only. The workflow is built
from its canonical JSON, never from the file's own order and spelling, so that both ways give the same
bytes in every action. That JSON holds everything that the workflow depends on: variations are resolved
before, and what `modules` says of the modules in it stands in it, under a key of that name.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from resistor.catalog.checks import check_definition
from resistor.catalog.compiling.canonical import canonical, digest_of
from resistor.catalog.compiling.workflow import compile_workflow
from resistor.catalog.forms import ModuleDefaultsForm
from resistor.catalog.modules import MODULES_KEY, check_module, used_of
from resistor.catalog.places import Finding, Source
from resistor.engine.workflow import Workflow
from resistor.errors import DefinitionError

__all__ = ["build", "canonical", "check", "digest_of", "source_of", "workflow_from_source"]

ModuleDefaults = Mapping[str, ModuleDefaultsForm]


def check(definition: Any) -> list[Finding]:
    """Return everything that is wrong with a workflow's definition."""
    return check_definition(definition)


def source_of(definition: dict[str, Any], modules: Mapping[str, Any]) -> bytes:
    """Return the canonical JSON of a definition, with what `modules` says of the modules in it."""
    used = used_of(definition, modules)
    return canonical({**definition, MODULES_KEY: used} if used else definition)


def build(namespace: str, name: str, source: bytes) -> Workflow:
    """Make the workflow of a source in which nothing is wrong."""
    definition = json.loads(source)
    modules = {
        module: ModuleDefaultsForm.model_validate(defaults)
        for module, defaults in definition.pop(MODULES_KEY, {}).items()
    }
    return compile_workflow((namespace, name), definition, modules, source)


def workflow_from_source(namespace: str, name: str, source: bytes) -> Workflow:
    """Make the workflow of the canonical JSON that the store kept. Raises `DefinitionError`.

    That happens where a newer Resistor, whose language has more in it, registered the version.
    """
    place = Source(f"{namespace}/{name}, as registered")
    try:
        definition = json.loads(source)
    except (ValueError, RecursionError) as error:
        raise DefinitionError((place.problem(1, 1, f"this is not JSON: {error}"),)) from None
    findings = [*_check_modules(definition), *check(definition)]
    if findings:
        raise DefinitionError(tuple(map(place.locate, findings)))
    return build(namespace, name, source)


def _check_modules(definition: Any) -> list[Finding]:
    """Take `modules` out of what the store kept, and return what is wrong with it."""
    modules = definition.pop(MODULES_KEY, {}) if isinstance(definition, dict) else {}
    if not isinstance(modules, dict):
        return [Finding((MODULES_KEY,), "this is no mapping of modules")]
    findings: list[Finding] = []
    for module, defaults in modules.items():
        findings += [each.within((MODULES_KEY, module)) for each in check_module(defaults)]
    return findings
