"""Limits of modules: how many actions are out at once, how often they go out, and in which order."""

from __future__ import annotations

from typing import Any

import pytest

from resistor.catalog import Catalog, load_text
from resistor.engine.facts import FactName
from resistor.ports import GateView
from tests.integration.outside import body_of
from tests.integration.play import Play, text_of
from tests.integration.worker import done, failed

ONE = "steps: [{id: go, module: m, action: go}]"


def catalog(modules: str, **workflows: str) -> Catalog:
    """Workflows, and what holds for module `m`."""
    return load_text(f"modules: {{m: {modules}}}\n{text_of(workflows)}".encode()).or_raise()


async def gate(play: Play, name: str) -> GateView:
    [view] = await play.house.store.gates.look([name])
    return view


async def waits(play: Play, name: str, outside: int) -> None:
    """Wait until so many actions wait at a gate."""

    async def do() -> bool:
        return (await gate(play, name)).outside == outside

    await play.house.until(do)


async def empties(play: Play, name: str) -> None:
    """Wait until nobody is at a gate."""

    async def does() -> bool:
        return await gate(play, name) == GateView(0, 0)

    await play.house.until(does)


async def take(play: Play) -> Any:
    """Take the next action of module `m`."""
    return await play.out.action("m")


async def test_as_many_actions_as_the_limit_are_out_over_all_runs_and_daemons(play: Play) -> None:
    definitions = catalog("{concurrency: 3}", job=ONE, other=ONE)
    await play.serve(definitions)
    await play.serve(definitions)
    runs = [await play.start(name) for name in ("job", "other") * 5]
    await waits(play, "m concurrency", 7)
    actions = [await take(play) for _ in range(3)]
    for _ in range(7):
        assert await play.out.depth("resistor.module.m") == 0
        await play.out.complete(actions.pop())
        actions.append(await take(play))
    for action in actions:
        await play.out.complete(action)
    assert {(await play.ended(run)).status.value for run in runs} == {"completed"}
    await empties(play, "m concurrency")


async def test_actions_with_the_same_key_go_out_one_after_the_other_in_the_order_in_which_they_came(
    play: Play,
) -> None:
    limit = "{actions: {go: {concurrency: {key: '${input.account}', limit: 1}}}}"
    step = "steps: [{module: m, action: go, with: {account: '${input.of}', number: '${input.number}'}}]"
    await play.serve(catalog(limit, job=step))
    name = 'm/go concurrency="a"'
    runs = []
    for number in range(4):
        runs.append(await play.start(data={"of": "a", "number": number}))
        await waits(play, name, number)
    other = await play.start(data={"of": "b", "number": 9})
    first, second = sorted(
        [await take(play), await take(play)], key=lambda each: body_of(each)["input"]["number"]
    )
    assert second.correlation_id == other
    await play.out.complete(second)
    for run in runs:
        assert first.correlation_id == run
        assert await play.out.depth("resistor.module.m") == 0
        await play.out.complete(first)
        first = await take(play) if run != runs[-1] else first
    for run in [*runs, other]:
        assert (await play.ended(run)).status == "completed"
    await empties(play, name)


async def test_of_those_who_wait_the_highest_priority_goes_first(play: Play) -> None:
    step = "steps: [{module: m, action: go, priority: %d}]"
    await play.serve(catalog("{concurrency: 1}", low=step % 0, mid=step % 5, high=step % 9))
    first = await play.start("low")
    action = await take(play)
    waiting = []
    for number, name in enumerate(("low", "mid", "high", "mid"), start=1):
        waiting.append(await play.start(name))
        await waits(play, "m concurrency", number)
    order = [first]
    for _ in waiting:
        await play.out.complete(action)
        action = await take(play)
        order.append(action.correlation_id)
    await play.out.complete(action)
    assert order == [first, waiting[2], waiting[1], waiting[3], waiting[0]]
    for run in order:
        await play.ended(run)


async def test_a_rate_is_never_exceeded_in_any_window_by_the_moments_that_it_gives(play: Play) -> None:
    definitions = catalog("{rate: 50/s}", job=ONE)
    await play.serve(definitions)
    await play.serve(definitions)
    await play.work("m", {})
    ended = [await play.ended(run) for run in [await play.start() for _ in range(120)]]
    moments = sorted(
        fact.details["from"] for each in ended for fact in each.history if fact.name is FactName.STEP_ADMITTED
    )
    assert len(moments) == 120
    assert min(later - earlier for earlier, later in zip(moments, moments[50:], strict=False)) >= 0.9999
    for each in ended:
        [scheduled] = [fact.at for fact in each.history if fact.name is FactName.STEP_SCHEDULED]
        [admitted] = [fact for fact in each.history if fact.name is FactName.STEP_ADMITTED]
        assert scheduled >= admitted.details["from"], "none goes out before its moment"


async def test_a_step_s_time_runs_from_when_it_goes_out_and_its_token_too(play: Play) -> None:
    await play.serve(catalog("{concurrency: 1}", job="steps: [{id: go, module: m, action: go, timeout: 1h}]"))
    runs = [await play.start(), await play.start()]
    await waits(play, "m concurrency", 1)
    action = await take(play)
    [waiting] = set(runs) - {action.correlation_id}
    found = await play.house.run(waiting)
    assert found is not None
    assert (found.steps["go"].status, found.steps["go"].deadline) == ("waiting", None)
    await play.out.complete(action)
    await play.out.complete(await take(play))
    for run in runs:
        history = (await play.ended(run)).history
        at = {fact.name: fact.at for fact in history if fact.step == "go"}
        assert (await play.ended(run)).run.steps["go"].scheduled_at == at[FactName.STEP_SCHEDULED]


