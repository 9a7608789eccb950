"""Two that take turns, and the rows that follow. Called by the benches."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from bench.growth.playing import Sample
from bench.growth.rows import Row

Turn = Callable[[], Awaitable[Sample]]


@dataclass
class Comparison:
    """What turns at a small size and at a large one have shown; `each` is what is counted in them."""

    bench: str
    what: str
    sizes: tuple[int, int]
    each: str = "workflow"
    small: list[Sample] = field(default_factory=list)
    large: list[Sample] = field(default_factory=list)

    async def take(self, turns: int, small: Turn, large: Turn) -> None:
        """Give both so many turns."""
        for _ in range(turns):
            self.small.append(await small())
            self.large.append(await large())

    def rate(self, at_least: float | None = None) -> Row:
        """How many a second."""
        return self._row(f"{self.each}s", "1/s", lambda sample: sample.per_second, at_least=at_least)

    def cpu(self, process: str, at_most: float | None = None) -> Row:
        """CPU time of a process for each."""
        name = f"{process}, CPU of a{'n' * (self.each[0] in 'aeiou')} {self.each}"
        return self._row(name, "ms", lambda sample: sample.cpu_ms[process], at_most=at_most)

    def noise(self) -> Row:
        """How busy the machine was with something else: what the other rows are to be read by."""
        return self._row("others on the machine", "cores", lambda sample: sample.others_cores)

    def _row(
        self,
        name: str,
        unit: str,
        value: Callable[[Sample], float],
        *,
        at_least: float | None = None,
        at_most: float | None = None,
    ) -> Row:
        return Row(
            bench=self.bench,
            name=name,
            unit=unit,
            what=self.what,
            sizes=self.sizes,
            samples=([*map(value, self.small)], [*map(value, self.large)]),
            at_least=at_least,
            at_most=at_most,
        )
