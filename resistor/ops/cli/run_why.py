"""`resistor run why`: why a run stands where it stands, and what would move it."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import click

from resistor.ops.cli.options import output_option
from resistor.ops.cli.output import write_json
from resistor.ops.cli.session import Session, pass_session
from resistor.ops.text import printable


@click.command()
@click.argument("run_id", metavar="RUN")
@output_option
@pass_session
def why(session: Session, run_id: str, style: str) -> None:
    """Say why a run stands where it stands: what it waits for, who has it, or how it ended."""
    lines = asyncio.run(_why(session.settings(), run_id))
    if style == "table":
        for line in lines:
            click.echo(printable(line))
    else:
        write_json({"run": run_id, "why": lines}, style=style)


async def _why(settings: Any, run_id: str) -> list[str]:
    from resistor.engine.run import EVERYTHING
    from resistor.ops import servers
    from resistor.ops.runs import Reader
    from resistor.ops.why import explained

    async with servers.open_store(settings) as store:
        reader = Reader(store)
        found = await reader.find(run_id)
        outstanding = (await store.load([(run_id, EVERYTHING)])).runs[0]
        facts = [fact async for fact, _ in reader.history(run_id, follow=False)]
    unconfirmed = sorted(outstanding.unconfirmed) if outstanding is not None else []
    return list(explained(found.view, facts, unconfirmed, now=time.time()))
