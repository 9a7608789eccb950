"""`resistor run get`, `watch` and `events`: looking at one run."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Iterator, Sequence
from typing import Any

import click

from resistor.ops.cli.lazy import EXIT_FAILED
from resistor.ops.cli.options import output_option
from resistor.ops.cli.output import Column, Table, talk, write_json, write_rows
from resistor.ops.cli.session import Session, pass_session
from resistor.ops.text import local_time, printable

WIDE = 1000  # columns of what is no terminal: nothing is wrapped in a file


def _details(fact: dict[str, Any]) -> str:
    told = []
    for name, value in fact.items():
        if name == "error" and value:
            told.append(": ".join(filter(None, (value["type"], value["message"]))))
        elif name == "until":
            told.append(f"until={local_time(value)}")
        elif value is not None and name not in ("seq", "at", "fact", "step", "attempt", "details"):
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


@click.command()
@click.argument("run_id", metavar="ID")
@click.option(
    "--steps",
    type=click.Choice(["all", "open", "failed"]),
    help="Which steps: all, those under way, or those that failed. A tree leaves out most of many items"
    " where this is not given.",
)
@output_option
@pass_session
def get(session: Session, run_id: str, steps: str | None, style: str) -> None:
    """Show one run, with its steps; with -o json, its payloads as well."""
    asyncio.run(_get(session, run_id, steps, style))


async def _get(session: Session, run_id: str, steps: str | None, style: str) -> None:
    from resistor.ops import servers
    from resistor.ops.nesting import WANTED, only
    from resistor.ops.runs import Reader

    async with servers.open_store(session.settings()) as store:
        found = await Reader(store).find(run_id)
    view = found.view
    view["steps"] = only(view["steps"], WANTED[steps or "all"])
    show_run(view, style=style, is_whole=steps is not None)


def show_run(view: dict[str, Any], *, style: str, is_whole: bool = False) -> None:
    """Print a run as a tree, or as the contract's object. Of many items only `is_whole` shows all."""
    if style != "table":
        write_json(view, style=style)
        return
    from rich.console import Console

    from resistor.ops.tree import run_tree

    console = Console(width=None if sys.stdout.isatty() else WIDE)
    console.print(run_tree(view, now=time.time(), is_whole=is_whole))
    for line in _below(view):
        click.echo(line)


def _below(view: dict[str, Any]) -> Iterator[str]:
    """Say where a run comes from."""
    event, parent = view["event"]["id"], view["parent"]
    by = f" by event {printable(event)}" if event else ""
    if parent is not None:
        by = f" by run {parent['run']}" + (f", step {parent['step']}" if parent["step"] else "")
    yield f"started {local_time(view['started_at'])}{by}"
    if view["labels"]:
        yield "labels " + printable(", ".join(f"{name}={value}" for name, value in view["labels"].items()))


@click.command()
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


@click.command()
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
