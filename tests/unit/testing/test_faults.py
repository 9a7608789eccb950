"""Faults: a dead daemon does nothing any more."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from random import Random

from resistor.testing.faults import Faults, Odds
from resistor.testing.virtual_loop import run_virtually


async def _nothing() -> None:
    return None


def test_what_a_dead_daemon_cleans_up_ends_when_it_is_cancelled() -> None:
    """If it waited for ever, the collector would close it in the middle: a warning in some other test."""
    ended: list[str] = []

    async def work(faults: Faults) -> None:
        try:
            await faults.call("commit", _nothing)
        finally:
            with suppress(Exception):
                await faults.call("release", _nothing)
            ended.append("never")

    async def main() -> bool:
        def kill() -> None:
            task.cancel()

        faults = Faults(Random(1), Odds(crash=1.0), kill)
        task = asyncio.create_task(work(faults))
        await asyncio.wait([task])
        return task.cancelled()

    assert run_virtually(main())
    assert ended == []
