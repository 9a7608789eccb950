"""Looks at a start before it is asked for: what a daemon would refuse, a person learns at once.

Called by `resistor run start`. Reads the registered workflows; the daemon decides all the same.
"""

from __future__ import annotations

from typing import Any

from resistor.catalog import workflow_from_source
from resistor.catalog.wording import did_you_mean
from resistor.errors import DefinitionError, NotFound, OperatorMistake
from resistor.ports import Registered
from resistor.store import RedisStore


async def require_startable(
    store: RedisStore, namespace: str, name: str, version: int | None, data: dict[str, Any]
) -> None:
    """Raise `NotFound` where there is no such workflow, `OperatorMistake` where it refuses the data.

    Without a version, the data is looked at only where one version can be meant.
    """
    registered = await store.catalogue.read()
    workflow = f"{namespace}/{name}"
    offered = registered.offers.get(workflow, ())
    if version is None and not offered:
        raise no_workflow(registered, workflow)
    if version is not None and f"{workflow}@{version}" not in registered.sources:
        raise _no_version(registered, workflow, version)
    meant = version if version is not None else offered[0] if len(offered) == 1 else None
    refusal = None if meant is None else _refusal(registered, namespace, name, meant, data)
    if refusal is not None:
        raise OperatorMistake(f"--data: {workflow} does not take it: {refusal}")


def no_workflow(registered: Registered, workflow: str) -> NotFound:
    """Return what to say of a workflow that new runs cannot have."""
    if versions_of(registered, workflow):
        return NotFound(f"no version of {workflow} is offered to new runs any more; name one: {workflow}@1")
    near = did_you_mean(workflow, registered.offers)
    return NotFound(
        f"there is no workflow {workflow}: {near or '`resistor workflow list` shows those there are'}"
    )


def versions_of(registered: Registered, workflow: str) -> list[int]:
    """Return the versions of a workflow that were ever registered, in ascending order."""
    keys = (key.rpartition("@") for key in registered.sources)
    return sorted(int(version) for name, _, version in keys if name == workflow)


def _no_version(registered: Registered, workflow: str, version: int) -> NotFound:
    there = versions_of(registered, workflow)
    if not there:
        return no_workflow(registered, workflow)
    return NotFound(f"there is no {workflow}@{version}: its versions are {', '.join(map(str, there))}")


def _refusal(
    registered: Registered, namespace: str, name: str, version: int, data: dict[str, Any]
) -> str | None:
    source = registered.sources.get(f"{namespace}/{name}@{version}")
    try:
        return None if source is None else workflow_from_source(namespace, name, source).refusal_of(data)
    except DefinitionError:  # of a newer Resistor: its daemon knows
        return None
