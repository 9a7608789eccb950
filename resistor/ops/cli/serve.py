"""`resistor serve`: the daemon."""

from __future__ import annotations

import sys
from typing import Any

import click

from resistor.ops.cli.session import Session, pass_session


@click.command()
@click.option("--definitions", metavar="PATH", help="Workflow definitions [RESISTOR_DEFINITIONS].")
@click.option("--http", metavar="HOST:PORT|off", help="Probes and metrics [RESISTOR_HTTP].")
@click.option("--drain", metavar="SECONDS", help="How long a stop may take [RESISTOR_DRAIN_SECONDS].")
@click.option("--processes", metavar="N", help="How many processes serve [RESISTOR_PROCESSES].")
@pass_session
def serve(session: Session, /, **flags: Any) -> None:
    """Run the daemon until SIGTERM or SIGINT.

    Any number of them share the work: start a second one for high availability.
    """
    settings = session.settings(**flags)
    import asyncio

    if settings.daemon.processes > 1 and settings.daemon.process is None:
        from resistor.daemon.processes import serve_processes

        sys.exit(asyncio.run(serve_processes(settings, sys.argv[1:])))
    from resistor.daemon import main

    asyncio.run(main.serve(settings))
