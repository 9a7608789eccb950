"""The whole workflow from its definition, in which nothing is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from resistor.catalog.blocks import Blocks, blocks_of
from resistor.catalog.compiling.canonical import canonical, digest_of
from resistor.catalog.compiling.place import NO_DEFAULTS, Defaults, expression, template
from resistor.catalog.compiling.steps import StepCompiler
from resistor.catalog.evaluated import ALWAYS, ARRIVAL
from resistor.catalog.forms import (
    ConcurrencyForm,
    ModuleDefaultsForm,
    RolloutForm,
    ScheduleForm,
    StepForm,
    TriggerForm,
    WorkflowForm,
)
from resistor.catalog.schemas import compile_schema
from resistor.engine.expressions import compile_template
from resistor.engine.workflow import (
    DEFAULT_RETENTION,
    Block,
    Concurrency,
    Rollout,
    Schedule,
    Trigger,
    Workflow,
)


def compile_workflow(
    called: tuple[str, str],
    definition: dict[str, Any],
    modules: Mapping[str, ModuleDefaultsForm],
    source: bytes,
) -> Workflow:
    """Compile a definition. `called`: namespace and name; `source`: the canonical JSON that it is from."""
    form = WorkflowForm.model_validate(definition)
    blocks = blocks_of(definition)
    compiler = StepCompiler(blocks, Defaults(form.defaults or NO_DEFAULTS, modules))
    body = _block("steps", form.steps, compiler, blocks)
    assert body is not None  # noqa: S101 - a required key
    return Workflow(
        namespace=called[0],
        name=called[1],
        version=form.version,
        digest=digest_of(source),
        source=source,
        body=body,
        description=form.description,
        input_schema=form.input,
        accepts=None if form.input is None else compile_schema(form.input),
        output=template(form.output, ALWAYS),
        timeout=form.timeout,
        labels={name: compile_template(value, ALWAYS) for name, value in form.labels.items()},
        retention=DEFAULT_RETENTION if form.retention is None else form.retention,
        concurrency=None if form.concurrency is None else _concurrency(form.concurrency),
        rollout=None if form.rollout is None else _rollout(form.rollout),
        triggers=tuple(map(_trigger, form.triggers)),
        schedule=None if form.schedule is None else _schedule(form.schedule),
        on_failure=_block("on_failure", form.on_failure, compiler, blocks),
        finally_=_block("finally", form.finally_, compiler, blocks),
    )


def _block(key: str, steps: list[StepForm] | None, compiler: StepCompiler, blocks: Blocks) -> Block | None:
    if steps is None:
        return None
    return compiler.block(steps, next(block for block in blocks.all if block.path == (key,)))


def _concurrency(form: ConcurrencyForm) -> Concurrency:
    return Concurrency(template(form.key, ALWAYS), form.limit, form.on_conflict)


def _rollout(form: RolloutForm) -> Rollout:
    return Rollout(form.percent, template(form.key, ARRIVAL), expression(form.when, ARRIVAL))


def _trigger(form: TriggerForm) -> Trigger:
    return Trigger(form.event, expression(form.if_, ARRIVAL), template(form.input, ARRIVAL))


def _schedule(form: ScheduleForm) -> Schedule:
    return Schedule(form.cron, form.timezone or "UTC", form.every, canonical(form.input), form.overlap)
