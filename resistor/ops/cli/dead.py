"""`resistor dead list` and `show`: what could not be used, and why. `dead_acting.py` has the others."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Any

import click

from resistor.ops.cli.dead_acting import drop, replay
from resistor.ops.cli.dead_options import choice_of, letter_filters
from resistor.ops.cli.options import output_option
from resistor.ops.cli.output import Column, Table, talk, write_json, write_rows
from resistor.ops.cli.session import Session, pass_session
from resistor.ops.text import local_time, plural, printable, short_time

COLUMNS: Sequence[Column] = (
    Column("ID", lambda letter: letter["id"], 12),
    Column("DIED", lambda letter: short_time(letter["died_at"], time.time()), 8),
    Column("REASON", lambda letter: letter["reason"], 16),
    Column("QUEUE", lambda letter: letter["queue"], 24),
    Column("BYTES", lambda letter: letter["size"], 6),
    Column("RUN", lambda letter: letter["run"], 20),
    Column("DETAIL", lambda letter: letter["detail"]),
)


@click.group()
def dead() -> None:
    """List, show, replay and drop dead letters: messages that could not be used."""


dead.add_command(replay)
dead.add_command(drop)


@dead.command("list")
@letter_filters(50)
@output_option
@pass_session
def list_(session: Session, /, style: str, **given: Any) -> None:
    """List dead letters, the oldest first. They stay where they are.

    \b
    resistor dead list --reason unknown_workflow --since 24h
    resistor dead list --queue module.payments -o jsonl --limit 100000
    """
    shown = asyncio.run(_list(session.settings(), choice_of(**given), style))
    if shown == given["limit"]:
        talk(f"these are the oldest {shown:,}, as --limit says: there may be more")


async def _list(settings: Any, choice: Any, style: str) -> int:
    """Write the letters as they are read, but for JSON, which is one array; returns how many."""
    from resistor.ops import servers
    from resistor.ops.dead.letters import line_of
    from resistor.ops.dead.reading import chosen

    table, shown = Table(COLUMNS), 0
    kept: list[dict[str, Any]] = []
    async with servers.open_bus(settings) as bus, bus.browse(bus.names.dead_queue) as browser:
        async for page in chosen(bus, browser, choice):
            rows = [line_of(letter) for letter in page]
            shown += len(rows)
            if style == "table":
                table.write(rows)
            elif style == "jsonl":
                write_rows(rows, COLUMNS, style=style)
            else:
                kept += rows
    if style == "json":
        write_json(kept, style=style)
    elif style == "table" and not shown:
        table.write(())
    return shown


@dead.command()
@click.argument("letter_id", metavar="LETTER")
@output_option
@pass_session
def show(session: Session, letter_id: str, style: str) -> None:
    """Show all of a dead letter, with the message as it was. LETTER is its id, or the message's own."""
    view = asyncio.run(_show(session.settings(), letter_id))
    if style == "table":
        _write(view)
    else:
        write_json(view, style=style)


async def _show(settings: Any, letter_id: str) -> dict[str, Any]:
    from resistor.ops import servers
    from resistor.ops.dead.letters import view_of
    from resistor.ops.dead.reading import find

    async with servers.open_bus(settings) as bus:
        return view_of(await find(bus, letter_id))


def _write(view: dict[str, Any]) -> None:
    step = view["step"]
    lines = {
        "id": view["id"],
        "reason": view["reason"],
        "detail": view["detail"],
        "died": f"{local_time(view['died_at'])} in {view['queue']}",
        "sent to": f"{view['exchange'] or '-'} with {view['routing_key']!r}",
        "run": view["run"],
        "step": step and f"{step['step']}, attempt {step['attempt']}",
        **view["properties"],
    }
    for name, value in lines.items():
        if value not in (None, ""):
            click.echo(f"{name:<16} {printable(str(value))}")
    for name, value in view["headers"].items():
        click.echo(f"  {printable(name)}: {printable(str(value))}")
    click.echo(f"body, {plural(view['size'], 'byte')}{' in base64' if view['encoding'] == 'base64' else ''}:")
    click.echo("\n".join(printable(line) for line in view["body"].splitlines()))


__all__ = ["dead"]
