"""The same for every contender: warm up, one workflow at a time, many at once."""

from __future__ import annotations

import asyncio
import time

import msgspec

from bench.flow.contender import Contender
from bench.flow.stage import Meter, cpu_seconds, memory_megabytes

WARM_UP = 200
POLL_SECONDS = 0.0005
PATIENCE_SECONDS = 180.0


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What one contender did in one turn."""

    name: str
    workflows_per_second: float
    p50_ms: float
    p99_ms: float
    cpu_ms_per_workflow: dict[str, float]
    memory_mb: dict[str, float]
    others_cores: float


async def contest(contender: Contender, *, alone: int, together: int) -> Result:
    """Let `contender` do `alone` workflows one at a time, and `together` at once."""
    await contender.begin(WARM_UP)
    await _until(contender, WARM_UP, pause=0.01)
    done = WARM_UP
    latencies = []
    for _ in range(alone):
        began = time.perf_counter()
        await contender.begin(1)
        done += 1
        await _until(contender, done, pause=POLL_SECONDS)
        latencies.append(time.perf_counter() - began)
        await asyncio.sleep(0.003)
    meter = Meter(contender.trees)
    meter.start()
    began, driving = time.perf_counter(), _driving(contender)
    await contender.begin(together)
    await _until(contender, done + together, pause=0.01)
    elapsed, driving = time.perf_counter() - began, _driving(contender) - driving
    spent, others = meter.stop()
    latencies.sort()
    return Result(
        name=contender.name,
        workflows_per_second=round(together / elapsed, 1),
        p50_ms=round(latencies[alone // 2] * 1e3, 2),
        p99_ms=round(latencies[min(alone - 1, int(alone * 0.99))] * 1e3, 2),
        cpu_ms_per_workflow={name: round(each / together * 1e3, 3) for name, each in spent.items()},
        memory_mb={name: round(memory_megabytes(pid), 1) for name, pid in contender.trees.items()},
        others_cores=round(max(0.0, others - driving / elapsed), 2),
    )


def _driving(contender: Contender) -> float:
    return time.process_time() + sum(cpu_seconds(pid) for pid in contender.drivers)


async def _until(contender: Contender, count: int, *, pause: float) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while await contender.ended() < count:  # noqa: ASYNC110 - they are other processes' work
            await asyncio.sleep(pause)
