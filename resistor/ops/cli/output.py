"""Tables for people, JSON and JSON lines for programs.

A table is plain columns, as wide as what is in them: it can be read on a terminal, and cut and grepped
behind one. Colours only on a terminal (click takes them off elsewhere).
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from shutil import get_terminal_size
from typing import Any, NamedTuple

import click
import msgspec

from resistor.ops.text import printable, shortened


class Column(NamedTuple):
    """A heading, what stands under it for a row, and how wide it is at least: later rows may be wider."""

    heading: str
    value: Callable[[dict[str, Any]], Any]
    width: int = 0


COLOURS = {
    "completed": "green",
    "ok": "green",
    "failed": "red",
    "fail": "red",
    "timed_out": "red",
    "running": "cyan",
    "scheduled": "cyan",
    "paused": "yellow",
    "waiting": "yellow",
    "warn": "yellow",
    "retrying": "yellow",
    "terminated": "red",
    "✓": "green",
    "✗": "red",
    "!": "yellow",
}
"""Words that have a colour wherever they stand alone in a cell."""


LEAST_LAST = 5  # characters of the last column that are left, however narrow the terminal is


class Table:
    """Writes rows under headings. Rows that come later (`--follow`) keep the widths of the first ones.

    On a terminal the last column is cut at its edge; in a file nothing is.
    """

    def __init__(self, columns: Sequence[Column]) -> None:
        """Take the columns."""
        self._columns = columns
        self._widths: list[int] | None = None
        self._most = get_terminal_size().columns if sys.stdout.isatty() else None

    def write(self, rows: Iterable[dict[str, Any]]) -> None:
        """Write `rows`; the first time, the headings above them."""
        cells = [[_cell(column.value(row)) for column in self._columns] for row in rows]
        if self._widths is None:
            headings = [column.heading for column in self._columns]
            widest = [max(map(len, column)) for column in zip(headings, *cells, strict=True)]
            self._widths = [max(column.width, n) for column, n in zip(self._columns, widest, strict=True)]
            click.echo(click.style(self._line(headings), bold=True))
        for row in cells:
            click.echo(self._line(row))

    def _line(self, cells: Sequence[str]) -> str:
        widths = self._widths or [0] * len(cells)
        padded = [_painted(cell, width) for cell, width in zip(cells[:-1], widths, strict=False)]
        last = cells[-1]
        if self._most is not None:
            left = self._most - sum(widths[: len(padded)]) - 2 * len(padded)
            last = shortened(last, max(left, LEAST_LAST))
        return "  ".join([*padded, _painted(last, 0)]).rstrip()


def write_json(value: Any, *, style: str) -> None:
    """Write one value: indented for `json`, on one line for `jsonl`."""
    text = msgspec.json.encode(value)
    click.echo(msgspec.json.format(text, indent=2 if style == "json" else -1))


def write_rows(rows: Sequence[dict[str, Any]], columns: Sequence[Column], *, style: str) -> None:
    """Write a list as a table, a JSON array, or an object a line."""
    if style == "table":
        Table(columns).write(rows)
    elif style == "json":
        write_json(rows, style=style)
    else:
        for row in rows:
            write_json(row, style=style)


def talk(text: str) -> None:
    """Say something to the person, beside the data."""
    click.echo(text, err=True)


def _cell(value: Any) -> str:
    if value is None or value == "":
        return "-"
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value)) or "-"
    return printable(str(value))


def _painted(cell: str, width: int) -> str:
    padded = f"{cell:<{width}}"
    return click.style(padded, fg=COLOURS[cell]) if cell in COLOURS else padded
