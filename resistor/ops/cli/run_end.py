"""`resistor run cancel` and `terminate`: ending runs, named or by what they have in common."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import click

from resistor.errors import OperatorMistake, ResistorError
from resistor.ops.cli.lazy import EXIT_FAILED
from resistor.ops.cli.options import bulk_filters, filter_of, output_option, wait_option
from resistor.ops.cli.output import talk, write_rows
from resistor.ops.cli.run_list import RUN_COLUMNS
from resistor.ops.cli.session import Session, pass_session
from resistor.ops.text import plural

_ENDED = ("cancelled", "terminated")


def _ending(command: Callable[..., None]) -> Callable[..., None]:
    """Add what both commands take."""
    command = output_option(wait_option(pass_session(command)))
    command = click.option("--wait", is_flag=True, help="Wait until they have ended.")(command)
    command = click.option("--yes", "-y", is_flag=True, help="Do not ask.")(command)
    command = click.option("--why", default="", metavar="TEXT", help="The reason, for the history.")(command)
    return click.argument("run_ids", nargs=-1, metavar="[RUN]...")(bulk_filters(command))


@click.command()
@_ending
def cancel(session: Session, /, **given: Any) -> None:
    """End runs: their steps are cancelled, and what they completed is undone.

    \b
    resistor run cancel abcdefghij0123456789 --why "ordered twice"
    resistor run cancel --workflow shop/order.placed --label customer=c-17
    """
    _end(session, "cancel", **given)


@click.command()
@_ending
def terminate(session: Session, /, **given: Any) -> None:
    """End runs at once: nothing of them runs any more, and nothing is undone."""
    _end(session, "terminate", **given)


def _end(session: Session, verb: str, run_ids: tuple[str, ...], style: str, **given: Any) -> None:
    why, is_sure, is_waiting, timeout = (given.pop(name) for name in ("why", "yes", "wait", "timeout"))
    settings = session.settings()
    runs = asyncio.run(_chosen(settings, run_ids, given))
    if not runs:
        talk("no open run is like that: nothing to do")
        return
    if not run_ids and not is_sure:
        _ask(verb, runs, given["limit"])
    asyncio.run(_send(settings, verb, runs, why))
    ids = [run.id for run in runs]
    if is_waiting:
        if not asyncio.run(_wait(settings, ids, style, timeout=timeout)):
            raise SystemExit(EXIT_FAILED)
    elif style == "table":
        for run_id in ids:
            click.echo(run_id)
        talk(f"asked {plural(len(ids), 'run')} to {'end' if verb == 'terminate' else 'be cancelled'}")
    else:
        write_rows([{"run": run_id, "command": verb} for run_id in ids], (), style=style)


def _ask(verb: str, runs: Sequence[Any], limit: int) -> None:
    from resistor.ops.ending import summary

    if len(runs) == limit:
        talk(f"these are the latest {limit:,}, as --limit says: there may be more")
    click.confirm(f"{verb} {summary(runs)}?", abort=True, err=True)


async def _chosen(settings: Any, run_ids: tuple[str, ...], filters: dict[str, Any]) -> list[Any]:
    from resistor.ops import servers
    from resistor.ops.ending import OPEN, named

    is_filtered = any(filters[name] for name in ("statuses", "workflow", "labels", "since", "until"))
    if run_ids and is_filtered:
        raise OperatorMistake("either name runs, or say which by --workflow, --label, …: not both")
    if not run_ids and not is_filtered:
        raise OperatorMistake("which runs? Name them, or say which by --workflow, --label, --status, …")
    async with servers.open_store(settings) as store:
        if run_ids:
            return await named(store, run_ids)
        statuses = filters["statuses"] or tuple(status.value for status in OPEN)
        wanted = filter_of(**filters | {"statuses": statuses})
        return [run for run in await store.list_runs(wanted) if not run.state.status.is_final]


async def _send(settings: Any, verb: str, runs: Sequence[Any], why: str) -> None:
    from resistor.messages.command import CancelRun, TerminateRun
    from resistor.ops.publishing import operator, send_commands

    kind = CancelRun if verb == "cancel" else TerminateRun
    by = operator()
    await send_commands(settings, [kind(run=run.id, why=why, by=by) for run in runs])


async def _wait(settings: Any, run_ids: Sequence[str], style: str, *, timeout: float) -> bool:
    """Wait for all of them; whether each ended as it was asked to."""
    from resistor.ops import servers
    from resistor.ops.runs import Reader
    from resistor.ops.views import run_line

    lines: list[dict[str, Any]] = []
    async with servers.open_store(settings) as store:
        reader = Reader(store)
        try:
            async with asyncio.timeout(timeout):
                for run_id in run_ids:
                    ended = await reader.end(run_id)
                    lines.append(run_line(ended.run))
        except TimeoutError:
            left = plural(len(run_ids) - len(lines), "run")
            raise ResistorError(f"{left} did not end within {timeout:g} s: is a daemon running?") from None
    write_rows(lines, RUN_COLUMNS, style=style)
    return all(line["status"] in _ENDED for line in lines)
