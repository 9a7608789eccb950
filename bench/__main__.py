"""python -m bench [--quick] [-o json]"""

from __future__ import annotations

import argparse
import asyncio
import platform
import shutil
import sys
from collections.abc import AsyncIterator

from redis.asyncio import Redis

from bench import definitions, expressions, items, long_runs, scenarios
from bench.figures import Figure, as_json, table
from resistor.store import RedisStore
from tests.servers import RedisServer


async def measure(*, is_quick: bool) -> list[Figure]:
    """Return every figure, on a Redis of our own, with an append-only file as in production."""
    figures = [
        figure for bench in (definitions, expressions, scenarios) for figure in bench.run(is_quick=is_quick)
    ]
    server = RedisServer(shutil.which("redis-server") or shutil.which("valkey-server") or "redis-server")
    server.start()
    redis, store = Redis.from_url(server.url), RedisStore(server.url, timeout=60.0)
    try:
        await redis.config_set("appendonly", "yes")
        for bench in (
            items.run(store, redis, is_quick=is_quick),
            long_runs.run(store, redis, is_quick=is_quick),
        ):
            figures += await _all(bench)
    finally:
        await store.close()
        await redis.aclose()
        server.stop()
    return figures


async def _all(bench: AsyncIterator[Figure]) -> list[Figure]:
    return [figure async for figure in bench]


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(prog="python -m bench")
    parser.add_argument("--quick", action="store_true", help="smaller sizes: under a minute")
    parser.add_argument("-o", "--output", choices=["table", "json"], default="table")
    chosen = parser.parse_args()
    figures = asyncio.run(measure(is_quick=chosen.quick))
    machine = {"python": platform.python_version(), "machine": platform.machine()}
    shown = as_json(figures, machine) if chosen.output == "json" else table(figures)
    sys.stdout.write(f"{shown}\n")


if __name__ == "__main__":
    main()
