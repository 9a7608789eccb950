"""`resistor schedule …`: workflows that start by themselves."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import uuid4

import click

from resistor.errors import OperatorMistake, ResistorError
from resistor.ops.cli.options import output_option, workflow_name
from resistor.ops.cli.output import Column, talk, write_json, write_rows
from resistor.ops.cli.session import Session, pass_session
from resistor.ops.text import every, how_soon, local_time


def _when(view: dict[str, Any]) -> str:
    return view["cron"] or (f"every {every(view['every'])}" if view["every"] else "?")


def _next(view: dict[str, Any]) -> str:
    if view["paused"]:
        return "paused"
    if view["next_at"] is None:
        return "never"
    return how_soon(datetime.fromisoformat(view["next_at"]).timestamp() - time.time())


COLUMNS: Sequence[Column] = (
    Column("WORKFLOW", lambda each: f"{each['namespace']}/{each['workflow']}"),
    Column("WHEN", _when),
    Column("ZONE", lambda each: each["timezone"] if each["cron"] else None),
    Column("NEXT", _next),
    Column("LAST RUN", lambda each: each["last_run"]),
)

name_argument = click.argument("name", type=workflow_name, metavar="NAMESPACE/WORKFLOW")


@click.group()
def schedule() -> None:
    """List, trigger, pause and resume schedules."""


@schedule.command("list")
@output_option
@pass_session
def list_(session: Session, style: str) -> None:
    """List the schedules: when each comes next, and what came of it last."""
    write_rows(asyncio.run(_list(session.settings())), COLUMNS, style=style)


@schedule.command()
@name_argument
@output_option
@pass_session
def trigger(session: Session, name: tuple[str, str, int | None], style: str) -> None:
    """Start a run now, with the schedule's input, and print its id. What comes next stays as it is."""
    run = asyncio.run(_trigger(session.settings(), _plain(name)))
    click.echo(run) if style == "table" else write_json({"run": run}, style=style)


@schedule.command()
@name_argument
@output_option
@pass_session
def pause(session: Session, name: tuple[str, str, int | None], style: str) -> None:
    """Let nothing start by itself. What falls into the pause is not made up for."""
    _show(asyncio.run(_pause(session.settings(), _plain(name), is_paused=True)), style)


@schedule.command()
@name_argument
@output_option
@pass_session
def resume(session: Session, name: tuple[str, str, int | None], style: str) -> None:
    """Let a paused schedule go on."""
    _show(asyncio.run(_pause(session.settings(), _plain(name), is_paused=False)), style)


def _plain(name: tuple[str, str, int | None]) -> str:
    namespace, workflow, version = name
    if version is not None:
        raise OperatorMistake("a schedule belongs to a workflow, not to one of its versions: leave out the @")
    return f"{namespace}/{workflow}"


async def _list(settings: Any) -> list[dict[str, Any]]:
    from resistor.ops import servers
    from resistor.ops.schedules import schedule_views

    async with servers.open_store(settings) as store:
        return await schedule_views(store)


async def _trigger(settings: Any, name: str) -> str:
    import msgspec

    from resistor.engine.identity import run_id_of
    from resistor.messages.command import StartRun
    from resistor.ops import servers
    from resistor.ops.publishing import send_commands
    from resistor.ops.schedules import definition_of, find_schedule

    async with servers.open_store(settings) as store:
        await find_schedule(store, name)
        _, found = definition_of(await store.catalogue.read(), name)
    if found is None:
        raise ResistorError(f"{name} cannot be read, so its input is not known: a newer Resistor wrote it")
    namespace, _, workflow = name.partition("/")
    key = f"schedule:{uuid4()}"
    run = run_id_of(namespace, workflow, key)
    command = StartRun(
        run=run, namespace=namespace, workflow=workflow, input=msgspec.Raw(found.input), key=key
    )
    await send_commands(settings, [command])
    return run


async def _pause(settings: Any, name: str, *, is_paused: bool) -> dict[str, Any]:
    from resistor.ops import servers
    from resistor.ops.schedules import definition_of, find_schedule, no_schedule, schedule_view

    async with servers.open_store(settings) as store:
        await find_schedule(store, name)
        state = await store.schedules.pause(name, is_paused=is_paused)
        if state is None:  # it went this moment
            raise no_schedule(name, ())
        return schedule_view(state, *definition_of(await store.catalogue.read(), name))


def _show(view: dict[str, Any], style: str) -> None:
    if style != "table":
        write_json(view, style=style)
        return
    name = f"{view['namespace']}/{view['workflow']}"
    goes_on = f"{name} goes on: next {_next(view)}, at {local_time(view['next_at'])}"
    talk(f"{name} is paused" if view["paused"] else goes_on)
