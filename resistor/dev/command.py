"""`resistor dev`: the command line of the stack and of the demo."""

from __future__ import annotations

import asyncio
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from resistor.catalog import load_or_raise
from resistor.config import Settings
from resistor.daemon.lifecycle import stop_on_signals
from resistor.dev import demo as demos
from resistor.dev.stack import Plan, Stack
from resistor.errors import OperatorMistake
from resistor.messages import json
from resistor.ops.cli.session import Session, pass_session
from resistor.sdk.loading import load_module
from resistor.telemetry import configure_logging

EXIT_NOT_AS_MEANT = 1


@click.command()
@click.argument("definitions", nargs=-1, type=click.Path(path_type=Path))
@click.option("-m", "--module", "modules", multiple=True, metavar="PATH:OBJECT", help="Run this module too.")
@click.option("--demo", is_flag=True, help="The demo's workflows and modules, and a few events for them.")
@click.option(
    "--once", is_flag=True, help="With --demo: end when its runs are over; 0 if all ended as meant."
)
@click.option(
    "--data", type=click.Path(path_type=Path), help="Keep the store's data here, for the next time."
)
@click.option("--http", metavar="HOST:PORT|off", help="Probes and metrics [RESISTOR_HTTP].")
@pass_session
def dev(
    session: Session,
    /,
    definitions: tuple[Path, ...],
    modules: tuple[str, ...],
    *,
    demo: bool,
    once: bool,
    **places: Any,
) -> None:
    """Run everything in one process: broker, store, daemon and modules. Nothing to install.

    \b
    resistor dev --demo
    resistor dev definitions/ -m modules/payments.py:payments
    """
    if once and not demo:
        raise OperatorMistake("--once goes with --demo: without it there is nothing that ends")
    settings = session.settings(http=places["http"])
    paths = [*definitions, *([demos.definitions()] if demo else [])] or list(settings.definitions.paths)
    wanted = [*modules, *(demos.MODULES if demo else ())]
    plan = Plan(settings, load_or_raise(paths), [load_module(each) for each in wanted], places["data"])
    # The demo shows runs as trees: the same again as log lines would only stand in between.
    is_loud = settings.log.level == "debug" or not demo
    configure_logging(settings.log if is_loud else settings.log.model_copy(update={"level": "error"}))
    if not asyncio.run(_run(plan, demo=demo, once=once)):
        raise SystemExit(EXIT_NOT_AS_MEANT)


async def _run(plan: Plan, *, demo: bool, once: bool) -> bool:
    """Return whether all went as meant."""
    console = Console()
    with stop_on_signals() as stopping:
        async with Stack(plan) as stack:
            _say_where(console, stack.settings)
            if not demo:
                return await _until(stopping, stack.failed)
            show = demos.Show(stack.settings, console)
            try:
                return await _play(show, console, stack, stopping, once=once)
            finally:
                await show.close()


async def _play(
    show: demos.Show, console: Console, stack: Stack, stopping: asyncio.Event, *, once: bool
) -> bool:
    played = demos.scenes()
    await show.publish(played)
    went_as_meant = await show.watch(played)
    if once:
        return went_as_meant
    _say_what_next(console, stack.settings)
    following = asyncio.create_task(show.follow([scene.run for scene in played], stopping))
    is_well = await _until(stopping, stack.failed)
    stopping.set()
    await following
    return is_well and went_as_meant


async def _until(stopping: asyncio.Event, failed: asyncio.Event) -> bool:
    """Wait for Ctrl-C; returns False where something failed before that."""
    waits = {asyncio.create_task(stopping.wait()), asyncio.create_task(failed.wait())}
    _, pending = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    for each in pending:
        each.cancel()
    return not failed.is_set()


def _say_where(console: Console, settings: Settings) -> None:
    console.print("[bold]Resistor[/] is up, all of it in this process. Ctrl-C ends it.\n", highlight=False)
    rows: Sequence[tuple[str, str]] = (
        ("AMQP", settings.broker.url),
        ("Redis", settings.store.url),
        ("health", f"http://{settings.http.bind}/readyz"),
        ("metrics", f"http://{settings.http.bind}/metrics"),
    )
    for name, url in rows:
        if "//off" not in url:
            console.print(f"  {name:<8}{url}", highlight=False, soft_wrap=True)
    console.print()


def _say_what_next(console: Console, settings: Settings) -> None:
    program = _program()
    data = json.encode(demos.ORDER | {"order_id": "o-1003"}).decode()
    console.print(
        "[bold]Publish another event[/] from a second terminal, and its run shows up here:\n\n"
        f"  export RESISTOR_AMQP_URL={settings.broker.url} RESISTOR_REDIS_URL={settings.store.url}\n"
        f"  {program} event publish shop.order.placed --wait --data '{data}'\n"
        f"  {program} run list\n",
        highlight=False,
        soft_wrap=True,
    )


def _program() -> str:
    """Return how a second terminal starts this program: `make run` puts it into a virtual environment."""
    if shutil.which("resistor"):
        return "resistor"
    here = Path(sys.argv[0])
    return str(here) if here.name == "resistor" else f"{sys.executable} -m resistor"
