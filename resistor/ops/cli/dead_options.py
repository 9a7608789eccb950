"""The options that say which dead letters are meant, and a rate."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeVar

import click

from resistor.ops.cli.options import when

Command = TypeVar("Command", bound=Callable[..., Any])

_RATE = re.compile(r"(\d+(?:\.\d+)?)(?:/(s|m|h))?\Z")
_SECONDS = {None: 1.0, "s": 1.0, "m": 60.0, "h": 3600.0}


def letter_filters(most: int | None) -> Callable[[Command], Command]:
    """Add the options that say which letters; `most` is the limit where none is given, None for all."""
    options = [
        click.option(
            "--reason", "reasons", multiple=True, metavar="WORD", help="Only letters with this reason."
        ),
        click.option(
            "--queue",
            "queues",
            multiple=True,
            metavar="NAME",
            help="Only what died in this queue, with or without the prefix.",
        ),
        click.option("--run", metavar="RUN", help="Only what was for this run."),
        click.option("--since", type=when, metavar="WHEN", help="Died after: 24h ago, or a date and time."),
        click.option("--until", type=when, metavar="WHEN", help="Died before."),
        click.option(
            "--limit",
            type=click.IntRange(1),
            default=most,
            show_default=most is not None,
            help="At most, the oldest first.",
        ),
    ]

    def add(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return add


def choice_of(*, ids: tuple[str, ...] = (), **given: Any) -> Any:
    """Return the `Choice` for the options of `letter_filters`."""
    from resistor.ops.dead.choosing import Choice

    return Choice(
        ids=frozenset(ids),
        reasons=frozenset(given["reasons"]),
        queues=frozenset(given["queues"]),
        run=given["run"],
        since=given["since"],
        until=given["until"],
        limit=given["limit"],
    )


def rate(text: str | float) -> float:
    """Read `50`, `50/s`, `600/m`: so many a second."""
    found = _RATE.match(str(text).strip())
    if found is None or float(found[1]) == 0:
        raise click.BadParameter(f"{text!r} is not a rate, like 50/s or 600/m")
    return float(found[1]) / _SECONDS[found[2]]
