"""An operator pauses a module: its actions are held, their time stands still, and all go on afterwards."""

from __future__ import annotations

from typing import Any

from resistor.catalog import load_text
from resistor.daemon.main import Daemon
from resistor.engine.facts import FactName
from tests.integration.play import Play, catalog_of, text_of
from tests.integration.worker import failed

JOB = "steps: [{id: go, module: m, action: go, timeout: 1h, heartbeat: 30m}]"


async def pause(play: Play, module: str = "m", why: str = "their bank is down") -> None:
    """Pause a module, and wait until every daemon has seen it."""
    await play.house.store.pauses.pause(module, why)

    async def is_seen() -> bool:
        return all(daemon._pausing.why(module) == why for daemon in play.house.daemons)

    await play.house.until(is_seen)


async def held(play: Play, count: int, module: str = "m") -> None:
    """Wait until so many actions are held."""

    async def are() -> bool:
        return await play.house.store.pauses.held([module]) == [count]

    await play.house.until(are)


async def nobody_is_due(play: Play, runs: list[str]) -> bool:
    """Whether the sweeper has nothing to do about these runs for a quarter of an hour."""
    keys, now = play.house.store._keys, await play.now()
    due = [await play.house.store._client.zscore(f"{keys.tag_of(run)}:due", run) for run in runs]
    return all(at is not None and at > now + 900 for at in due)


async def step(play: Play, run: str, path: str = "go") -> Any:
    found = await play.house.run(run)
    assert found is not None
    return found.steps[path]


async def test_what_a_paused_module_is_asked_for_is_held_and_goes_out_when_it_goes_on(play: Play) -> None:
    await play.begin(job=JOB, other="steps: [{module: n, action: go}]")
    await play.begin(job=JOB, other="steps: [{module: n, action: go}]")
    await play.work("n", {})
    await pause(play)
    runs = [await play.start() for _ in range(5)]
    await held(play, 5)
    assert await play.out.depth("resistor.module.m") == 0
    assert (await play.play("other")).status == "completed", "other modules go on"
    for run in runs:
        record = await step(play, run)
        assert (record.status, record.deadline, record.silent_at) == ("waiting", None, None)
        assert record.wake_at is None, "nothing wakes a step that is held"
    await play.house.until(lambda: nobody_is_due(play, runs))
    assert await play.house.store.pauses.resume("m")
    await play.work("m", {})
    for run in runs:
        ended = await play.ended(run)
        assert ended.status == "completed"
        assert [name for name in ended.facts("go") if name != "step_completed"] == [
            "step_scheduled",
            "step_held",
            "step_released",
            "step_resumed",
        ]
        [why] = [fact.details["why"] for fact in ended.history if fact.name is FactName.STEP_HELD]
        assert why == "their bank is down"


async def test_an_attempt_keeps_what_it_had_left_of_its_time(play: Play) -> None:
    await play.begin(job=JOB)
    await pause(play)
    run = await play.start()
    await held(play, 1)
    left = (await step(play, run)).control.left
    assert 0 < left <= 3600
    await play.house.store.pauses.resume("m")
    action = await play.out.action("m")
    record = await step(play, run)
    assert record.deadline == record.scheduled_at + left
    await play.out.complete(action)
    assert (await play.ended(run)).status == "completed"


async def test_what_is_in_the_module_s_queue_stays_there_and_its_results_are_taken(play: Play) -> None:
    await play.begin(job="steps: [{module: m, action: a}, {id: go, module: m, action: b}]")
    run = await play.start()
    await play.reaches(run, "a", "scheduled")
    await pause(play)
    await play.out.complete(await play.out.action("m"))
    await held(play, 1)
    assert (await step(play, run, "a")).status == "completed"
    await play.house.store.pauses.resume("m")
    await play.out.complete(await play.out.action("m"))
    assert (await play.ended(run)).status == "completed"


async def test_a_failed_attempt_is_made_again_only_when_the_module_goes_on(play: Play) -> None:
    await play.begin(job="steps: [{id: go, module: m, action: go, retry: {limit: 2, delay: 1ms}}]")
    run = await play.start()
    action = await play.out.action("m")
    await pause(play)
    await play.out.answer(action, failed("down"))
    await held(play, 1)
    assert (await step(play, run)).attempt == 2
    await play.house.store.pauses.resume("m")
    await play.out.complete(await play.out.action("m"))
    assert (await play.ended(run)).status == "completed"


async def test_a_run_that_is_cancelled_while_it_is_held_is_not_sent(play: Play) -> None:
    await play.begin(job=JOB)
    await pause(play)
    run = await play.start()
    await held(play, 1)
    await play.command("cancel", run)
    assert (await play.ended(run)).status == "cancelled"
    await held(play, 0)
    await play.house.store.pauses.resume("m")
    assert await play.out.depth("resistor.module.m") == 0


async def test_held_actions_pass_the_limits_of_their_module_when_it_goes_on(play: Play) -> None:
    text = f"modules: {{m: {{concurrency: 2, rate: 1000/s}}}}\n{text_of({'job': JOB})}"
    await play.serve(load_text(text.encode()).or_raise())
    await pause(play)
    runs = [await play.start() for _ in range(6)]
    await held(play, 6)
    [view] = await play.house.store.gates.look(["m concurrency"])
    assert (view.inside, view.outside) == (0, 0), "who is held takes nobody's place"
    await play.house.store.pauses.resume("m")
    actions = [await play.out.action("m") for _ in range(2)]
    for _ in range(4):
        assert await play.out.depth("resistor.module.m") == 0
        await play.out.complete(actions.pop())
        actions.append(await play.out.action("m"))
    for action in actions:
        await play.out.complete(action)
    for run in runs:
        assert (await play.ended(run)).status == "completed"


async def test_a_compensation_is_held_too(play: Play) -> None:
    await play.begin(
        job="steps:\n  - {id: go, module: n, action: go, compensate: {module: m, action: undo}}\n"
        "  - {listen: {event: fail}}\n  - {raise: {type: x}}\n",
    )
    await play.work("n", {})
    run = await play.start()
    await play.reaches(run, "go", "completed")
    await pause(play)
    await play.command("cancel", run)
    await held(play, 1)
    await play.house.store.pauses.resume("m")
    await play.work("m", {})
    ended = await play.ended(run)
    assert (ended.status, ended.run.state.undone) == ("cancelled", True)


async def test_more_than_a_page_goes_on_and_a_daemon_that_comes_later_does_it(play: Play) -> None:
    catalog = catalog_of(job="steps: [{id: e, for: {in: '${input.l}'}, do: [{module: m, action: go}]}]")
    first: Daemon
    async with play.house.daemon(catalog) as first:
        await play.house.store.pauses.pause("m", "")

        async def is_seen() -> bool:
            return first._pausing.why("m") == ""

        await play.house.until(is_seen)
        run = await play.start(data={"l": list(range(450))})
        await held(play, 450)
    assert await play.house.store.pauses.resume("m")
    await play.serve(catalog)
    await play.work("m", {})
    assert (await play.ended(run)).status == "completed"
    await held(play, 0)
