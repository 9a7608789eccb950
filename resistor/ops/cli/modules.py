"""`resistor module …`: running modules, which ones the workflows name, pausing them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import click

from resistor.ops.cli.options import output_option
from resistor.ops.cli.output import Column, talk, write_json, write_rows
from resistor.ops.cli.session import Session, pass_session
from resistor.ops.text import plural, printable

COLUMNS: Sequence[Column] = (
    Column("MODULE", lambda module: module["module"]),
    Column("RUNNING", lambda module: module["consumers"]),
    Column("WAITING", lambda module: module["messages"]),
    Column("LIMITED", lambda module: module["limited"]),
    Column("HELD", lambda module: module["held"]),
    Column("PAUSED", lambda module: (module["why"] or "yes") if module["paused"] else None),
)


@click.group()
def module() -> None:
    """Run modules; list, pause and resume those that workflows name."""


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
            delivery_limit=settings.broker.module_delivery_limit,
            users=settings.broker.module_users,
            client=settings.broker.client,
        )


@module.command("list")
@output_option
@pass_session
def list_(session: Session, style: str) -> None:
    """List the modules that workflows name.

    RUNNING: how many consumers it has. Actions that wait: in its queue (WAITING), for a turn by its limits
    (LIMITED), for the end of its pause (HELD).
    """
    from resistor.ops.modules import module_rows

    write_rows(asyncio.run(module_rows(session.settings())), COLUMNS, style=style)


@module.command()
@click.argument("name", metavar="MODULE")
@click.option("--why", default="", metavar="TEXT", help="What for: shown wherever an action is held.")
@output_option
@pass_session
def pause(session: Session, name: str, why: str, style: str) -> None:
    """Hold a module's actions back, and the time of the steps that wait for them.

    What is in its queue stays there, and its results are taken. Daemons see it within a second.
    """
    from resistor.ops.modules import pause_module

    view = asyncio.run(pause_module(session.settings(), name, why))
    talk(f"{name} is paused") if style == "table" else write_json(view, style=style)


@module.command()
@click.argument("name", metavar="MODULE")
@output_option
@pass_session
def resume(session: Session, name: str, style: str) -> None:
    """Let a paused module go on: what was held goes out, by its limits."""
    from resistor.ops.modules import resume_module

    view = asyncio.run(resume_module(session.settings(), name))
    told = f"{printable(name)} goes on, {plural(view['held'], 'action')} held"
    talk(told) if style == "table" else write_json(view, style=style)
