"""Options that several commands share, and what their values mean."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

import click

from resistor.messages.names import split_workflow

Command = TypeVar("Command", bound=Callable[..., Any])

output_option = click.option(
    "-o",
    "--output",
    "style",
    type=click.Choice(["table", "json", "jsonl"]),
    default="table",
    show_default=True,
    help="How to print.",
)


class When(click.ParamType):
    """A time: so long ago (`24h`), or a date, with a time if need be; local where it names no zone."""

    name = "when"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return seconds since the epoch."""
        from resistor.config import duration

        if isinstance(value, float):
            return value
        try:
            return time.time() - duration(value)
        except ValueError:
            pass
        try:
            return datetime.fromisoformat(value).timestamp()
        except ValueError:
            self.fail(f"{value!r} is neither 24h, 30m, … (so long ago) nor a date like 2026-11-22T14:05", param, ctx)


class Lasting(click.ParamType):
    """A duration: `30`, `30s`, `1h30m`."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return seconds."""
        from resistor.config import duration

        try:
            return duration(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


class WorkflowName(click.ParamType):
    """NAMESPACE/WORKFLOW, or NAMESPACE.EVENT as on a routing key, with @VERSION if need be."""

    name = "workflow"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, str, int | None]:
        """Return namespace, workflow, version."""
        if isinstance(value, tuple):
            return value
        try:
            return split_workflow(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


def run_filters(command: Command) -> Command:
    """Add the options that say which runs are meant."""
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
                "--workflow", type=WorkflowName(), metavar="NS/WORKFLOW", help="Only runs of this workflow."
            ),
            click.option(
                "--since", type=When(), metavar="WHEN", help="Begun after: 24h ago, or a date and time."
            ),
            click.option("--until", type=When(), metavar="WHEN", help="Begun before."),
            click.option(
                "--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, help="At most."
            ),
        ]
    ):
        command = option(command)
    return command
