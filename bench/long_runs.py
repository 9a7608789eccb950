"""A run with 1,000 finished steps against one with 10: what the next step costs."""

from __future__ import annotations

from collections.abc import AsyncIterator

from redis.asyncio import Redis

from bench.clocks import spent_by
from bench.deciding import Cost, Deciding, workflow_of
from bench.figures import Figure
from bench.workflows import long_one
from resistor.store import RedisStore

NAME = "long runs"
AT_MOST = 1.25  # a quarter is this machine's noise
RUNS = 50


async def run(store: RedisStore, redis: Redis, *, is_quick: bool) -> AsyncIterator[Figure]:
    """Yield what a step costs when few are finished, and when very many are, in the same runs."""
    steps = 300 if is_quick else 1_010
    deciding = Deciding(store, workflow_of(long_one(steps), "long"))
    for number in range(RUNS):
        await deciding.start(f"long{number:0>16}", b'{"n":1}')
    await _steps(deciding, 1)
    early = await _measured(deciding, redis)
    await _steps(deciding, steps - 30)
    late = await _measured(deciding, redis)
    await deciding.play()
    yield Figure(bench=NAME, name="CPU of a step behind 10", value=early[0], unit="µs")
    yield Figure(bench=NAME, name=f"CPU of a step behind {steps - 20:,}", value=late[0], unit="µs")
    yield Figure(bench=NAME, name="ratio", value=late[0] / early[0], unit="times", at_most=AT_MOST)
    yield Figure(
        bench=NAME, name="bytes from Redis, ratio", value=late[1] / early[1], unit="times", at_most=AT_MOST
    )


async def _steps(deciding: Deciding, count: int) -> None:
    for _ in range(count):
        await deciding.answer(RUNS)


async def _measured(deciding: Deciding, redis: Redis) -> tuple[float, float]:
    """Return µs of this process and bytes from Redis for a step, over ten steps of each run."""
    deciding.cost = Cost()
    before = await spent_by(redis)
    await _steps(deciding, 10)
    return deciding.cost.cpu / (10 * RUNS) * 1e6, ((await spent_by(redis)).sent - before.sent) / (10 * RUNS)
