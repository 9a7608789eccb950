"""`resistor module …`: running modules, and which ones the workflows name."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import click

from resistor.ops.cli.options import output_option
from resistor.ops.cli.output import Column, write_rows
from resistor.ops.cli.session import Session, pass_session

COLUMNS: Sequence[Column] = (
    Column("MODULE", lambda module: module["module"]),
    Column("RUNNING", lambda module: module["consumers"]),
    Column("WAITING", lambda module: module["messages"]),
)


@click.group()
def module() -> None:
    """Run modules; list those that workflows name."""


@module.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH:OBJECT...")
@pass_session
def run(session: Session, paths: tuple[str, ...]) -> None:
    """Run modules of the Python SDK until SIGTERM or SIGINT.

    \b
    resistor module run modules/payments.py:payments
    resistor module run workers.mail:mail workers.parcel:parcel
    """
    settings = session.settings()
    from resistor.sdk.loading import load_module
    from resistor.telemetry import configure_logging

    modules = [load_module(path) for path in paths]
    configure_logging(settings.log)
    asyncio.run(_run(settings, modules))


async def _run(settings: Any, modules: Sequence[Any]) -> None:
    from resistor.daemon.lifecycle import stop_on_signals
    from resistor.sdk.runner import run_modules

    with stop_on_signals() as stopping:
        await run_modules(
            modules,
            amqp_url=settings.broker.url,
            prefix=settings.broker.prefix,
            stopping=stopping,
            users=settings.broker.module_users,
        )


@module.command("list")
@output_option
@pass_session
def list_(session: Session, style: str) -> None:
    """List the modules that workflows name: how many consumers each has, and how many actions wait."""
    write_rows(asyncio.run(_list(session.settings())), COLUMNS, style=style)


async def _list(settings: Any) -> list[dict[str, Any]]:
    from resistor.ops import servers
    from resistor.ops.queues import known_modules

    rows = []
    modules = await known_modules(settings)
    async with servers.open_bus(settings) as bus:
        for name in sorted(modules):
            info = await bus.inspect(bus.names.module_queue(name))
            counts = {"consumers": info.consumers, "messages": info.messages} if info else {}
            rows.append({"module": name, "consumers": 0, "messages": 0} | counts)
    return rows
