"""`resistor run list`."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Any

import click

from resistor.ops.cli.options import filter_of, output_option, run_filters
from resistor.ops.cli.output import Column, Table, write_rows
from resistor.ops.cli.session import Session, pass_session
from resistor.ops.text import elapsed, how_long, short_time

RUN_COLUMNS: Sequence[Column] = (
    Column("RUN", lambda run: run["id"], 20),
    Column("WORKFLOW", lambda run: f"{run['namespace']}/{run['workflow']}@{run['version']}", 20),
    Column("STATUS", lambda run: run["status"], 9),
    Column("STARTED", lambda run: short_time(run["started_at"], time.time()), 8),
    Column("TOOK", lambda run: how_long(elapsed(run, time.time())), 6),
    Column("ERROR", lambda run: run["error"] and run["error"]["type"]),
)


@click.command("list")
@run_filters
@click.option("--follow", "-f", is_flag=True, help="Go on: print runs as they begin and change.")
@output_option
@pass_session
def list_(session: Session, /, style: str, *, follow: bool, **filters: Any) -> None:
    """List runs, the latest first."""
    asyncio.run(_list(session, style, filters, follow=follow))


async def _list(session: Session, style: str, filters: dict[str, Any], *, follow: bool) -> None:
    from resistor.ops import servers
    from resistor.ops.views import run_line

    wanted = filter_of(**filters)
    async with servers.open_store(session.settings()) as store:
        if follow:
            await _follow(store, wanted, style)
        else:
            lines = [run_line(run) for run in await store.list_runs(wanted)]
            write_rows(lines, RUN_COLUMNS, style=style)


async def _follow(store: Any, wanted: Any, style: str) -> None:
    """Print what begins and what changes, the oldest first, until somebody ends it."""
    from resistor.ops.runs import POLL_SECONDS
    from resistor.ops.views import run_line

    table = Table(RUN_COLUMNS)
    seen: dict[str, str] = {}
    while True:
        lines = [run_line(run) for run in await store.list_runs(wanted)]
        changed = [line for line in reversed(lines) if seen.get(line["id"]) != line["status"]]
        seen = {line["id"]: line["status"] for line in lines}
        if style == "table":
            table.write(changed)
        else:
            write_rows(changed, RUN_COLUMNS, style="jsonl")
        await asyncio.sleep(POLL_SECONDS)
