"""`resistor config show`: every setting, and where its value came from."""

from __future__ import annotations

import click

from resistor.ops.cli.options import output_option
from resistor.ops.cli.output import Column, write_rows
from resistor.ops.cli.session import Session, pass_session


@click.group()
def config() -> None:
    """Show the settings, and where each came from."""


@config.command()
@output_option
@pass_session
def show(session: Session, style: str) -> None:
    """Show every setting, secrets masked. With -o json, what each one is for."""
    from resistor.config import shown

    rows = [line._asdict() for line in shown(session.settings())]
    columns = (
        Column("SETTING", lambda row: row["name"]),
        Column("VALUE", lambda row: row["value"]),
        Column("FROM", lambda row: row["source"]),
        Column("VARIABLE", lambda row: row["variable"]),
    )
    write_rows(rows, columns, style=style)
