"""How many runs with the same key may be open at once."""

from __future__ import annotations

import pytest

from resistor.ports import SlotName, SlotsView
from tests.integration.play import Play

RULE = "concurrency: {key: '${input.account}', limit: %d, on_conflict: %s}\n"
ONE = RULE % (1, "queue") + "steps: [{module: m, action: go, retry: none}]"


async def slots(play: Play, key: str) -> SlotsView:
    [view] = await play.house.store.slots.look([SlotName("", "shop", "job", key, 1)])
    return view


async def waits(play: Play, key: str, count: int) -> None:
    """Wait until so many runs wait for a slot."""

    async def do() -> bool:
        return len((await slots(play, key)).queue) == count

    await play.house.until(do)


async def test_runs_with_the_same_key_have_their_turns_in_the_order_in_which_they_came(play: Play) -> None:
    out = play.out
    await play.begin(job=ONE)
    runs = []
    for number in range(4):
        runs.append(await play.start(data={"account": "a"}))
        await waits(play, "a", number)
    other = await play.start(data={"account": "b"})
    actions = {each.correlation_id: each for each in [await out.action("m"), await out.action("m")]}
    assert actions.keys() == {runs[0], other}
    await out.complete(actions[other])
    turn = actions[runs[0]]
    for run in runs:
        assert turn.correlation_id == run
        assert await out.depth("resistor.module.m") == 0
        await out.complete(turn)
        if run != runs[-1]:
            turn = await out.action("m")
    ended = [await play.ended(run) for run in runs]
    assert [each.facts()[0] for each in ended] == ["run_queued"] * 4
    assert (await play.ended(other)).status == "completed"


async def test_as_many_runs_as_the_limit_are_open_whichever_daemon_has_them(play: Play) -> None:
    out = play.out
    workflow = RULE % (3, "queue") + "steps: [{module: m, action: go}]"
    await play.begin(job=workflow)
    await play.begin(job=workflow)
    runs = [await play.start(data={"account": 1}) for _ in range(12)]
    await waits(play, "1", 9)
    begun = [await out.action("m") for _ in range(3)]
    for _ in range(9):
        assert await out.depth("resistor.module.m") == 0
        await out.complete(begun.pop())
        begun.append(await out.action("m"))
    for action in begun:
        await out.complete(action)
    assert {(await play.ended(run)).status.value for run in runs} == {"completed"}


async def test_under_reject_a_second_run_fails_and_leaves_the_first_alone(play: Play) -> None:
    await play.begin(job=RULE % (1, "reject") + "steps: [{module: m, action: go}]")
    first = await play.start(data={"account": "a"})
    action = await play.out.action("m")
    second = await play.play(data={"account": "a"})
    assert (second.status, second.error.type) == ("failed", "concurrency")
    assert second.run.steps == {}
    await play.out.complete(action)
    assert (await play.ended(first)).status == "completed"


async def test_under_cancel_running_the_newest_run_takes_the_place_of_the_oldest(play: Play) -> None:
    await play.begin(
        job=RULE % (1, "cancel_running")
        + "steps: [{module: m, action: go}]\nfinally: [{if: run.workflow == 'job', wait: 10ms}]"
    )
    runs, actions = [], []
    for _ in range(3):
        runs.append(await play.start(data={"account": "a"}))
        actions.append(await play.out.action("m"))
    await play.out.complete(actions[-1])
    assert [(await play.ended(run)).status.value for run in runs] == ["cancelled", "cancelled", "completed"]
    assert runs[1] in (await play.ended(runs[0])).error.message


@pytest.mark.parametrize("how", ["failed", "cancelled", "terminated", "timed_out"])
async def test_a_slot_comes_free_however_its_run_ends(play: Play, how: str) -> None:
    await play.begin(
        job=RULE % (1, "queue") + "timeout: 1s\nsteps: [{module: m, action: go, retry: none}]"
        if how == "timed_out"
        else ONE
    )
    first, second = [await play.start(data={"account": "a"}) for _ in range(2)]
    action = await play.out.action("m")
    if action.correlation_id == second:
        first, second = second, first
    await waits(play, "a", 1)
    if how == "failed":
        await play.out.answer(action, {"status": "failed", "error": {"type": "x"}})
    elif how != "timed_out":
        await play.command({"cancelled": "cancel", "terminated": "terminate"}[how], first)
    turn = await play.out.action("m")
    assert turn.correlation_id == second
    await play.out.complete(turn)
    assert [(await play.ended(run)).status.value for run in (first, second)] == [how, "completed"]


async def test_a_run_that_is_cancelled_while_it_waits_is_passed_over(play: Play) -> None:
    out = play.out
    await play.begin(job=ONE)
    runs = []
    for number in range(3):
        runs.append(await play.start(data={"account": "a"}))
        await waits(play, "a", number)
    await play.command("cancel", runs[1])
    assert (await play.ended(runs[1])).status == "cancelled"
    await waits(play, "a", 1)
    await out.complete(await out.action("m"))
    last = await out.action("m")
    assert last.correlation_id == runs[2]
    await out.complete(last)
    for run in (runs[0], runs[2]):
        assert (await play.ended(run)).status == "completed"


async def test_a_run_s_time_does_not_begin_before_its_turn(play: Play) -> None:
    await play.begin(
        job=RULE % (1, "queue") + "timeout: 1h\nsteps: [{id: go, module: m, action: go, timeout: 1h}]"
    )
    first, second = [await play.start(data={"account": "a"}) for _ in range(2)]
    await waits(play, "a", 1)
    for _ in range(2):
        await play.out.complete(await play.out.action("m"))
    for run in (first, second):
        ended = await play.ended(run)
        assert ended.facts() == ["run_queued", "run_started", "run_completed"]
