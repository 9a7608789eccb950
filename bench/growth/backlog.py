"""Events that wait for a daemon, 10,000 and 50,000: how fast it works them off.

Nothing is counted before it consumes: the time in which it starts says nothing about the backlog. The small
backlog is worked off before the large one, and again after it.
"""

from __future__ import annotations

from bench.flow.resistor import Resistor
from bench.flow.stage import Stage
from bench.growth.comparing import Comparison
from bench.growth.playing import Sample, Watch, playing, quiet, until
from bench.growth.rows import Row
from bench.growth.sizes import Sizes
from resistor.engine.run import RunStatus

NAME = "backlog"
AT_LEAST = 0.65  # of the workflows/s


async def run(stages: tuple[Stage, Stage], sizes: Sizes) -> list[Row]:
    """Return throughput and CPU."""
    few, many = sizes.backlog
    found = Comparison(NAME, "events waiting", sizes.backlog)
    async with playing(stages[0]) as on:
        found.small.append(await _worked_off(on, few))
        found.large.append(await _worked_off(on, many))
        found.small.append(await _worked_off(on, few))
    return [found.rate(AT_LEAST), *map(found.cpu, ("daemon", "RabbitMQ", "Redis")), found.noise()]


async def _worked_off(on: Resistor, count: int) -> Sample:
    await quiet(on)
    await on.stop("daemon")
    end = await on.ended() + count
    await on.begin(count)
    await on.serve()
    watch = Watch(on, end - await on.ended())
    await until(on, RunStatus.COMPLETED, end)
    return watch.stop()
