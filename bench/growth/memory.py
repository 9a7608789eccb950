"""Bytes of Redis that a run takes, open and finished, and which keys have them.

The payloads are `{}` going in and a few bytes at each step: what is left is Resistor's own.
"""

from __future__ import annotations

from collections import Counter

from redis.asyncio import Redis

from bench.flow.resistor import DOCUMENT, Resistor
from bench.flow.stage import Stage
from bench.growth.playing import playing, quiet, until
from bench.growth.rows import Row
from bench.growth.sizes import Sizes
from resistor.engine.run import RunStatus

NAME = "memory"
AT_MOST = 1024.0  # bytes of an open run of 3 steps, without payloads
KEPT = (
    ("open, at the third of 3 steps", "unanswered", b"{}", AT_MOST),
    ("open, listening at the first", "listening", b"{}", AT_MOST),
    ("finished", "flow", b"{}", None),
    (f"finished, with {len(DOCUMENT)} bytes a step", "flow", DOCUMENT, None),
)


async def run(stages: tuple[Stage, Stage], sizes: Sizes) -> list[Row]:
    """Return bytes of a run of each kind."""
    rows = []
    async with playing(stages[0]) as on:
        before = await _used(on), await _by_kind(on.redis)
        for name, event, data, at_most in KEPT:
            await _begin(on, event, data, sizes.kept)
            after = await _used(on), await _by_kind(on.redis)
            rows.append(_row(name, after[0] - before[0], sizes.kept, at_most))
            for kind, size in sorted((after[1] - before[1]).items()):
                rows.append(_row(f"    of them in {kind}", size, sizes.kept))
            before = after
    return rows


async def _begin(on: Resistor, event: str, data: bytes, count: int) -> None:
    status = RunStatus.COMPLETED if event == "flow" else RunStatus.RUNNING
    there = await on.count(status)
    await on.publish(event, data, count)
    await until(on, status, there + count)


async def _used(on: Resistor) -> int:
    """Return the bytes that Redis has for data, when it is quiet: without what waits for disk or clients."""
    await quiet(on)
    memory = await on.redis.info("memory")
    return int(memory["used_memory"] - memory["mem_aof_buffer"] - memory["mem_clients_normal"])


async def _by_kind(redis: Redis) -> Counter[str]:
    """Return the bytes of all keys by kind, the word behind their tag: `run`, `history`, …"""
    names = {bytes(name) async for name in redis.scan_iter(count=1_000)}
    pipe = redis.pipeline(transaction=False)
    for name in names:
        pipe.memory_usage(name, samples=0)
    found: Counter[str] = Counter()
    for name, size in zip(names, await pipe.execute(), strict=True):
        found[name.partition(b"}:")[2].split(b":")[0].decode()] += size or 0  # None: it is gone by now
    return found


def _row(name: str, taken: int, runs: int, at_most: float | None = None) -> Row:
    samples = ([taken / runs],)
    return Row(bench=NAME, name=name, unit="B", what="runs", sizes=(runs,), samples=samples, at_most=at_most)
