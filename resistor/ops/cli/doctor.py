"""`resistor doctor`: is everything there, and what to do where it is not."""

from __future__ import annotations

import asyncio

import click

from resistor.ops.cli.lazy import EXIT_FAILED, EXIT_UNREACHABLE
from resistor.ops.cli.options import output_option
from resistor.ops.cli.output import Column, write_rows
from resistor.ops.cli.session import Session, pass_session


@click.command()
@output_option
@pass_session
def doctor(session: Session, style: str) -> None:
    """Check the servers, the queues and the settings, and say what to do.

    Changes nothing. Exits with 1 where something fails, and with 3 where a server cannot be reached.
    """
    from dataclasses import asdict

    from resistor.ops.diagnosis import Grade, diagnose

    checks = asyncio.run(diagnose(session.settings()))
    if style == "table":
        for check in checks:
            mark = "fail" if check.grade is Grade.UNREACHABLE else check.grade.value
            colour = {"ok": "green", "warn": "yellow"}.get(mark, "red")
            click.echo(f"{click.style(f'{mark:<4}', fg=colour)}  {check.name}: {check.detail}")
            if check.remedy:
                click.echo(f"      → {check.remedy}")
    else:
        columns = (Column("CHECK", lambda row: row["name"]),)
        write_rows([asdict(check) for check in checks], columns, style=style)
    grades = {check.grade for check in checks}
    if Grade.UNREACHABLE in grades:
        raise SystemExit(EXIT_UNREACHABLE)
    if Grade.FAIL in grades:
        raise SystemExit(EXIT_FAILED)
