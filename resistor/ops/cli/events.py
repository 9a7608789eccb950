"""`resistor event publish`: starting a run, as any AMQP client could."""

from __future__ import annotations

import asyncio
import time
from typing import Any
from uuid import uuid4

import click

from resistor.errors import OperatorMistake
from resistor.ops.cli.data import data_option, read_object
from resistor.ops.cli.lazy import EXIT_FAILED
from resistor.ops.cli.options import output_option, wait_option
from resistor.ops.cli.output import talk, write_json
from resistor.ops.cli.session import Session, pass_session


@click.group()
def event() -> None:
    """Publish an event, which starts a run."""


@event.command()
@click.argument("name", metavar="NAMESPACE.EVENT")
@data_option("The event's data.", default="{}")
@click.option("--id", "event_id", metavar="ID", help="The same id again is the same run. Drawn by default.")
@click.option("--wait", is_flag=True, help="Watch the run; exit with 1 where it does not end well.")
@wait_option
@output_option
@pass_session
def publish(
    session: Session, /, name: str, data: str, event_id: str | None, style: str, **waiting: Any
) -> None:
    """Publish an event, and print the id of the run that it starts.

    \b
    resistor event publish shop.order.placed --data '{"amount": 5}' --wait
    resistor event publish shop.order.placed --data @order.json --id order-17
    """
    from resistor.engine.identity import run_id
    from resistor.ops.publishing import publish_event

    settings = session.settings()
    event = _event(name, data, event_id or str(uuid4()), limit=settings.limits.payload_bytes)
    asyncio.run(publish_event(settings, event))
    run = run_id(event, "")
    if not waiting["wait"]:
        click.echo(run) if style == "table" else write_json({"run": run, "event": event.id}, style=style)
        return
    talk(f"run {run}")
    if not asyncio.run(_wait(settings, event, run, style, timeout=waiting["timeout"])):
        raise SystemExit(EXIT_FAILED)


def _event(name: str, data: str, event_id: str, *, limit: int) -> Any:
    from resistor.messages.event import MAX_ID_CHARACTERS, Event
    from resistor.messages.names import DOTTED, WORD

    namespace, _, event = name.partition(".")
    if not WORD.match(namespace) or not DOTTED.match(event):
        raise OperatorMistake(f"{name!r} is not NAMESPACE.EVENT, like shop.order.placed")
    if len(event_id) > MAX_ID_CHARACTERS:
        raise OperatorMistake(f"--id: {MAX_ID_CHARACTERS} characters at most, not {len(event_id)}")
    given = read_object(data, limit=limit)
    return Event(
        namespace=namespace, name=event, data=given, id=event_id, time=time.time(), source="resistor"
    )


async def _wait(settings: Any, event: Any, run: str, style: str, *, timeout: float) -> bool:
    from resistor.ops import servers
    from resistor.ops.cli.waiting import wait_for

    async with servers.open_store(settings) as store:
        workflow = f"{event.namespace}/{event.name}"
        if workflow not in (await store.catalogue.read()).offers:
            talk(f"no workflow {workflow} is registered (see `resistor workflow list`); waiting all the same")
        needs = ", and does it have a workflow for this event (`resistor workflow list`)"
        return await wait_for(store, run, style, timeout=timeout, needs=needs)
