"""`resistor dead replay` and `drop`: they count first, and ask."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import click

from resistor.errors import OperatorMistake
from resistor.ops.cli.dead_options import choice_of, letter_filters, rate
from resistor.ops.cli.lazy import EXIT_FAILED
from resistor.ops.cli.options import output_option
from resistor.ops.cli.output import talk, write_json
from resistor.ops.cli.session import Session, pass_session
from resistor.ops.text import plural, printable


def _acting(command: Callable[..., None]) -> Callable[..., None]:
    """Add what both commands take."""
    command = letter_filters(None)(output_option(pass_session(command)))
    command = click.option("--yes", "-y", is_flag=True, help="Do not ask.")(command)
    command = click.option("--all", "everything", is_flag=True, help="All letters there are.")(command)
    return click.argument("ids", nargs=-1, metavar="[LETTER]...")(command)


@click.command()
@click.option("--rate", type=rate, metavar="N/s", help="At most so many a second. [default: no limit]")
@_acting
def replay(session: Session, /, style: str, *, rate: float | None, **given: Any) -> None:
    """Publish dead letters again, to where they had been published first.

    Each is taken out of the dead queue when another queue has it. Broken off, it can be run again: what is
    published twice is done once. Exits with 1 where letters stay.

    \b
    resistor dead replay --reason unknown_workflow --rate 50/s
    resistor dead replay 3f9c21d08a1b
    """
    settings = session.settings()
    from resistor.daemon import crashpoints

    crashpoints.arm(settings.daemon.crash)
    choice = _meant(settings, "replay", given)
    if choice is None:
        _tell({"replayed": 0, "stayed": []}, style)
        return
    done = asyncio.run(_replay(settings, choice, rate))
    stayed = [{"letters": count, "why": why} for why, count in done.stayed.most_common()]
    for each in stayed:
        talk(f"{plural(each['letters'], 'letter')} stayed: {printable(each['why'])}")
    _tell({"replayed": done.replayed, "stayed": stayed}, style)
    if stayed:
        raise SystemExit(EXIT_FAILED)


@click.command()
@_acting
def drop(session: Session, /, style: str, **given: Any) -> None:
    """Throw dead letters away, for good.

    \b
    resistor dead drop --reason malformed --until 7d
    """
    settings = session.settings()
    choice = _meant(settings, "drop", given)
    dropped = 0 if choice is None else asyncio.run(_drop(settings, choice))
    _tell({"dropped": dropped}, style)


def _meant(settings: Any, verb: str, given: dict[str, Any]) -> Any:
    """Count which letters are meant, and ask; returns the choice, with that count as its limit."""
    is_sure, everything = given.pop("yes"), given.pop("everything")
    choice = choice_of(**given)
    if choice.is_everything and not everything:
        raise OperatorMistake("which letters? Name them, or say which by --reason, --queue, …, or --all")
    if everything and not choice.is_everything:
        raise OperatorMistake("either --all, or say which: not both")
    counted = asyncio.run(_count(settings, choice))
    if not counted.count:
        talk("no dead letter is like that: nothing to do")
        return None
    for row in counted.rows():
        talk(f"{row['letters']:>8,}  {printable(row['reason']):<18}  {printable(row['queue'])}")
    if not is_sure:
        click.confirm(f"{verb} {plural(counted.count, 'letter')}?", abort=True, err=True)
    return replace(choice, limit=counted.count)


def _tell(came: dict[str, Any], style: str) -> None:
    if style == "table":
        verb = next(iter(came))
        talk(f"{verb} {plural(came[verb], 'letter')}")
    else:
        write_json(came, style=style)


async def _count(settings: Any, choice: Any) -> Any:
    from resistor.ops import servers
    from resistor.ops.dead.reading import tally

    async with servers.open_bus(settings) as bus:
        return await tally(bus, choice)


async def _replay(settings: Any, choice: Any, at_most: float | None) -> Any:
    from resistor.ops import servers
    from resistor.ops.dead.replaying import Pace, replay

    async with servers.open_bus(settings) as bus:
        return await replay(bus, choice, Pace(at_most))


async def _drop(settings: Any, choice: Any) -> int:
    from resistor.ops import servers
    from resistor.ops.dead.dropping import drop

    async with servers.open_bus(settings) as bus:
        return await drop(bus, choice)
