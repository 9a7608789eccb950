"""A daemon that dies anywhere loses nothing and applies nothing twice."""

from __future__ import annotations

import asyncio
import signal

import pytest

from resistor.daemon.crashpoints import KILLED, POINTS
from resistor.store.reading import RunFilter
from tests.acceptance.conftest import Site, run_of

pytestmark = pytest.mark.xdist_group("acceptance")


def ids(count: int) -> list[str]:
    return [f"order-{number}" for number in range(count)]


async def test_a_run_goes_from_its_event_to_its_end(site: Site) -> None:
    await site.daemon()
    await site.module()
    await site.publish(ids(10))
    await site.holds(ids(10))
    assert set(site.effects().values()) == {1}


@pytest.mark.parametrize("point", POINTS)
async def test_a_daemon_killed_at_a_point_is_taken_over_by_the_next(site: Site, point: str) -> None:
    doomed = await site.daemon(RESISTOR_CRASH=f"{point}:4", RESISTOR_BATCH="5")
    await site.module()
    await site.publish(ids(30))
    assert await doomed.end() == KILLED
    await site.daemon()
    await site.holds(ids(30))


async def test_a_daemon_killed_at_random_under_load_is_covered_by_its_replica(site: Site) -> None:
    doomed, _ = await asyncio.gather(site.daemon(), site.daemon())
    await asyncio.gather(site.module(), site.module())
    publishing = asyncio.create_task(site.publish(ids(200)))
    await site.ended("order-0")
    await doomed.kill()
    await publishing
    await site.holds(ids(200))


async def test_a_module_killed_in_the_middle_gets_its_action_again(site: Site) -> None:
    await site.daemon()
    doomed = await site.module()
    publishing = asyncio.create_task(site.publish(ids(100)))
    await site.ended("order-0")
    await doomed.kill()
    await publishing
    await site.module()
    await site.holds(ids(100))


async def test_the_same_event_a_thousand_times_over_two_daemons_is_one_run(site: Site) -> None:
    await asyncio.gather(site.daemon(), site.daemon())
    await asyncio.gather(*(site.outside.event("shop.three", {"n": 0}, id="order-0") for _ in range(1000)))
    await site.module()
    await site.holds(["order-0"])
    assert [run.id for run in await site.store.list_runs(_all())] == [run_of("order-0")]


async def test_sigterm_under_load_drains_and_ends_with_0(site: Site) -> None:
    first = await site.daemon()
    await site.module()
    publishing = asyncio.create_task(site.publish(ids(100)))
    await site.ended("order-0")
    assert await first.stop() == 0
    await publishing
    await site.daemon()
    await site.holds(ids(100))
    assert set(site.effects().values()) == {1}, "a daemon that drains leaves nothing to repeat"


async def test_a_frozen_daemon_that_wakes_up_late_changes_nothing(site: Site) -> None:
    frozen = await site.daemon()
    await site.module()
    publishing = asyncio.create_task(site.publish(ids(50)))
    await site.ended("order-0")
    frozen.signal(signal.SIGSTOP)
    await publishing
    await site.daemon()
    # What the frozen one holds unacknowledged comes free when it wakes, or when the broker gives it up.
    frozen.signal(signal.SIGCONT)
    await site.holds(ids(50))


def _all() -> RunFilter:

    return RunFilter()