@pytest.mark.parametrize(
    "how", ["completed", "failed", "later", "cancelled", "terminated", "timed_out", "retried"]
)
async def test_a_place_comes_free_however_the_attempt_ends(play: Play, how: str) -> None:
    timeout = "200ms" if how == "timed_out" else "1h"
    retry = "{limit: 2, delay: 1h}" if how == "retried" else "none"
    step = f"steps: [{{id: go, module: m, action: go, timeout: {timeout}, retry: {retry}}}]"
    await play.serve(catalog("{concurrency: 1}", job=step))
    runs = [await play.start(), await play.start()]
    await waits(play, "m concurrency", 1)
    action = await take(play)
    first = action.correlation_id
    match how:
        case "completed":
            await play.out.complete(action)
        case "failed" | "retried":
            await play.out.answer(action, failed("x"))
        case "later":
            await play.out.answer(action, {"status": "later", "after": 3600})
        case "cancelled" | "terminated":
            await play.command({"cancelled": "cancel", "terminated": "terminate"}[how], first)
    turn = await take(play)
    assert turn.correlation_id == (set(runs) - {first}).pop()
    await play.out.complete(turn)
    if how in ("later", "retried"):
        await play.command("cancel", first)
    for run in runs:
        await play.ended(run)
    await empties(play, "m concurrency")


async def test_a_run_that_is_cancelled_while_it_waits_is_passed_over(play: Play) -> None:
    await play.serve(catalog("{concurrency: 1}", job=ONE))
    runs = []
    for number in range(3):
        runs.append(await play.start())
        await waits(play, "m concurrency", number)
    await play.command("cancel", runs[1])
    await play.ended(runs[1])
    await waits(play, "m concurrency", 1)
    for run in (runs[0], runs[2]):
        action = await take(play)
        assert action.correlation_id == run
        await play.out.complete(action)
        assert (await play.ended(run)).status == "completed"
    await empties(play, "m concurrency")


async def test_an_attempt_that_is_made_again_waits_for_its_turn_again(play: Play) -> None:
    step = "steps: [{id: go, module: m, action: go, retry: {limit: 3, delay: 10ms}}]"
    await play.serve(catalog("{concurrency: 1, rate: 1000/s}", job=step))
    await play.work("m", {"go": [failed("x"), failed("x"), done({"ok": True})]})
    ended = await play.play()
    assert (ended.status, ended.gave("go")) == ("completed", {"ok": True})
    facts = ended.facts("go")
    assert facts.count("step_queued") == 3
    assert facts.count("step_admitted") == 6, "each of its two gates lets each attempt through"
    assert facts.count("step_scheduled") == 3
    await empties(play, "m concurrency")


async def test_a_compensation_is_an_action_of_its_module_too(play: Play) -> None:
    step = (
        "steps:\n  - {module: m, action: go, compensate: {module: m, action: undo}}\n  - {raise: {type: x}}"
    )
    await play.serve(catalog("{actions: {undo: {concurrency: 1, rate: 1000/s}}}", job=step))
    await play.work("m", {})
    ended = await play.play()
    assert (ended.status, ended.run.state.undone) == ("failed", True)
    assert ended.facts("go/compensate")[:3] == ["step_queued", "step_admitted", "step_admitted"]
    await empties(play, "m/undo concurrency")


async def test_a_run_that_is_terminated_in_the_middle_of_a_compensation_takes_no_place(play: Play) -> None:
    step = (
        "steps:\n  - {module: n, action: go, compensate: {module: m, action: undo}}\n  - {raise: {type: x}}"
    )
    await play.serve(catalog("{concurrency: 1}", job=step))
    await play.work("n", {})
    runs = [await play.start(), await play.start()]
    await waits(play, "m concurrency", 1)
    action = await take(play)
    await play.command("terminate", action.correlation_id)
    second = await take(play)
    assert {action.correlation_id, second.correlation_id} == set(runs)
    await play.out.complete(second)
    assert (await play.ended(action.correlation_id)).status == "terminated"
    assert (await play.ended(second.correlation_id)).run.state.undone is True
    await empties(play, "m concurrency")


async def test_a_key_that_cannot_be_had_fails_the_step(play: Play) -> None:
    limit = "{actions: {go: {concurrency: {key: '${input.account}', limit: 1}}}}"
    await play.serve(catalog(limit, job="steps: [{id: go, module: m, action: go, with: {x: 1}}]"))
    ended = await play.play()
    assert (ended.status, ended.error.type, ended.error.step) == ("failed", "expression", "go")
    assert "account" in ended.error.message


async def test_the_items_of_a_for_pass_the_gates_side_by_side(play: Play) -> None:
    steps = (
        "steps: [{id: each, for: {in: '${input.l}'}, do: [{module: m, action: go, with: {n: '${item}'}}]}]"
    )
    await play.serve(catalog("{concurrency: 4}", job=steps))
    run = await play.start(data={"l": list(range(20))})
    await waits(play, "m concurrency", 16)
    actions = [await take(play) for _ in range(4)]
    for _ in range(16):
        assert await play.out.depth("resistor.module.m") == 0
        action = actions.pop()
        await play.out.complete(action, body_of(action)["input"]["n"])
        actions.append(await take(play))
    for action in actions:
        await play.out.complete(action, body_of(action)["input"]["n"])
    ended = await play.ended(run)
    assert (ended.status, ended.output) == ("completed", list(range(20)))
    await empties(play, "m concurrency")
