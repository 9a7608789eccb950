"""Workflows that start by themselves."""

from __future__ import annotations

import pytest

from resistor.catalog.forms import schedule
from resistor.ports import ScheduleState
from tests.integration.play import Play, catalog_of
from tests.integration.worker import HOLD

pytestmark = pytest.mark.parametrize("amqp_broker", ["dev broker"], indirect=True)  # it has no part in this

EVERY = "schedule: {every: 100ms, input: {by: clock}%s}\nsteps: [{module: m, action: go}]"


@pytest.fixture(autouse=True)
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let schedules be shorter than a second."""
    monkeypatch.setattr(schedule, "SHORTEST_EVERY", 0.0)


async def begun(play: Play, count: int) -> None:
    """Wait until so many runs have begun."""

    async def have() -> bool:
        return len(await play.runs()) >= count

    await play.house.until(have)


async def state(play: Play) -> ScheduleState:
    [found] = await play.house.store.schedules.read_all()
    return found


async def hush(play: Play) -> None:
    """Pause the schedule, and let what has begun end."""
    await play.house.store.schedules.pause("shop/job", is_paused=True)
    for run in await play.runs():
        await play.ended(run.id)


async def test_each_occurrence_begins_one_run_however_many_daemons_look(play: Play) -> None:
    await play.begin({}, job=EVERY % ", overlap: allow")
    await play.begin(job=EVERY % ", overlap: allow")
    await begun(play, 5)
    await hush(play)
    runs = await play.runs()
    moments = [run.origin.event.time for run in runs]
    assert len(set(moments)) == len(runs)
    assert all(moment and round(moment % 0.1, 6) in (0, 0.1) for moment in moments), moments
    assert {run.origin.event.source for run in runs} == {"schedule"}
    assert all(body["input"] == {"by": "clock"} for body in play.m.seen)
    assert len(play.m.seen) == len(runs)


async def test_a_paused_schedule_lets_its_occurrences_pass_and_makes_up_for_none(play: Play) -> None:
    await play.begin({}, job=EVERY % ", overlap: allow")
    await begun(play, 2)
    await hush(play)
    before = await state(play)

    async def has_passed() -> bool:
        return (await state(play)).next_at > before.next_at + 0.25  # type: ignore[operator]

    await play.house.until(has_passed)
    last = await state(play)
    assert (last.last_run, last.is_paused) == (before.last_run, True)
    await play.house.store.schedules.pause("shop/job", is_paused=False)
    await begun(play, len(await play.runs()) + 1)
    await hush(play)


async def test_under_skip_an_occurrence_that_finds_the_last_run_open_is_left_out(play: Play) -> None:
    await play.begin({"go": HOLD}, job=EVERY % "")
    await begun(play, 1)
    [run] = await play.runs()
    first = await state(play)

    async def has_passed() -> bool:
        return (await state(play)).next_at > first.next_at + 0.25  # type: ignore[operator]

    await play.house.until(has_passed)
    assert len(await play.runs()) == 1
    await play.command("cancel", run.id)
    await play.ended(run.id)
    await begun(play, 2)


async def test_under_queue_occurrences_wait_for_the_last_run_and_none_is_lost(play: Play) -> None:
    await play.begin(job=(EVERY % ", overlap: queue").replace("100ms", "400ms"))
    first = await play.out.action("m")

    async def wait() -> bool:
        return len((await state(play)).pending) >= 2

    await play.house.until(wait)
    pending = (await state(play)).pending
    assert pending[1] - pending[0] == pytest.approx(0.4, abs=0.001)
    await play.out.complete(first)
    second = await play.out.action("m")
    found = await play.house.run(str(second.correlation_id))
    assert found is not None
    assert found.origin.event.time == pytest.approx(pending[0])


async def test_a_schedule_that_a_new_version_has_not_any_more_is_gone(play: Play) -> None:
    async with play.house.daemon(catalog_of(job=EVERY % "")):
        assert (await state(play)).name == "shop/job"
    await play.begin(job="version: 2\nsteps: [{module: m, action: go}]")
    assert await play.house.store.schedules.read_all() == []
