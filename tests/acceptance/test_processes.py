"""`serve --processes`: several daemons under one, each with partitions of the results of its own."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import pytest

from tests.acceptance.conftest import Site
from tests.acceptance.processes import PATIENCE_SECONDS, Process

pytestmark = pytest.mark.xdist_group("acceptance")

ORDERS = [f"order-{number}" for number in range(40)]


def children_of(process: Process) -> list[int]:
    pid = process._process.pid
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def is_there(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


async def serving(site: Site, count: int) -> Process:
    process = await site.start("serve", "--processes", str(count))
    await process.says("taking messages", times=count)
    return process


async def taken_by(site: Site, queue: str, count: int) -> None:
    """Wait until so many consume from a queue."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while (await site.outside.queue(queue)).declaration_result.consumer_count != count:
            pass


async def test_two_processes_share_the_work_and_end_together(site: Site) -> None:
    both = await serving(site, 2)
    await site.module()
    await taken_by(site, "resistor.results", 2)
    await taken_by(site, "resistor.results.1", 2)
    await site.publish(ORDERS)
    await site.holds(ORDERS)
    assert await both.stop() == 0
    assert both.count('"stopped"') == 2


async def test_where_one_is_killed_all_end_and_nothing_is_lost(site: Site) -> None:
    both = await serving(site, 2)
    await site.module()
    await site.publish(ORDERS[:20])
    os.kill(children_of(both)[0], signal.SIGKILL)
    await both.says("process_ended")
    assert await both.end() != 0
    await site.publish(ORDERS[20:])
    again = await serving(site, 3)
    await site.holds(ORDERS)
    assert await again.stop() == 0


async def test_the_processes_end_with_the_one_that_has_started_them(site: Site) -> None:
    both = await serving(site, 2)
    children = children_of(both)
    both.signal(signal.SIGKILL)
    async with asyncio.timeout(PATIENCE_SECONDS):
        while any(map(is_there, children)):  # noqa: ASYNC110 - they are no children of ours
            await asyncio.sleep(0.01)


async def test_a_daemon_takes_the_results_of_more_partitions_than_it_uses(site: Site) -> None:
    many = await serving(site, 3)
    await site.publish(ORDERS[:10])
    async with asyncio.timeout(PATIENCE_SECONDS):
        while await site.outside.depth("resistor.module.ledger") < 10:  # noqa: ASYNC110 - a queue tells nobody
            await asyncio.sleep(0.01)
    assert await many.stop() == 0
    await site.daemon()
    await site.module()
    await site.holds(ORDERS[:10])


async def test_a_daemon_takes_results_from_partitions_that_come_later(site: Site) -> None:
    await site.daemon()
    many = await serving(site, 2)
    await taken_by(site, "resistor.results.1", 3)
    assert await many.stop() == 0
    await taken_by(site, "resistor.results.1", 1)
