"""`resistor run …`: looking at runs."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Sequence
from typing import Any

import click

from resistor.ops.cli.lazy import EXIT_FAILED
from resistor.ops.cli.options import output_option, run_filters
from resistor.ops.cli.output import Column, Table, talk, write_json, write_rows
from resistor.ops.cli.session import Session, pass_session
from resistor.ops.text import elapsed, how_long, local_time

WIDE = 1000  # columns of what is no terminal: nothing is wrapped in a file

RUN_COLUMNS: Sequence[Column] = (
    Column("RUN", lambda run: run["id"], 20),
    Column("WORKFLOW", lambda run: f"{run['namespace']}/{run['workflow']}@{run['version']}", 20),
    Column("STATUS", lambda run: run["status"], 9),
    Column("STARTED", lambda run: local_time(run["started_at"]), 19),
    Column("TOOK", lambda run: how_long(elapsed(run, time.time())), 6),
    Column("ERROR", lambda run: run["error"] and run["error"]["type"]),
)


def _details(fact: dict[str, Any]) -> str:
    told = []
    for name, value in fact.items():
        if name == "error" and value:
            told.append(": ".join(filter(None, (value["type"], value["message"]))))
        elif name == "until":
            told.append(f"until={local_time(value)}")
        elif name not in ("seq", "at", "fact", "step", "attempt", "details"):
            told.append(f"{name}={value}")
    return " ".join(told)


EVENT_COLUMNS: Sequence[Column] = (
    Column("SEQ", lambda fact: fact["seq"]),
    Column("AT", lambda fact: f"{local_time(fact['at'])}{fact['at'][19:23]}"),
    Column("FACT", lambda fact: fact["fact"], 15),
    Column("STEP", lambda fact: fact["step"], 12),
    Column("ATTEMPT", lambda fact: fact["attempt"]),
    Column("DETAILS", _details),
)


@click.group()
def run() -> None:
    """List, show and watch runs."""


@run.command("list")
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

    wanted = _wanted(**filters)
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


def _wanted(
    *,
    statuses: tuple[str, ...],
    workflow: tuple[str, str, int | None] | None,
    since: float | None,
    until: float | None,
    limit: int,
) -> Any:
    from resistor.engine.run import RunStatus
    from resistor.store.reading import RunFilter

    namespace, name, _ = workflow or (None, None, None)
    return RunFilter(
        statuses=tuple(map(RunStatus, statuses)),
        namespace=namespace,
        workflow=name,
        since=since,
        until=until,
        limit=limit,
    )


@run.command()
@click.argument("run_id", metavar="ID")
@output_option
@pass_session
def get(session: Session, run_id: str, style: str) -> None:
    """Show one run, with its steps; with -o json, its payloads as well."""
    asyncio.run(_get(session, run_id, style))


async def _get(session: Session, run_id: str, style: str) -> None:
    from resistor.ops import servers
    from resistor.ops.runs import Reader

    async with servers.open_store(session.settings()) as store:
        found = await Reader(store).find(run_id)
    show_run(found.view, style=style)


def show_run(view: dict[str, Any], *, style: str) -> None:
    """Print a run as a tree, or as the contract's object."""
    if style != "table":
        write_json(view, style=style)
        return
    from rich.console import Console

    from resistor.ops.tree import run_tree

    console = Console(width=None if sys.stdout.isatty() else WIDE)
    console.print(run_tree(view, now=time.time()))
    event = view["event"]["id"]
    click.echo(f"started {local_time(view['started_at'])}" + (f" by event {event}" if event else ""))


@run.command()
@click.argument("run_id", metavar="ID")
@output_option
@pass_session
def watch(session: Session, run_id: str, style: str) -> None:
    """Show one run until it ends. Exits with 1 where it does not end well."""
    if not asyncio.run(_watch(session, run_id, style)):
        raise SystemExit(EXIT_FAILED)


async def _watch(session: Session, run_id: str, style: str) -> bool:
    from resistor.ops import servers

    async with servers.open_store(session.settings()) as store:
        return await watch_run(store, run_id, style=style)


async def watch_run(store: Any, run_id: str, *, style: str) -> bool:
    """Print a run until it ends; whether it ended well.

    A live tree on a terminal; elsewhere the facts as they come, or its object after every change.
    """
    from resistor.ops.runs import Reader

    reader = Reader(store)
    if style == "table" and sys.stdout.isatty():
        return await _watch_live(reader, run_id)
    if style == "table":
        table = Table(EVENT_COLUMNS)
        async for fact, _ in reader.history(run_id, follow=True):
            table.write([fact])
    view: dict[str, Any] = {}
    async for found in reader.changes(run_id):
        view = found.view
        if style != "table":
            write_json(view, style="jsonl")
    return bool(view["status"] == "completed")


async def _watch_live(reader: Any, run_id: str) -> bool:
    from rich.live import Live

    from resistor.ops.runs import POLL_SECONDS
    from resistor.ops.tree import run_tree

    found = await reader.find(run_id)
    with Live(auto_refresh=False, vertical_overflow="visible") as live:
        while True:
            view = found.view
            live.update(run_tree(view, now=time.time()), refresh=True)
            if found.run.state.status.is_final:
                return bool(view["status"] == "completed")
            await asyncio.sleep(POLL_SECONDS)
            found = await reader.find(run_id)


@run.command()
@click.argument("run_id", metavar="ID")
@click.option("--follow", "-f", is_flag=True, help="Go on until the run ends.")
@output_option
@pass_session
def events(session: Session, run_id: str, style: str, *, follow: bool) -> None:
    """Show what happened in one run, fact by fact."""
    asyncio.run(_events(session, run_id, style, follow=follow))


async def _events(session: Session, run_id: str, style: str, *, follow: bool) -> None:
    from resistor.ops import servers
    from resistor.ops.runs import Reader

    table = Table(EVENT_COLUMNS)
    async with servers.open_store(session.settings()) as store:
        history = Reader(store).history(run_id, follow=follow)
        if not follow:
            write_rows([fact async for fact, _ in history], EVENT_COLUMNS, style=style)
            return
        if style == "json":
            talk("--follow prints an object a line, as -o jsonl does")
        async for fact, _ in history:
            if style == "table":
                table.write([fact])
            else:
                write_json(fact, style="jsonl")
