"""`resistor module test`: do modules keep the contract? Their actions run here, without a broker."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping, Sequence
from contextlib import redirect_stdout
from typing import Any

import click

from resistor.ops.cli.lazy import EXIT_FAILED
from resistor.ops.cli.options import lasting, output_option
from resistor.ops.cli.output import COLOURS, Column, Table, talk, write_rows
from resistor.ops.text import plural

MARKS = {"ok": "✓", "warning": "!", "failed": "✗"}


@click.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH:OBJECT...")
@click.option(
    "--timeout",
    type=lasting,
    default=10.0,
    metavar="DURATION",
    help="So long an action may take for an answer. [default: 10s]",
)
@output_option
def test(paths: tuple[str, ...], timeout: float, style: str) -> None:
    """Check modules of the Python SDK: their actions run, with their examples and with malformed input.

    \b
    resistor module test modules/payments.py:payments
    resistor module test workers.mail:mail workers.parcel:parcel

    Each action gets its examples, each of these a second time, and input that it must refuse. An exception
    that it did not foresee, no answer, or malformed input that it takes: any of these fails.

    Exits with 1 where something failed.
    """
    from resistor.sdk.loading import load_module

    # What a module prints must not stand between the rows that a program reads.
    with redirect_stdout(sys.stderr):
        modules = [load_module(path) for path in paths]
        findings = asyncio.run(_check(modules, timeout))
    rows = [finding.view() for finding in findings]
    if style == "table":
        _show(rows)
    else:
        write_rows(rows, (), style=style)
    if any(row["grade"] == "failed" for row in rows):
        raise SystemExit(EXIT_FAILED)


async def _check(modules: Sequence[Any], timeout: float) -> list[Any]:
    from resistor.testing.module_check import check_module

    return [finding for module in modules for finding in await check_module(module, timeout_seconds=timeout)]


def _show(rows: Sequence[dict[str, Any]]) -> None:
    """Write a line for each row, and its problems under it."""
    table = Table(
        [
            _column("", lambda row: MARKS[row["grade"]], rows),
            _column("MODULE", lambda row: row["module"], rows),
            _column("ACTION", lambda row: row["action"], rows),
            _column("CHECK", lambda row: row["check"], rows),
            Column("ANSWERS", lambda row: _answers(row["came"])),
        ]
    )
    for row in rows:
        table.write([row])
        for problem in row["problems"]:
            click.echo(f"   {click.style(problem['said'], fg=COLOURS[MARKS[problem['grade']]])}")
    grades = [problem["grade"] for row in rows for problem in row["problems"]]
    failed, warned = grades.count("failed"), grades.count("warning")
    talk(f"{plural(len(rows), 'check')}, {plural(failed, 'failure')}, {plural(warned, 'warning')}")


def _column(heading: str, value: Any, rows: Sequence[dict[str, Any]]) -> Column:
    """Return a column that is wide enough for every row: they are written one by one."""
    return Column(heading, value, max(len(str(value(row))) for row in rows))


def _answers(came: Mapping[str, int]) -> str:
    return ", ".join(f"{number} {kind}" for kind, number in came.items())
