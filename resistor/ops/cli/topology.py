"""`resistor topology …`: the exchanges and queues that have to be there."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from typing import Any

import click

from resistor.ops.cli.options import output_option
from resistor.ops.cli.output import Column, talk, write_rows
from resistor.ops.cli.session import Session, pass_session
from resistor.ops.text import plural

COLUMNS: Sequence[Column] = (
    Column("KIND", lambda row: row["kind"]),
    Column("NAME", lambda row: row["name"]),
    Column("DETAILS", lambda row: " ".join(f"{name}={value}" for name, value in row["details"].items())),
)

modules_option = click.option(
    "--module",
    "modules",
    multiple=True,
    metavar="NAME",
    help="With the queue of this module; may be given more than once. By default those that the definition"
    " files name.",
)


@click.group()
def topology() -> None:
    """Show or declare exchanges and queues."""


@topology.command()
@modules_option
@output_option
@pass_session
def show(session: Session, modules: tuple[str, ...], style: str) -> None:
    """Show what has to be there. Asks no server."""
    wanted = wanted_topology(session.settings(), modules)
    rows = list(_rows(wanted))
    write_rows(rows, COLUMNS, style=style)


@topology.command()
@modules_option
@pass_session
def apply(session: Session, modules: tuple[str, ...]) -> None:
    """Declare what has to be there. What is there already stays as it is."""
    settings = session.settings()
    wanted = wanted_topology(settings, modules)
    asyncio.run(_apply(settings, wanted))
    counts = (
        plural(len(wanted.exchanges), "exchange"),
        plural(len(wanted.queues), "queue"),
        plural(len(wanted.bindings), "binding"),
    )
    talk(f"{', '.join(counts)} are there")


async def _apply(settings: Any, wanted: Any) -> None:
    from resistor.ops import servers

    async with servers.open_bus(settings) as bus:
        await bus.declare(wanted)


def wanted_topology(settings: Any, modules: Sequence[str] = ()) -> Any:
    """Return the topology with the queues of `modules`, or else of those that the definition files name."""
    from resistor.bus import Names, Topology, journal_topology
    from resistor.bus import topology as topology_of
    from resistor.ops.queues import modules_of_files

    broker = settings.broker
    names = Names(broker.prefix)
    modules = sorted(set(modules) or modules_of_files(settings))
    wanted = topology_of(
        names,
        modules,
        partitions=settings.result_partitions,
        module_deliveries=broker.module_delivery_limit,
    )
    if broker.journal != "stream":
        return wanted
    journal = journal_topology(names)
    return Topology(
        wanted.exchanges, (*wanted.queues, *journal.queues), (*wanted.bindings, *journal.bindings)
    )


def _rows(wanted: Any) -> Iterator[dict[str, Any]]:
    for exchange in wanted.exchanges:
        yield {"kind": "exchange", "name": exchange.name, "details": {"type": exchange.kind}}
    for queue in wanted.queues:
        yield {"kind": "queue", "name": queue.name, "details": dict(queue.arguments)}
    for binding in wanted.bindings:
        details = {"exchange": binding.exchange, "routing_key": binding.routing_key}
        yield {"kind": "binding", "name": binding.queue, "details": details}
