"""`resistor workflow graph`."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

import click

from resistor.ops.cli.session import Session, pass_session
from resistor.ops.cli.workflows.choosing import reference, reference_argument, where, where_options, write

FORMATS = ("mermaid", "dot", "svg", "ascii", "json")
SUFFIXES = {
    ".mmd": "mermaid",
    ".mermaid": "mermaid",
    ".dot": "dot",
    ".gv": "dot",
    ".svg": "svg",
    ".txt": "ascii",
    ".json": "json",
}


@click.command()
@reference_argument
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    help="How to draw it. Default: what the file's name says; ascii on a terminal, else mermaid.",
)
@click.option(
    "-o", "--output", "file", type=click.Path(path_type=Path), metavar="FILE", help="Write it there."
)
@where_options
@pass_session
def graph(session: Session, /, name: Any, form: str | None, file: Path | None, **places: Any) -> None:
    """Draw one workflow: branches, loops, what is done about errors.

    Looks in the definition files first, then at what is registered: the latest version, if none is named.

    \b
    resistor workflow graph shop/order.placed
    resistor workflow graph shop/order.placed@2 --output order.svg
    """
    from resistor.ops.definitions import find
    from resistor.ops.graph import RENDERERS, graph_of

    found = asyncio.run(find(session.settings(), reference(name), where(**places)))
    write(RENDERERS[form or _fitting(file)](graph_of(found.key, found.content)), file)


def _fitting(file: Path | None) -> str:
    if file is not None:
        return SUFFIXES.get(file.suffix.lower(), "mermaid")
    return "ascii" if sys.stdout.isatty() else "mermaid"
