"""Which queues there should be, and what is in them.

AMQP cannot list queues, so the names come from the topology, and the modules from the workflows.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from resistor.bus import AmqpBus, topology
from resistor.catalog import load, workflow_from_source
from resistor.config import Settings
from resistor.errors import DefinitionError, OperatorMistake, StoreUnreachable
from resistor.messages.names import split_workflow
from resistor.ops import servers


async def known_modules(settings: Settings) -> frozenset[str]:
    """Return every module that a definition file or a registered workflow names, where they can be read."""
    found = modules_of_files(settings)
    try:
        async with servers.open_store(settings) as store:
            registered = (await store.catalogue.read()).sources
    except StoreUnreachable:
        return found
    for key, source in registered.items():
        namespace, name, _ = split_workflow(key)
        try:
            found |= workflow_from_source(namespace, name, source).modules
        except DefinitionError:  # of a newer Resistor
            continue
    return found


def modules_of_files(settings: Settings) -> frozenset[str]:
    """Return the modules that the definition files name: none, where there are no such files."""
    try:
        return load(settings.definitions.paths).catalog.modules
    except OperatorMistake:
        return frozenset()


async def inspect_queues(
    bus: AmqpBus, modules: Iterable[str], *, partitions: int = 1
) -> list[dict[str, Any]]:
    """Return what is in every queue that should be there; of results so many, or as many as there are."""
    rows = []
    partitions = await bus.count_results_queues(partitions)
    for queue in topology(bus.names, sorted(modules), partitions=partitions).queues:
        info = await bus.inspect(queue.name)
        rows.append(
            {
                "queue": queue.name,
                "exists": info is not None,
                "messages": info.messages if info else 0,
                "consumers": info.consumers if info else 0,
            }
        )
    return rows
