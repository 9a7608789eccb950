"""The flow while 1,000 runs are open, and in turns with it while many more are.

Open runs listen, each by a key of its own, for an event that does not come. The large installation keeps
those that it has, from size to size.
"""

from __future__ import annotations

from functools import partial

from bench.flow.resistor import Resistor
from bench.flow.stage import Stage
from bench.growth.comparing import Comparison
from bench.growth.playing import playing, quiet, turn, until
from bench.growth.rows import Row
from bench.growth.sizes import Sizes
from resistor.engine.run import RunStatus

NAME = "open runs"
AT_LEAST = 0.9  # of the workflows/s


async def run(stages: tuple[Stage, Stage], sizes: Sizes) -> list[Row]:
    """Return throughput and CPU for each larger size."""
    rows = []
    few, *more = sizes.open_runs
    async with playing(stages[0]) as small, playing(stages[1]) as large:
        await _fill(small, few)
        for many in more:
            await _fill(large, many)
            found = Comparison(NAME, NAME, (few, many))
            await found.take(
                sizes.turns, partial(turn, small, sizes.flows), partial(turn, large, sizes.flows)
            )
            rows += [found.rate(AT_LEAST), *map(found.cpu, ("daemon", "RabbitMQ", "Redis")), found.noise()]
    return rows


async def _fill(on: Resistor, count: int) -> None:
    """Begin runs until so many are open."""
    await on.publish("listening", b"{}", count - await on.count(RunStatus.RUNNING))
    await until(on, RunStatus.RUNNING, count)
    await quiet(on)
