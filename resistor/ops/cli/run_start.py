"""`resistor run start`: a run of a workflow, in a version of one's choice."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

import click
import msgspec

from resistor.errors import OperatorMistake
from resistor.ops.cli.data import data_option, read_object
from resistor.ops.cli.lazy import EXIT_FAILED
from resistor.ops.cli.options import output_option, wait_option, workflow_name
from resistor.ops.cli.output import talk, write_json
from resistor.ops.cli.session import Session, pass_session


@click.command()
@click.argument("workflow", type=workflow_name, metavar="NAMESPACE/WORKFLOW[@VERSION]")
@data_option("The run's input.", default="{}")
@click.option("--id", "key", metavar="KEY", help="The same key again is the same run. Drawn by default.")
@click.option("--wait", is_flag=True, help="Watch the run; exit with 1 where it does not end well.")
@wait_option
@output_option
@pass_session
def start(
    session: Session,
    /,
    workflow: tuple[str, str, int | None],
    data: str,
    key: str | None,
    style: str,
    **waiting: Any,
) -> None:
    """Start a run of a workflow, and print its id. Without a version it gets the one that an event would.

    \b
    resistor run start shop/order.placed --data '{"amount": 5}' --wait
    resistor run start shop/order.placed@2 --data @order.json --id order-17
    """
    settings = session.settings()
    given = read_object(data, limit=settings.limits.payload_bytes)
    run = asyncio.run(_start(settings, workflow, given, key))
    if not waiting["wait"]:
        click.echo(run) if style == "table" else write_json({"run": run}, style=style)
        return
    talk(f"run {run}")
    if not asyncio.run(_wait(settings, run, style, timeout=waiting["timeout"])):
        raise SystemExit(EXIT_FAILED)


async def _start(settings: Any, workflow: tuple[str, str, int | None], given: bytes, key: str | None) -> str:
    from resistor.engine.identity import run_id_of
    from resistor.messages.command import StartRun
    from resistor.messages.event import MAX_ID_CHARACTERS
    from resistor.ops import servers
    from resistor.ops.publishing import send_commands
    from resistor.ops.starting import require_startable

    key = key or str(uuid4())
    if len(key) > MAX_ID_CHARACTERS:
        raise OperatorMistake(f"--id: {MAX_ID_CHARACTERS} characters at most, not {len(key)}")
    namespace, name, version = workflow
    async with servers.open_store(settings) as store:
        await require_startable(store, namespace, name, version, msgspec.json.decode(given))
    run = run_id_of(namespace, name, key)
    command = StartRun(
        run=run, namespace=namespace, workflow=name, input=msgspec.Raw(given), version=version, key=key
    )
    await send_commands(settings, [command])
    return run


async def _wait(settings: Any, run: str, style: str, *, timeout: float) -> bool:
    from resistor.ops import servers
    from resistor.ops.cli.waiting import wait_for

    async with servers.open_store(settings) as store:
        return await wait_for(store, run, style, timeout=timeout, needs="")
