"""Resistor on the stage: work for it, what that cost, and when it is quiet. Called by every bench here.

Whatever does not happen raises, with the end of the daemon's log: nothing here waits for ever.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.flow import resistor as flow
from bench.flow.resistor import DOCUMENT, Resistor, resistor
from bench.flow.stage import Meter, Stage
from resistor.engine.run import RunStatus

DEFINITIONS = (*flow.DEFINITIONS, Path(__file__).parent / "definitions")
WARM_UP = 200
STILL_SECONDS = 120.0  # without any run that ends: then something is wrong
QUIET_CORES = 0.15  # what all processes may use together while nothing is to be done
QUIET_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Sample:
    """What one turn showed: how many a second, CPU milliseconds of each by process, what disturbed it."""

    per_second: float
    cpu_ms: dict[str, float]
    others_cores: float


@asynccontextmanager
async def playing(on: Stage, definitions: Sequence[Path] = DEFINITIONS) -> AsyncIterator[Resistor]:
    """Start a daemon and a module, warm; end them."""
    playing = await resistor(on, definitions=definitions)
    try:
        await playing.begin(WARM_UP)
        await until(playing, RunStatus.COMPLETED, WARM_UP)
        yield playing
    finally:
        await playing.close()


class Watch:
    """Measures Resistor while it does so many workflows."""

    def __init__(self, on: Resistor, count: int) -> None:
        """Begin."""
        self._count = count
        self._meter = Meter(on.trees)
        self._meter.start()
        self._began, self._own = time.perf_counter(), time.process_time()

    def stop(self) -> Sample:
        """Return what was seen."""
        elapsed, own = time.perf_counter() - self._began, time.process_time() - self._own
        spent, others = self._meter.stop()
        cpu_ms = {name: seconds / self._count * 1e3 for name, seconds in spent.items()}
        return Sample(self._count / elapsed, cpu_ms, max(0.0, others - own / elapsed))


async def turn(on: Resistor, count: int, *, event: str = "flow", data: bytes = DOCUMENT) -> Sample:
    """Let it do so many workflows at once, and measure."""
    end = await on.ended() + count
    watch = Watch(on, count)
    await on.publish(event, data, count)
    await until(on, RunStatus.COMPLETED, end)
    return watch.stop()


async def until(on: Resistor, status: RunStatus, count: int) -> None:
    """Wait until so many runs have a status. Raises `RuntimeError` when they stay away."""
    found, since = -1, time.monotonic()
    while (now := await on.count(status)) < count:
        if now != found:
            found, since = now, time.monotonic()
        if time.monotonic() - since > STILL_SECONDS:
            counts = {str(each): await on.count(each) for each in RunStatus}
            raise RuntimeError(f"{count} {status} were expected, there are {counts}:\n{on.last_words()}")
        await asyncio.sleep(0.02)


async def quiet(on: Resistor) -> None:
    """Wait until nothing is done any more. Raises `RuntimeError` where that does not come."""
    deadline = time.monotonic() + QUIET_SECONDS
    spent = {"nobody": QUIET_CORES}
    while sum(spent.values()) >= QUIET_CORES:
        if time.monotonic() > deadline:
            raise RuntimeError(f"no rest: CPU seconds of one second are {spent}:\n{on.last_words()}")
        meter = Meter(on.trees)
        meter.start()
        await asyncio.sleep(1.0)
        spent, _ = meter.stop()
