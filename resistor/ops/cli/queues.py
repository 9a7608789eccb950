"""`resistor queue list`: how many messages wait where, how it changes, and whether somebody takes them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import click

from resistor.ops.cli.options import lasting, output_option
from resistor.ops.cli.output import Column, talk, write_rows
from resistor.ops.cli.session import Session, pass_session
from resistor.ops.text import how_long


def _rate(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}"


COLUMNS: Sequence[Column] = (
    Column("QUEUE", lambda queue: queue["queue"]),
    Column("READY", lambda queue: queue["messages"], 6),
    Column("CONSUMERS", lambda queue: queue["consumers"]),
    Column("IN/S", lambda queue: _rate(queue["in_rate"]), 6),
    Column("OUT/S", lambda queue: _rate(queue["out_rate"]), 6),
    Column("CHANGE/S", lambda queue: _rate(queue["change_rate"])),
    Column("OLDEST", lambda queue: how_long(queue["oldest_seconds"]), 6),
    Column("DEAD", lambda queue: queue["dead"]),
    Column("STATE", lambda queue: "" if queue["exists"] else "missing"),
)


@click.group()
def queue() -> None:
    """List the queues, and who consumes them."""


@queue.command("list")
@click.option("--all", "with_buckets", is_flag=True, help="With the delay buckets.")
@click.option(
    "--details",
    is_flag=True,
    help="With the dead letters of each queue and the age of its oldest message: looks into the queues, and"
    " gives back what it sees. Not into modules' queues.",
)
@click.option("--follow", "-f", is_flag=True, help="Go on, and say how the depth changes.")
@click.option(
    "--every", type=lasting, default=2.0, metavar="DURATION", help="With --follow: so often. [default: 2s]"
)
@output_option
@pass_session
def list_(session: Session, /, style: str, *, every: float, **given: bool) -> None:
    """List the queues: messages that are ready, consumers, rates, the oldest message, dead letters.

    What cannot be known is a dash, and standard error says why.
    """
    asyncio.run(_list(session.settings(), style, every if given["follow"] else None, given))


async def _list(settings: Any, style: str, every: float | None, given: dict[str, bool]) -> None:
    """List once, or every so many seconds."""
    from resistor.ops import servers
    from resistor.ops.queue_table import QueueTable, without_buckets
    from resistor.ops.queues import known_modules

    modules = await known_modules(settings)
    async with servers.open_bus(settings) as bus:
        table = QueueTable(bus, settings, modules, with_details=given["details"])
        told: list[str] = []
        while True:
            rows = await table.read()
            if not given["with_buckets"]:
                rows = without_buckets(rows, bus.names.retry)
            write_rows(rows, COLUMNS, style="jsonl" if every and style == "json" else style)
            if style == "table" and table.notes != told:
                told = table.notes
                talk("\n".join(told))
            if every is None:
                return
            await asyncio.sleep(every)
            if style == "table":
                click.echo()
