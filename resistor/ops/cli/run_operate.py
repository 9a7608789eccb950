"""What operators do to runs, one by one or in bulk: `resistor run pause`, `resume`, `cancel`, `retry`, …"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import click

from resistor.errors import OperatorMistake, ResistorError
from resistor.ops.cli.data import read_object, read_value
from resistor.ops.cli.lazy import EXIT_FAILED
from resistor.ops.cli.options import bulk_filters, filter_of, output_option, wait_option
from resistor.ops.cli.output import talk, write_rows
from resistor.ops.cli.run_list import RUN_COLUMNS
from resistor.ops.cli.session import Session, pass_session
from resistor.ops.text import plural


def _operating(command: Callable[..., None]) -> Callable[..., None]:
    """Add what all these commands take."""
    command = output_option(pass_session(command))
    command = click.option("--yes", "-y", is_flag=True, help="Do not ask.")(command)
    command = click.option("--why", default="", metavar="TEXT", help="The reason, for the history.")(command)
    return click.argument("run_ids", nargs=-1, metavar="[RUN]...")(bulk_filters(command))


def _waiting(command: Callable[..., None]) -> Callable[..., None]:
    """Add what those take that can wait for what they do."""
    return click.option("--wait", is_flag=True, help="Wait until they have ended.")(wait_option(command))


@click.command()
@_operating
def pause(session: Session, /, **given: Any) -> None:
    """Pause runs: nothing new begins in them. What is out may end, and is kept; time limits stand still.

    \b
    resistor run pause abcdefghij0123456789 --why "the bank is down"
    """
    _operate(session, "pause", {}, **given)


@click.command()
@_operating
def resume(session: Session, /, **given: Any) -> None:
    """Let runs that were paused go on."""
    _operate(session, "resume", {}, **given)


@click.command()
@_operating
@_waiting
def cancel(session: Session, /, **given: Any) -> None:
    """End runs: their steps are cancelled, and what they completed is undone.

    \b
    resistor run cancel abcdefghij0123456789 --why "ordered twice"
    resistor run cancel --workflow shop/order.placed --label customer=c-17
    """
    _operate(session, "cancel", {}, **given)


@click.command()
@_operating
@_waiting
def terminate(session: Session, /, **given: Any) -> None:
    """End runs at once: nothing of them runs any more, and nothing is undone."""
    _operate(session, "terminate", {}, **given)


@click.command()
@_operating
@_waiting
@click.option("--step", metavar="PATH", help="Only what failed at, or inside, this step.")
def retry(session: Session, /, step: str | None, **given: Any) -> None:
    """Let runs that did not end well go on where they stopped. What completed is not done again.

    \b
    resistor run retry abcdefghij0123456789 --wait
    resistor run retry --status failed --workflow shop/order.placed --since 2h
    """
    _operate(session, "retry", {"step": step}, **given)


@click.command()
@_operating
@click.option("--step", required=True, metavar="PATH", help="The step: its path, as `run get` shows it.")
@click.option("--output-data", "data", default="null", metavar="JSON|@FILE|-", help="What it gave.")
def skip(session: Session, /, step: str, data: str, **given: Any) -> None:
    """Take a step as done, with a given output; the run goes on behind it, if it had failed there too.

    \b
    resistor run skip abcdefghij0123456789 --step charge --output-data '{"receipt": "by hand"}'
    """
    output = read_value(data, limit=session.settings().limits.payload_bytes)
    _operate(session, "skip", {"step": step, "data": output}, **given)


@click.command()
@_operating
@click.option("--event", required=True, metavar="NAME", help="The event's name, as the `listen` has it.")
@click.option("--data", default="{}", show_default=True, metavar="JSON|@FILE|-", help="The event's data.")
def signal(session: Session, /, event: str, data: str, **given: Any) -> None:
    """Tell an event to these runs only, whatever business key they listen for.

    \b
    resistor run signal abcdefghij0123456789 --event parcel.arrived --data '{"parcel": 7}'
    """
    body = read_object(data, limit=session.settings().limits.payload_bytes)
    _operate(session, "signal", {"event": event, "data": body}, **given)


# ---------------------------------------------------------------------------------------------- doing


def _operate(
    session: Session,
    verb: str,
    details: dict[str, Any],
    /,
    run_ids: tuple[str, ...],
    style: str,
    **given: Any,
) -> None:
    why, is_sure = given.pop("why"), given.pop("yes")
    is_waiting, timeout = given.pop("wait", False), given.pop("timeout", 0.0)
    settings = session.settings()
    runs = asyncio.run(_chosen(settings, verb, run_ids, given))
    if not runs:
        talk("no run is like that: nothing to do")
        return
    if not run_ids and not is_sure:
        _ask(verb, runs, given["limit"])
    asyncio.run(_send(settings, verb, runs, {"why": why, **details}))
    ids = [run.id for run in runs]
    if is_waiting:
        if not asyncio.run(_wait(settings, verb, runs, style, timeout=timeout)):
            raise SystemExit(EXIT_FAILED)
    elif style == "table":
        for run_id in ids:
            click.echo(run_id)
        talk(f"told {plural(len(ids), 'run')} to {verb}: `resistor run get ID` shows what follows")
    else:
        write_rows([{"run": run_id, "command": verb} for run_id in ids], (), style=style)


def _ask(verb: str, runs: Sequence[Any], limit: int) -> None:
    from resistor.ops.operating import summary

    if len(runs) == limit:
        talk(f"these are the latest {limit:,}, as --limit says: there may be more")
    click.confirm(f"{verb} {summary(runs)}?", abort=True, err=True)


async def _chosen(settings: Any, verb: str, run_ids: tuple[str, ...], filters: dict[str, Any]) -> list[Any]:
    from resistor.ops import servers
    from resistor.ops.operating import Verb, named, refusal_of

    is_filtered = any(filters[name] for name in ("statuses", "workflow", "labels", "since", "until"))
    if run_ids and is_filtered:
        raise OperatorMistake("either name runs, or say which by --workflow, --label, …: not both")
    if not run_ids and not is_filtered:
        raise OperatorMistake("which runs? Name them, or say which by --workflow, --label, --status, …")
    meant = Verb(verb)
    async with servers.open_store(settings) as store:
        if run_ids:
            return await named(store, run_ids, meant)
        statuses = filters["statuses"] or tuple(status.value for status in meant.fits)
        wanted = filter_of(**filters | {"statuses": statuses})
        return [run for run in await store.list_runs(wanted) if refusal_of(run, meant) is None]


async def _send(settings: Any, verb: str, runs: Sequence[Any], details: dict[str, Any]) -> None:
    from resistor.ops.operating import Order, Verb, command_for
    from resistor.ops.publishing import operator, send_commands

    order = Order(verb=Verb(verb), by=operator(), **details)
    await send_commands(settings, [command_for(order, run.id) for run in runs])


async def _wait(settings: Any, verb: str, runs: Sequence[Any], style: str, *, timeout: float) -> bool:
    """Wait for all of them; whether each ended as it was asked to."""
    from resistor.ops import servers
    from resistor.ops.runs import Reader
    from resistor.ops.views import run_line

    lines: list[dict[str, Any]] = []
    async with servers.open_store(settings) as store:
        reader = Reader(store)
        try:
            async with asyncio.timeout(timeout):
                for run in runs:
                    if verb == "retry":
                        await reader.revival(run.id, after=run.state.revivals)
                    ended = await reader.end(run.id)
                    lines.append(run_line(ended.run))
        except TimeoutError:
            left = plural(len(runs) - len(lines), "run")
            raise ResistorError(f"{left} did not end within {timeout:g} s: is a daemon running?") from None
    write_rows(lines, RUN_COLUMNS, style=style)
    meant = ("completed",) if verb == "retry" else ("cancelled", "terminated")
    return all(line["status"] in meant for line in lines)
