"""Looks at a rerun before it is asked for: what a daemon would refuse, a person learns at once."""

from __future__ import annotations

from resistor.catalog import workflow_from_source
from resistor.catalog.wording import did_you_mean
from resistor.engine.identity import run_id_of
from resistor.engine.inbound import Reuse
from resistor.engine.places import find
from resistor.engine.rerunning import inherited
from resistor.errors import NotFound, OperatorMistake, RejectedMessage
from resistor.messages.command import StartRun
from resistor.messages.event import MAX_ID_CHARACTERS
from resistor.ops.runs import Found
from resistor.store import RedisStore


async def rerun_command(
    store: RedisStore, found: Found, step: str, *, version: int | None, key: str
) -> StartRun:
    """Return the command that begins a new run at `step` of the run that was found.

    Raises `NotFound` for a version that is not registered, `OperatorMistake` where it cannot begin there.
    """
    if len(key) > MAX_ID_CHARACTERS:
        raise OperatorMistake(f"--id: {MAX_ID_CHARACTERS} characters at most, not {len(key)}")
    origin = found.run.origin
    wanted = version or origin.version
    reference = f"{origin.namespace}/{origin.workflow}@{wanted}"
    source = await store.catalogue.source(reference)
    if source is None:
        raise NotFound(f"{reference} is not registered")
    workflow = workflow_from_source(origin.namespace, origin.workflow, source)
    if find(workflow, step) is None:
        near = did_you_mean(step, [*found.run.steps, *(each.id for each in workflow.body.steps)])
        raise OperatorMistake(f"--from: {reference} has no step {step}" + (f": {near}" if near else ""))
    try:
        inherited(workflow, Reuse(run=found.run, path=step))
    except RejectedMessage as why:
        raise OperatorMistake(f"--from: {why.detail}") from None
    return StartRun(
        run=run_id_of(origin.namespace, origin.workflow, key),
        namespace=origin.namespace,
        workflow=origin.workflow,
        version=wanted,
        key=key,
        rerun_of=found.run.id,
        rerun_at=step,
    )
