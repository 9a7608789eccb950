"""Options that several commands share, and what their values mean."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

import click

from resistor.messages.names import split_workflow

Command = TypeVar("Command", bound=Callable[..., Any])

MOST_RUNS = 10_000
"""So many runs one command lists, or does something to."""

output_option = click.option(
    "-o",
    "--output",
    "style",
    type=click.Choice(["table", "json", "jsonl"]),
    default="table",
    show_default=True,
    help="How to print.",
)


def when(text: str) -> float:
    """Read a time: so long ago (`24h`), or a date, with a time if need be; local where it names no zone.

    Returns seconds since the epoch.
    """
    from resistor.config import duration

    try:
        return time.time() - duration(text)
    except ValueError:
        pass
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        raise click.BadParameter(
            f"{text!r} is neither 24h, 30m, … (so long ago) nor a date like 2026-11-22T14:05"
        ) from None


def lasting(text: str | float) -> float:
    """Read a duration (`30`, `30s`, `1h30m`) as seconds."""
    from resistor.config import duration

    try:
        return duration(text)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


wait_option = click.option(
    "--timeout",
    type=lasting,
    default=60.0,
    metavar="DURATION",
    help="With --wait: for so long. [default: 60s]",
)


def workflow_name(text: str) -> tuple[str, str, int | None]:
    """Read NAMESPACE/WORKFLOW, or NAMESPACE.EVENT as on a routing key, with @VERSION if need be."""
    try:
        return split_workflow(text)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


def label(text: str) -> tuple[str, str]:
    """Read `NAME=VALUE`."""
    name, separator, value = text.partition("=")
    if not separator or not name:
        raise click.BadParameter(f"{text!r} is not NAME=VALUE, like customer=c-17")
    return name, value


def run_filters(command: Command) -> Command:
    """Add the options that say which runs are listed. `filter_of` reads them."""
    return _filtered(command, most=50)


def bulk_filters(command: Command) -> Command:
    """Add the same options for what is done to every run that they describe."""
    return _filtered(command, most=MOST_RUNS)


def _filtered(command: Command, *, most: int) -> Command:
    from resistor.engine.run import RunStatus

    for option in reversed(
        [
            click.option(
                "--status",
                "statuses",
                type=click.Choice([status.value for status in RunStatus]),
                multiple=True,
                help="Only runs in this status; may be given more than once.",
            ),
            click.option(
                "--workflow", type=workflow_name, metavar="NS/WORKFLOW", help="Only runs of this workflow."
            ),
            click.option(
                "--label",
                "labels",
                type=label,
                multiple=True,
                metavar="NAME=VALUE",
                help="Only runs with this label; of several, with all of them.",
            ),
            click.option(
                "--since", type=when, metavar="WHEN", help="Begun after: 24h ago, or a date and time."
            ),
            click.option("--until", type=when, metavar="WHEN", help="Begun before."),
            click.option(
                "--limit", type=click.IntRange(1, MOST_RUNS), default=most, show_default=True, help="At most."
            ),
        ]
    ):
        command = option(command)
    return command


def filter_of(
    *,
    statuses: tuple[str, ...],
    workflow: tuple[str, str, int | None] | None,
    labels: tuple[tuple[str, str], ...],
    since: float | None,
    until: float | None,
    limit: int,
) -> Any:
    """Return the store's `RunFilter` for the options of `run_filters`."""
    from resistor.engine.run import RunStatus
    from resistor.store.reading import RunFilter

    namespace, name, _ = workflow or (None, None, None)
    return RunFilter(
        statuses=tuple(map(RunStatus, statuses)),
        namespace=namespace,
        workflow=name,
        since=since,
        until=until,
        labels=dict(labels),
        limit=limit,
    )
