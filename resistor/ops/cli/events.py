"""`resistor event publish`: starting a run, as any AMQP client could."""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path
from typing import Any
from uuid import uuid4

import click

from resistor.errors import EnvironmentFault, OperatorMistake, RejectedMessage, ResistorError
from resistor.ops.cli.lazy import EXIT_FAILED
from resistor.ops.cli.options import lasting, output_option
from resistor.ops.cli.output import talk, write_json
from resistor.ops.cli.session import Session, pass_session


@click.group()
def event() -> None:
    """Publish an event, which starts a run."""


@event.command()
@click.argument("name", metavar="NAMESPACE.EVENT")
@click.option("--data", default="{}", show_default=True, metavar="JSON|@FILE|-", help="The event's data.")
@click.option("--id", "event_id", metavar="ID", help="The same id again is the same run. Drawn by default.")
@click.option("--wait", is_flag=True, help="Watch the run; exit with 1 where it does not end well.")
@click.option("--timeout", type=lasting, default=60.0, help="With --wait: for so long. [default: 60s]")
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
    settings = session.settings()
    event = _event(name, _read(data), event_id or str(uuid4()), limit=settings.limits.payload_bytes)
    asyncio.run(_publish(settings, event))
    from resistor.engine.identity import run_id

    run = run_id(event, "")
    if not waiting["wait"]:
        click.echo(run) if style == "table" else write_json({"run": run, "event": event.id}, style=style)
        return
    talk(f"run {run}")
    if not asyncio.run(_wait(settings, event, run, style, timeout=waiting["timeout"])):
        raise SystemExit(EXIT_FAILED)


def _read(data: str) -> bytes:
    try:
        if data == "-":
            return sys.stdin.buffer.read()
        return Path(data[1:]).read_bytes() if data.startswith("@") else data.encode()
    except OSError as error:
        raise OperatorMistake(f"--data: {data[1:]} cannot be read: {error.strerror}") from None


def _event(name: str, data: bytes, event_id: str, *, limit: int) -> Any:
    from resistor.messages import json
    from resistor.messages.event import MAX_ID_CHARACTERS, Event
    from resistor.messages.names import DOTTED, WORD

    namespace, _, event = name.partition(".")
    if not WORD.match(namespace) or not DOTTED.match(event):
        raise OperatorMistake(f"{name!r} is not NAMESPACE.EVENT, like shop.order.placed")
    if len(event_id) > MAX_ID_CHARACTERS:
        raise OperatorMistake(f"--id: {MAX_ID_CHARACTERS} characters at most, not {len(event_id)}")
    try:
        json.decode_object(data, limit=limit)
    except RejectedMessage as why:
        raise OperatorMistake(f"--data: {why.detail}") from None
    return Event(namespace=namespace, name=event, data=data, id=event_id, time=time.time(), source="resistor")


async def _publish(settings: Any, event: Any) -> None:
    from resistor.messages.event import event_to_envelope
    from resistor.ops import servers
    from resistor.ports import Outcome, Publish

    async with servers.open_bus(settings) as bus:
        key = f"{event.namespace}.{event.name}"
        [outcome] = await bus.publish(
            [Publish(exchange=bus.names.events, routing_key=key, envelope=event_to_envelope(event))]
        )
    if outcome is Outcome.UNROUTABLE:
        raise EnvironmentFault(
            "no queue takes events: was a daemon ever started here? (`resistor topology apply` makes them)"
        )
    if outcome is Outcome.REFUSED:
        raise ResistorError(
            "RabbitMQ refused the event: is its queue full? (`resistor queue list`) Or a header too large?"
        )


async def _wait(settings: Any, event: Any, run: str, style: str, *, timeout: float) -> bool:
    from resistor.ops import servers
    from resistor.ops.cli.runs import show_run, watch_run
    from resistor.ops.runs import Reader

    async with servers.open_store(settings) as store:
        reader = Reader(store)
        workflow = f"{event.namespace}/{event.name}"
        if not any(key.startswith(f"{workflow}@") for key in await store.all_registered()):
            talk(f"no workflow {workflow} is registered (see `resistor workflow list`); waiting all the same")
        try:
            async with asyncio.timeout(timeout):
                await reader.beginning(run)
                if style == "table":
                    return await watch_run(store, run, style=style)
                end = await reader.end(run)
        except TimeoutError:
            raise ResistorError(
                _why_not(run, timeout, has_begun=await reader.look(run) is not None)
            ) from None
    show_run(end.view, style=style)
    return bool(end.view["status"] == "completed")


def _why_not(run: str, timeout: float, *, has_begun: bool) -> str:
    if has_begun:
        return f"the run has not ended within {timeout:g} s: `resistor run watch {run}` goes on watching it"
    return (
        f"no run began within {timeout:g} s: is a daemon running (`resistor doctor`), and does it have a"
        " workflow for this event (`resistor workflow list`)?"
    )
