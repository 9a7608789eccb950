"""`resistor run rerun`: a new run that begins at a step of an old one, with the results before it."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

import click

from resistor.ops.cli.data import read_object
from resistor.ops.cli.lazy import EXIT_FAILED
from resistor.ops.cli.options import output_option, wait_option
from resistor.ops.cli.output import talk, write_json
from resistor.ops.cli.session import Session, pass_session


@click.command()
@click.argument("run_id", metavar="RUN")
@click.option("--from", "step", required=True, metavar="PATH", help="The step to begin at: its path.")
@click.option("--data", metavar="JSON|@FILE|-", help="The new run's input. By default that of the old one.")
@click.option("--version", type=click.IntRange(1), help="Of the workflow. By default that of the old run.")
@click.option("--id", "key", metavar="KEY", help="The same key again is the same run. Drawn by default.")
@click.option("--wait", is_flag=True, help="Watch the run; exit with 1 where it does not end well.")
@wait_option
@output_option
@pass_session
def rerun(session: Session, /, run_id: str, style: str, wait: bool, timeout: float, **given: Any) -> None:
    """Begin a new run at a step of RUN. What comes before that step is taken over, and not done again.

    \b
    resistor run rerun abcdefghij0123456789 --from charge --data @corrected.json --wait
    """
    settings = session.settings()
    data = given.pop("data")
    body = None if data is None else read_object(data, limit=settings.limits.payload_bytes)
    run = asyncio.run(_rerun(settings, run_id, body, **given))
    if not wait:
        click.echo(run) if style == "table" else write_json({"run": run, "rerun_of": run_id}, style=style)
        return
    talk(f"run {run}")
    if not asyncio.run(_wait(settings, run, style, timeout=timeout)):
        raise SystemExit(EXIT_FAILED)


async def _rerun(
    settings: Any, run_id: str, body: bytes | None, *, step: str, version: int | None, key: str | None
) -> str:
    from resistor.ops import servers
    from resistor.ops.publishing import send_commands
    from resistor.ops.rerunning import rerun_command
    from resistor.ops.runs import Reader

    async with servers.open_store(settings) as store:
        found = await Reader(store).find(run_id)
        command = await rerun_command(store, found, step, version=version, key=key or str(uuid4()))
    if body is not None:
        import msgspec

        command = msgspec.structs.replace(command, input=msgspec.Raw(body))
    await send_commands(settings, [command])
    return command.run


async def _wait(settings: Any, run: str, style: str, *, timeout: float) -> bool:
    from resistor.ops import servers
    from resistor.ops.cli.waiting import wait_for

    async with servers.open_store(settings) as store:
        return await wait_for(store, run, style, timeout=timeout, needs="")
