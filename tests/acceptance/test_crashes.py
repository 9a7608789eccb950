"""A daemon that dies anywhere loses nothing and applies nothing twice."""

from __future__ import annotations

import asyncio
import signal

import pytest

from resistor.daemon.crashpoints import KILLED, POINTS
from resistor.store.reading import RunFilter
from tests.acceptance.conftest import Site, run_of

pytestmark = pytest.mark.xdist_group("acceptance")

# A daemon that sweeps once, when it starts, and finds nothing due in the time of a test.
NO_SWEEPER = {"RESISTOR_OUTBOX_GRACE_SECONDS": "3600", "RESISTOR_SWEEP_INTERVAL_SECONDS": "3600"}


def ids(count: int) -> list[str]:
    return [f"order-{number}" for number in range(count)]


async def test_a_run_goes_from_its_event_to_its_end(site: Site) -> None:
    await site.daemon()
    await site.module()
    await site.publish(ids(10))
    await site.holds(ids(10))
    assert set(site.effects().values()) == {1}


@pytest.mark.parametrize("point", POINTS)
async def test_what_a_daemon_did_with_events_is_ended_by_their_redelivery_alone(
    site: Site, point: str
) -> None:
    doomed = await site.daemon(RESISTOR_CRASH=f"{point}:4", RESISTOR_BATCH="5", **NO_SWEEPER)
    await site.publish(ids(30))
    assert await doomed.end() == KILLED
    await site.module()  # not before: every pass was one with events, which have actions to repeat
    await site.daemon(**NO_SWEEPER)
    await site.holds(ids(30))


@pytest.mark.parametrize("point", POINTS)
async def test_what_a_daemon_did_with_an_answer_is_ended_by_its_redelivery_alone(
    site: Site, point: str
) -> None:
    doomed = await site.daemon(RESISTOR_CRASH=f"{point}:2", RESISTOR_BATCH="1", **NO_SWEEPER)
    await site.module()
    await site.publish(ids(1))  # the first pass is the event's, the second one its first answer's
    assert await doomed.end() == KILLED
    await site.daemon(**NO_SWEEPER)
    await site.holds(ids(1))


@pytest.mark.parametrize(
    ("passes", "queue"),
    [
        pytest.param(1, "resistor.events", id="event"),
        pytest.param(2, "resistor.results", id="answer"),
    ],
)
async def test_what_a_daemon_wrote_and_nobody_delivers_again_is_ended_by_the_sweeper_alone(
    site: Site, passes: int, queue: str
) -> None:
    doomed = await site.daemon(RESISTOR_CRASH=f"after-commit:{passes}", RESISTOR_BATCH="1")
    await site.module()
    await site.publish(ids(1))
    assert await doomed.end() == KILLED
    # The event may still be unacknowledged when its action's answer is there: both queues are emptied.
    taken = {name: await site.take_away(name) for name in ("resistor.events", "resistor.results")}
    assert taken[queue] == 1
    await site.daemon()
    await site.holds(ids(1))


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
    prefetch = 5
    frozen = await site.daemon(RESISTOR_PREFETCH=str(prefetch))
    await site.module()
    publishing = asyncio.create_task(site.publish(ids(50)))
    await site.ended("order-0")
    frozen.signal(signal.SIGSTOP)
    await publishing
    await site.daemon()
    late = ids(80)[50:]
    await site.publish(late)
    # The broker hands on to the frozen one until its two lanes are full, and each message holds one run up;
    # all others end while it is frozen. What it holds comes free when it wakes, or when it is given up.
    await site.some_end(late, at_least=len(late) - 2 * prefetch)
    await site.some_end(ids(80), at_least=80 - 2 * prefetch)
    frozen.signal(signal.SIGCONT)
    await site.holds(ids(80))
    assert not frozen.is_over


def _all() -> RunFilter:

    return RunFilter()
