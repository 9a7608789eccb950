"""`resistor queue list`: how many messages wait where, and whether somebody takes them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import click

from resistor.ops.cli.options import output_option
from resistor.ops.cli.output import Column, write_rows
from resistor.ops.cli.session import Session, pass_session

COLUMNS: Sequence[Column] = (
    Column("QUEUE", lambda queue: queue["queue"]),
    Column("READY", lambda queue: queue["messages"]),
    Column("CONSUMERS", lambda queue: queue["consumers"]),
    Column("STATE", lambda queue: "" if queue["exists"] else "missing"),
)


@click.group()
def queue() -> None:
    """List the queues, and who consumes them."""


@queue.command("list")
@click.option("--all", "with_buckets", is_flag=True, help="With the delay buckets.")
@output_option
@pass_session
def list_(session: Session, style: str, *, with_buckets: bool) -> None:
    """List the queues, with the messages that are ready and the consumers of each."""
    write_rows(asyncio.run(_list(session.settings(), with_buckets=with_buckets)), COLUMNS, style=style)


async def _list(settings: Any, *, with_buckets: bool) -> list[dict[str, Any]]:
    from resistor.ops import servers
    from resistor.ops.queues import inspect_queues, known_modules

    modules = await known_modules(settings)
    async with servers.open_bus(settings) as bus:
        found = await inspect_queues(bus, modules)
    buckets = f"{bus.names.retry}."
    return [each for each in found if with_buckets or not each["queue"].startswith(buckets)]
