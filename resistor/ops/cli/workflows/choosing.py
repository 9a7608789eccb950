"""How a command is told which workflow is meant, and where to look for it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from resistor.errors import OperatorMistake
from resistor.ops.cli.options import workflow_name

Command = TypeVar("Command", bound=Callable[..., Any])

reference_argument = click.argument("name", type=workflow_name, metavar="NAMESPACE/WORKFLOW[@VERSION]")
paths_argument = click.argument("paths", nargs=-1, type=click.Path(path_type=Path), metavar="[PATH]...")

_WHERE = (
    click.option(
        "--definitions",
        type=click.Path(path_type=Path),
        multiple=True,
        metavar="PATH",
        help="Look in these files and directories only; may be given more than once.",
    ),
    click.option(
        "--files",
        "only",
        flag_value="files",
        help="Look in the definition files [RESISTOR_DEFINITIONS] only.",
    ),
    click.option("--registered", "only", flag_value="store", help="Look at what is registered only."),
)


def where_options(command: Command) -> Command:
    """Add the options that say where to look: `definitions` and `only`."""
    for option in reversed(_WHERE):
        command = option(command)
    return command


def where(definitions: tuple[Path, ...], only: str | None) -> Any:
    """Return the options as the place to look."""
    from resistor.ops.definitions import Origin, Where

    if definitions and only == "store":
        raise click.UsageError("--definitions and --registered cannot both hold")
    return Where(definitions, Origin(only) if only else None)


def reference(name: tuple[str, str, int | None]) -> Any:
    """Return the argument as a reference."""
    from resistor.ops.definitions import Reference

    return Reference(*name)


def write(text: str, file: Path | None) -> None:
    """Write text to a file, or to standard output."""
    if file is None:
        click.echo(text, nl=False)
        return
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise OperatorMistake(f"{file} cannot be written: {error.strerror}") from None
