"""One definition to one `Workflow`, from a file or from what the store kept: the same either way.

Called by loading, and by the daemon for a version that it finds in the store only. The workflow is built
from its canonical JSON, never from the file's own order and spelling, so that both ways give the same
bytes in every action.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from resistor.catalog.checks import CHECKS
from resistor.catalog.forms import KINDS, ModuleForm, StepForm, WorkflowForm
from resistor.catalog.naming import step_ids
from resistor.catalog.places import Finding, Source
from resistor.catalog.schemas import compile_schema
from resistor.engine.expressions import compile_template
from resistor.engine.workflow import Step, Workflow
from resistor.errors import DefinitionError


def canonical(value: Any) -> bytes:
    """Write JSON with sorted keys, without spaces, in UTF-8: equal values are equal bytes."""
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    ).encode()


def digest_of(source: bytes) -> str:
    """Return `sha256:` and the hex digest of a canonical definition."""
    return f"sha256:{hashlib.sha256(source).hexdigest()}"


def check(definition: Any) -> list[Finding]:
    """Return everything that is wrong with a workflow's definition."""
    return [finding for each in CHECKS for finding in each(definition)]


def build(namespace: str, name: str, definition: Any) -> Workflow:
    """Make the workflow of a definition in which `check` found nothing."""
    source = canonical(definition)
    form = WorkflowForm.model_validate(json.loads(source))
    ids = step_ids(form.steps)
    return Workflow(
        namespace=namespace,
        name=name,
        version=form.version,
        digest=digest_of(source),
        source=source,
        steps=tuple(_step(str(step_id), step) for step_id, step in zip(ids, form.steps, strict=True)),
        description=form.description,
        input_schema=form.input,
        _accepts=None if form.input is None else compile_schema(form.input),
    )


def workflow_from_source(namespace: str, name: str, source: bytes) -> Workflow:
    """Make the workflow of the canonical JSON that the store kept. Raises `DefinitionError`.

    That happens where a newer Resistor, whose language has more in it, registered the version.
    """
    place = Source(f"{namespace}/{name}, as registered")
    try:
        definition = json.loads(source)
    except ValueError as error:
        raise DefinitionError((place.problem(1, 1, f"this is not JSON: {error}"),)) from None
    findings = check(definition)
    if findings:
        raise DefinitionError(tuple(map(place.locate, findings)))
    return build(namespace, name, definition)


def _step(step_id: str, raw: dict[str, Any]) -> Step:
    form = _form(raw)
    match form:
        case ModuleForm():
            return Step(
                id=step_id,
                module=form.module,
                action=form.action,
                metadata=canonical(form.metadata),
                input=None if form.with_ is None else compile_template(form.with_),
                name=form.name,
            )
        case _:
            raise AssertionError(f"a kind of step without a compiler: {type(form).__name__}")


def _form(raw: dict[str, Any]) -> StepForm:
    kind = next(key for key in raw if key in KINDS)
    return KINDS[kind].model_validate(raw)
