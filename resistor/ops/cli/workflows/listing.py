"""`resistor workflow list` and `resistor workflow show`."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import click

from resistor.ops.cli.options import output_option
from resistor.ops.cli.output import Column, write_json, write_rows
from resistor.ops.cli.session import Session, pass_session
from resistor.ops.cli.workflows.choosing import reference, reference_argument, where, where_options
from resistor.ops.text import printable, shortened


@click.command("list")
@where_options
@output_option
@pass_session
def list_(session: Session, definitions: tuple[Path, ...], only: str | None, style: str) -> None:
    """List every registered version of every workflow; with --files or --definitions, those in files.

    NEW RUNS says which of an event's runs begin with that version, ALSO STARTED BY its schedule and triggers.
    """
    from resistor.ops.definitions import everything
    from resistor.ops.workflow_rows import rows, starts

    found = asyncio.run(everything(session.settings(), where(definitions, only)))
    columns = (
        Column("WORKFLOW", lambda row: f"{row['namespace']}/{row['workflow']}"),
        Column("VERSION", lambda row: row["version"]),
        Column("NEW RUNS", lambda row: shortened(row["new_runs"], 40)),
        Column("ALSO STARTED BY", lambda row: shortened(starts(row), 40)),
        Column("STEPS", lambda row: row["steps"]),
        Column("MODULES", lambda row: row["modules"]),
        Column("DESCRIPTION", lambda row: shortened(row["description"] or "", 60)),
    )
    write_rows(rows(found), columns, style=style)


@click.command()
@reference_argument
@where_options
@output_option
@pass_session
def show(session: Session, name: Any, definitions: tuple[Path, ...], only: str | None, style: str) -> None:
    """Show one workflow as YAML, variations resolved and defaults filled in.

    Looks in the definition files first, then at what is registered: the latest version, if none is named.
    What it prints is a definition file itself.
    """
    from resistor.ops.definition_text import as_yaml
    from resistor.ops.definitions import find
    from resistor.ops.workflow_rows import view

    found = asyncio.run(find(session.settings(), reference(name), where(definitions, only)))
    if style != "table":
        write_json(view(found), style=style)
        return
    origin = "from the definition files" if found.origin == "files" else "as registered"
    content = found.content
    base = content.pop("extends", None)  # it is complete: no reader needs the base
    click.echo(f"# {found.key}, {origin}")
    if base is not None:
        click.echo(f"# a variation, resolved: extends {printable(str(base))}")
    click.echo(f"# {found.digest}")
    click.echo(as_yaml(found.namespace, found.name, content), nl=False)
