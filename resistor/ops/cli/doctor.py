"""`resistor doctor`: is everything there, what could be stuck, and what to do about it."""

from __future__ import annotations

import asyncio
from typing import Any

import click

from resistor.errors import EnvironmentFault, OperatorMistake
from resistor.ops.cli.lazy import EXIT_FAILED, EXIT_UNREACHABLE
from resistor.ops.cli.options import output_option
from resistor.ops.cli.output import Column, talk, write_rows
from resistor.ops.cli.session import Session, pass_session
from resistor.ops.text import plural

_COLOURS = {"ok": "green", "warn": "yellow"}


@click.command()
@click.option("--audit", "is_audit", is_flag=True, help="Compare Redis with the broker, run by run.")
@click.option("--repair", "is_repair", is_flag=True, help="Mend what the audit finds.")
@click.option(
    "--silent",
    type=click.FloatRange(min=0),
    default=3600.0,
    show_default=True,
    metavar="SECONDS",
    help="Name actions that have been out for so long.",
)
@click.option("--all", "is_all", is_flag=True, help="Mend also what may be as it should be.")
@output_option
@pass_session
def doctor(
    session: Session, style: str, is_audit: bool, is_repair: bool, silent: float, is_all: bool
) -> None:
    """Check the servers, the queues and the settings, and say what to do.

    With --audit it also names every run that could be stuck. Changes nothing, but with --repair: what could
    be stuck lets out again what it waits for, with the same tokens, through the daemons. Repairing twice is
    repairing once.

    Exits with 1 where something fails that was not mended, and with 3 where a server cannot be reached.
    """
    from resistor.ops.diagnosis import diagnose

    if (is_repair or is_all) and not is_audit:
        raise OperatorMistake("--repair and --all mend what an audit finds: add --audit")
    rows = [_row_of_check(check) for check in asyncio.run(diagnose(session.settings()))]
    grades = {row["grade"] for row in rows}
    if is_audit and "unreachable" not in grades:
        rows += asyncio.run(_audited(session.settings(), silent, is_repair=is_repair, is_all=is_all))
        grades = {row["grade"] for row in rows}
    if style == "table":
        _show(rows)
    else:
        write_rows(rows, (Column("CHECK", lambda row: row["name"]),), style=style)
    if "unreachable" in grades:
        raise SystemExit(EXIT_UNREACHABLE)
    if "fail" in grades:
        raise SystemExit(EXIT_FAILED)


async def _audited(settings: Any, silent: float, *, is_repair: bool, is_all: bool) -> list[dict[str, Any]]:
    """Audit, and repair where that is wanted; returns a row for each finding."""
    from resistor.ops.auditing import audit, repair

    try:
        findings = await audit(settings, silent=silent)
        wanted = [each for each in findings if each.is_certain or is_all] if is_repair else []
        if wanted:
            count = await repair(settings, wanted)
            talk(f"{plural(len(wanted), 'finding')} mended; {plural(count, 'run')} told to let all out again")
    except EnvironmentFault as fault:
        return [{"name": "audit", "grade": "unreachable", "detail": str(fault), "remedy": None}]
    if not findings:
        return [{"name": "audit", "grade": "ok", "detail": "no run could be stuck", "remedy": None}]
    return [_row_of_finding(each, is_mended=each in wanted) for each in findings]


def _row_of_check(check: Any) -> dict[str, Any]:
    return {
        "name": check.name,
        "grade": check.grade.value,
        "detail": check.detail,
        "remedy": check.remedy,
    }


def _row_of_finding(finding: Any, *, is_mended: bool) -> dict[str, Any]:
    grade = "ok" if is_mended else "fail" if finding.is_certain else "warn"
    remedy = "`resistor doctor --audit --repair`" + ("" if finding.is_certain else " with --all")
    return {
        "name": "audit",
        "grade": grade,
        "detail": finding.what,
        "remedy": "mended" if is_mended else remedy,
        "kind": finding.kind.value,
        "run": finding.run,
        "step": finding.step,
        "since": finding.since,
    }


def _show(rows: list[dict[str, Any]]) -> None:
    for row in rows:
        mark = "fail" if row["grade"] == "unreachable" else row["grade"]
        where = f"run {row['run']}" if row.get("run") else row["name"]
        where += f", step {row['step']}" if row.get("step") else ""
        click.echo(f"{click.style(f'{mark:<4}', fg=_COLOURS.get(mark, 'red'))}  {where}: {row['detail']}")
        if row["remedy"]:
            click.echo(f"      → {row['remedy']}")
