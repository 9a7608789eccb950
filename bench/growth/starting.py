"""From the start of `resistor serve` to its first consumers, with 100 workflows; memory of an idle one.

The first start does not count: it declares everything, registers every workflow, and may have bytecode to
write. What counts is when the broker sees consumers of events and of results, asked every 20 ms. Memory is
the proportional set size: it is smaller while other programs use the same libraries.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path

from bench.flow.resistor import Resistor
from bench.flow.stage import Stage, cpu_seconds, memory_megabytes
from bench.growth.playing import quiet
from bench.growth.rows import Row
from bench.growth.sizes import Sizes
from bench.workflows import write_many

NAME = "starting"
SECONDS, MEGABYTES = 1.0, 60.0  # at most


async def run(stages: tuple[Stage, Stage], sizes: Sizes) -> list[Row]:
    """Return seconds and CPU seconds of a start, and megabytes (PSS) afterwards."""
    on = stages[0]
    on.clear()
    with tempfile.TemporaryDirectory(prefix="resistor-bench-") as folder:
        write_many(Path(folder), sizes.start_workflows)
        resistor = await asyncio.to_thread(Resistor, on, {}, (Path(folder),))
        try:
            await resistor.connect()
            seconds, cpu, megabytes = [], [], []
            for _ in range(1 + sizes.starts):
                began = time.perf_counter()
                await resistor.serve()
                seconds.append(time.perf_counter() - began)
                cpu.append(cpu_seconds(resistor.trees["daemon"]))
                await quiet(resistor)
                megabytes.append(memory_megabytes(resistor.trees["daemon"]))
                await resistor.stop("daemon")
        finally:
            await resistor.close()
    count = sizes.start_workflows
    return [
        _row("start to consuming", "s", count, seconds[1:], SECONDS),
        _row("CPU until then", "s", count, cpu[1:]),
        _row("memory of an idle daemon", "MB", count, megabytes[1:], MEGABYTES),
    ]


def _row(name: str, unit: str, count: int, found: list[float], at_most: float | None = None) -> Row:
    what = "workflows loaded"
    return Row(bench=NAME, name=name, unit=unit, what=what, sizes=(count,), samples=(found,), at_most=at_most)
