"""What is measured: a small and a large size, their ratio, a goal. Called by every bench here."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence

import msgspec

from bench.figures import aligned, number


class Row(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A figure at one size or two, `sizes` of `what`: all its samples, whose medians are compared.

    The goal holds for the ratio of large to small, or where there is one size only for the figure itself.
    """

    bench: str
    name: str
    unit: str = ""
    what: str
    sizes: tuple[int, ...]
    samples: tuple[list[float], ...]
    at_least: float | None = None
    at_most: float | None = None

    @property
    def medians(self) -> tuple[float, ...]:
        """The median at each size."""
        return tuple(map(statistics.median, self.samples))

    @property
    def ratio(self) -> float | None:
        """How many times the small size's figure the large one's is; None where there is one, or it is 0."""
        medians = self.medians
        return medians[1] / medians[0] if len(medians) == 2 and medians[0] else None

    @property
    def is_met(self) -> bool:
        """Whether the goal is met, if there is one."""
        judged = self.medians[0] if len(self.sizes) == 1 else self.ratio
        if judged is None:
            return self.at_least is None and self.at_most is None
        return (self.at_least is None or judged >= self.at_least) and (
            self.at_most is None or judged <= self.at_most
        )

    @property
    def goal(self) -> str:
        """The goal, for people."""
        if self.at_least is not None:
            return f"≥ {number(self.at_least)}"
        return "" if self.at_most is None else f"≤ {number(self.at_most)}"


TITLES = ("bench", "figure", "", "of", "small", "large", "ratio", "goal", "")


def table(rows: Sequence[Row]) -> str:
    """Return the rows for people."""
    return aligned([TITLES, *map(_cells, rows)], to_the_right={4, 5, 6})


def as_builtins(rows: Iterable[Row]) -> list[dict[str, object]]:
    """Return the rows for programs, with what follows from them."""
    return [
        msgspec.to_builtins(row) | {"medians": row.medians, "ratio": row.ratio, "is_met": row.is_met}
        for row in rows
    ]


def _cells(row: Row) -> tuple[str, ...]:
    small, large = ("", *map(number, row.medians))[-2:]
    ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
    of = f"{' → '.join(f'{size:,}' for size in row.sizes)} {row.what}"
    mark = "" if not row.goal else "met" if row.is_met else "MISSED"
    return row.bench, row.name, row.unit, of, small, large, ratio, row.goal, mark
