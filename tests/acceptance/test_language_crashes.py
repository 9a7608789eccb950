"""A daemon that dies anywhere in the middle of the language's blocks, timers, actors and children."""

from __future__ import annotations

import asyncio

import pytest

from resistor.daemon.crashpoints import KILLED, POINTS
from tests.acceptance.conftest import Site
from tests.acceptance.language import DEFINITION, Case, holds, over
from tests.acceptance.processes import Process
from tests.acceptance.test_crashes import NO_SWEEPER

pytestmark = pytest.mark.xdist_group("crashes of the language")

HASTY = {"RESISTOR_OUTBOX_GRACE_SECONDS": "0.3", "RESISTOR_LEASE_SECONDS": "0.5"}


@pytest.fixture(autouse=True)
def _language(site: Site) -> None:
    (site.directory / "definitions" / "language.yaml").write_text(DEFINITION)


async def dies(daemon: Process) -> None:
    assert await daemon.end() == KILLED, daemon.log


@pytest.mark.parametrize("point", POINTS)
async def test_redelivery_alone_ends_every_run(site: Site, point: str) -> None:
    cases = [Case("each", 1), Case("heard", 1), Case("parent", 1), *(Case("single", n) for n in range(3))]
    doomed, _ = await asyncio.gather(
        site.daemon(RESISTOR_CRASH=f"{point}:3", RESISTOR_BATCH="4", **NO_SWEEPER), site.module()
    )
    for case in cases:
        await case.publish(site)
    await dies(doomed)
    await dies(await site.start("serve", RESISTOR_CRASH=f"{point}:5", RESISTOR_BATCH="2", **NO_SWEEPER))
    await site.daemon(**NO_SWEEPER)
    await holds(site, cases, is_swept=False)


@pytest.mark.parametrize("point", POINTS)
async def test_timers_go_on_where_a_daemon_left_them(site: Site, point: str) -> None:
    cases = [Case(workflow, n) for workflow in ("pause", "flaky", "single", "heard") for n in range(2)]
    doomed, _ = await asyncio.gather(
        site.daemon(RESISTOR_CRASH=f"{point}:6", RESISTOR_BATCH="1", **HASTY), site.module()
    )
    for case in cases:
        await case.publish(site)
    await dies(doomed)
    await site.daemon(**HASTY)
    await holds(site, cases)


@pytest.mark.parametrize(
    ("workflow", "lives"), [("heard", 2), ("parent", 3), ("single", 2), ("pause", 2), ("flaky", 2)]
)
async def test_what_was_written_and_nobody_delivers_again_is_ended_by_the_sweeper_alone(
    site: Site, workflow: str, lives: int
) -> None:
    case = Case(workflow, 1)
    crash = {"RESISTOR_CRASH": "after-commit:2", "RESISTOR_BATCH": "1", **HASTY}
    doomed, _ = await asyncio.gather(site.daemon(**crash), site.module())
    await case.publish(site)
    await dies(doomed)
    for _ in range(lives - 1):
        await forget_deliveries(site)
        # It lets out what the last one left, and dies with what comes of that written and not let out.
        await dies(await site.start("serve", **crash))
    await forget_deliveries(site)
    await site.daemon(**HASTY)
    await holds(site, [case])


async def forget_deliveries(site: Site) -> None:
    """Take away what would be delivered again. Nothing else is under way, so nothing else is lost."""
    for queue in ("resistor.events", "resistor.results", "resistor.commands"):
        await site.take_away(queue)


async def test_twenty_items_that_were_written_and_not_sent_are_sent_by_the_sweeper_alone(site: Site) -> None:
    doomed = await site.daemon(RESISTOR_CRASH="after-commit:1", RESISTOR_BATCH="1", **HASTY)
    await Case("each", 1).publish(site)
    await dies(doomed)
    assert await site.take_away("resistor.events") == 1
    await asyncio.gather(site.daemon(**HASTY), site.module())
    await holds(site, [Case("each", 1)])


async def test_runs_that_wait_for_each_other_go_on_when_one_of_two_daemons_is_killed(site: Site) -> None:
    cases = [Case("single", n) for n in range(15)] + [Case("parent", n) for n in range(10)]
    doomed, _, _ = await asyncio.gather(site.daemon(**HASTY), site.daemon(**HASTY), site.module())
    for case in cases:
        await case.publish(site)
    await over(site, cases[0].run)
    await doomed.kill()
    await holds(site, cases)
