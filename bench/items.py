"""A `for` over 10,000 items against a hundred over 100: what an item costs, decided and kept in Redis."""

from __future__ import annotations

from collections.abc import AsyncIterator

from redis.asyncio import Redis

from bench.clocks import spent_by
from bench.deciding import Deciding, workflow_of
from bench.figures import Figure
from bench.workflows import LOOPS
from resistor.messages import json
from resistor.store import RedisStore

NAME = "items"
AT_MOST = 2.0  # what an item may cost, in times of what it costs at 100


async def run(store: RedisStore, redis: Redis, *, is_quick: bool) -> AsyncIterator[Figure]:
    """Yield what an item costs, by the size of its loop, the two taking turns."""
    large = 2_000 if is_quick else 10_000
    for name in ("unbounded", "fifty"):
        few, many = await _in_turns(store, redis, name, large)
        yield Figure(bench=NAME, name=f"{name}: CPU of an item of 100", value=few[0], unit="µs")
        yield Figure(bench=NAME, name=f"{name}: CPU of an item of {large:,}", value=many[0], unit="µs")
        ratio = many[0] / few[0]
        yield Figure(bench=NAME, name=f"{name}: ratio", value=ratio, unit="times", at_most=AT_MOST)
        yield Figure(
            bench=NAME, name=f"{name}: Redis, ratio", value=many[1] / few[1], unit="times", at_most=AT_MOST
        )


async def _in_turns(
    store: RedisStore, redis: Redis, name: str, large: int
) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return µs of this process and of Redis for an item, of small loops and of a large one: medians."""
    workflow = workflow_of(LOOPS, name)

    async def play(tag: str, runs: int, size: int) -> tuple[float, float]:
        deciding = Deciding(store, workflow)
        before = (await spent_by(redis)).cpu
        data = json.encode({"items": list(range(size))})
        for number in range(runs):
            await deciding.start(f"{tag}{number:0>{20 - len(tag)}}", data)
            await deciding.play()
        items = runs * size
        return deciding.cost.cpu / items * 1e6, ((await spent_by(redis)).cpu - before) / items * 1e6

    found: dict[str, list[tuple[float, float]]] = {"few": [], "many": []}
    for turn in range(3):
        found["few"].append(await play(f"few{name[:2]}{turn}", large // 100, 100))
        found["many"].append(await play(f"many{name[:2]}{turn}", 1, large))
    return sorted(found["few"])[1], sorted(found["many"])[1]
