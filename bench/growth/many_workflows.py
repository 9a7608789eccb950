"""The flow while 10 workflows are loaded, and in turns with it while 1,000 are."""

from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path

from bench.flow import resistor as flow
from bench.flow.stage import Stage
from bench.growth.comparing import Comparison
from bench.growth.playing import playing, quiet, turn
from bench.growth.rows import Row
from bench.growth.sizes import Sizes
from bench.workflows import write_many

NAME = "workflows"
AT_MOST = 1.05  # of the daemon's CPU


async def run(stages: tuple[Stage, Stage], sizes: Sizes) -> list[Row]:
    """Return throughput and CPU."""
    found = Comparison(NAME, "workflows loaded", sizes.workflows)
    with tempfile.TemporaryDirectory(prefix="resistor-bench-") as folder:
        few, many = (_written(Path(folder) / str(count), count) for count in sizes.workflows)
        async with playing(stages[0], few) as small, playing(stages[1], many) as large:
            await quiet(small)
            await quiet(large)
            await found.take(
                sizes.turns, partial(turn, small, sizes.flows), partial(turn, large, sizes.flows)
            )
    return [
        found.rate(),
        found.cpu("daemon", AT_MOST),
        found.cpu("RabbitMQ"),
        found.cpu("Redis"),
        found.noise(),
    ]


def _written(folder: Path, count: int) -> tuple[Path, ...]:
    """Write so many workflows, the flow's counted; return where all of them are."""
    write_many(folder, count - 1)
    return (*flow.DEFINITIONS, folder)
