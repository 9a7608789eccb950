"""What is measured: figures, and how they are shown. Called by every bench and by `__main__`."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

import msgspec


class Figure(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One number. `at_most` is the target, None where the number is only to be known."""

    bench: str
    name: str
    value: float
    unit: str
    at_most: float | None = None

    @property
    def is_met(self) -> bool:
        """Whether the target is met, if there is one."""
        return self.at_most is None or self.value <= self.at_most


def table(figures: Sequence[Figure]) -> str:
    """Return the figures for people."""
    return aligned([("bench", "figure", "value", "", "target", ""), *map(_row, figures)], to_the_right={2})


def aligned(rows: Sequence[Sequence[str]], *, to_the_right: Collection[int]) -> str:
    """Return rows of text as one table, some columns aligned to the right."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(_line(row, widths, to_the_right) for row in rows)


def number(value: float) -> str:
    """Return a number with as many digits as anybody reads."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def as_json(figures: Iterable[Figure], machine: dict[str, str]) -> str:
    """Return the figures for programs."""
    found = [msgspec.to_builtins(figure) | {"is_met": figure.is_met} for figure in figures]
    return msgspec.json.format(msgspec.json.encode({"machine": machine, "figures": found}), indent=2).decode()


def _row(figure: Figure) -> tuple[str, ...]:
    target = "" if figure.at_most is None else f"≤ {figure.at_most:g}"
    mark = "" if figure.at_most is None else "met" if figure.is_met else "MISSED"
    return figure.bench, figure.name, number(figure.value), figure.unit, target, mark


def _line(row: Sequence[str], widths: Sequence[int], to_the_right: Collection[int]) -> str:
    cells = [
        text.rjust(width) if n in to_the_right else text.ljust(width)
        for n, (text, width) in enumerate(zip(row, widths, strict=True))
    ]
    return "  ".join(cells).rstrip()
