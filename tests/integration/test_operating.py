"""What operators do to runs: pause, resume, retry, skip, signal, rerun; each by a message, each told once."""

from __future__ import annotations

from typing import Any

from resistor.engine.identity import run_id_of
from resistor.engine.run import RunStatus
from tests.integration.play import Ended, Play
from tests.integration.worker import HOLD, done, echo, failed

BROKEN = failed("broken", retryable=False)
THREE = """
steps:
  - {module: m, action: a}
  - {module: m, action: b, retry: none}
  - {module: m, action: c, with: {b: "${steps.b.output}"}}
"""


def order_of(ended: Ended) -> list[str]:
    """The run's own facts, in order."""
    return ended.facts()


# ---------------------------------------------------------------------------------------------- pausing


async def test_nothing_new_begins_in_a_paused_run_and_what_was_out_is_kept(play: Play) -> None:
    await play.begin(None, job=THREE)
    run = await play.start()
    a = await play.out.action("m")
    await play.command("pause", run, why="the bank is down", by="ann")
    await play.house.until(lambda: _is(play, run, RunStatus.PAUSED))
    await play.out.complete(a, 1)
    await play.reaches(run, "a", "completed")
    assert await play.out.depth("resistor.module.m") == 0
    await play.command("resume", run, by="ann")
    await play.work("m", {})
    ended = await play.ended(run)
    assert play.m.actions() == ["b", "c"]
    assert order_of(ended) == ["run_started", "run_paused", "run_resumed", "run_completed"]


async def _is(play: Play, run: str, status: RunStatus) -> bool:
    found = await play.house.run(run)
    return found is not None and found.state.status is status


async def test_an_order_that_is_delivered_again_is_not_followed_again(play: Play) -> None:
    await play.begin(None, job="steps: [{module: m, action: a}]")
    run = await play.start()
    action = await play.out.action("m")
    for verb, message_id in (("pause", "p1"), ("resume", "r1"), ("pause", "p1"), ("pause", "p1")):
        await play.out.publish("resistor.commands", verb, {"verb": verb, "run": run}, message_id=message_id)
    await play.out.complete(action)
    ended = await play.ended(run)
    assert ended.facts().count("run_paused") == 1
    assert ended.status == "completed"


async def test_a_run_that_is_paused_before_its_end_is_undone_when_it_goes_on(play: Play) -> None:
    await play.begin(
        None,
        job="""
        steps:
          - {module: m, action: a, compensate: {module: m, action: undo}}
          - {module: m, action: b, retry: none}
        """,
    )
    run = await play.start()
    await play.out.complete(await play.out.action("m"))
    b = await play.out.action("m")
    await play.command("pause", run)
    await play.house.until(lambda: _is(play, run, RunStatus.PAUSED))
    await play.out.answer(b, BROKEN)
    await play.reaches(run, "b", "failed")
    assert await play.out.depth("resistor.module.m") == 0
    await play.command("resume", run)
    undo = await play.out.action("m")
    assert undo.type == "undo"
    await play.out.complete(undo)
    assert (await play.ended(run)).status == "failed"


# ---------------------------------------------------------------------------------------------- retrying


async def test_a_failed_run_that_is_retried_goes_on_where_it_stopped(play: Play) -> None:
    await play.begin({"b": [BROKEN, done(2)]}, job=THREE)
    run = await play.start()
    assert (await play.ended(run)).status == "failed"
    first = play.m.seen[1]
    await play.command("retry", run, by="ann", why="the bank is back")
    await play.house.until(lambda: _is(play, run, RunStatus.COMPLETED))
    ended = await play.ended(run)
    assert play.m.actions() == ["a", "b", "b", "c"]
    assert play.m.seen[2]["idempotency_key"] == first["idempotency_key"]
    assert (first["attempt"], play.m.seen[2]["attempt"]) == (1, 2)
    assert play.m.seen[3]["input"] == {"b": 2}
    assert order_of(ended) == ["run_started", "run_failed", "run_retried", "run_completed"]


async def test_all_failed_branches_are_retried_or_one(play: Play) -> None:
    fork = """
    steps:
      - fork:
          on_error: finish
          branches:
            x: [{module: m, action: x, retry: none}]
            y: [{module: m, action: y, retry: none}]
            z: [{module: m, action: z}]
        id: all
    """
    await play.begin({"x": [BROKEN, done(1)], "y": [BROKEN, BROKEN, done(2)]}, job=fork)
    run = await play.start()
    await play.ended(run)
    await play.command("retry", run, step="all/y")
    await play.house.until(lambda: _tried(play, "y", 2))
    await play.house.until(lambda: _is(play, run, RunStatus.FAILED))
    assert sorted(play.m.actions()) == ["x", "y", "y", "z"]
    await play.command("retry", run)
    await play.house.until(lambda: _is(play, run, RunStatus.COMPLETED))
    assert sorted(play.m.actions()) == ["x", "x", "y", "y", "y", "z"]


async def _tried(play: Play, action: str, times: int) -> bool:
    return play.m.actions().count(action) == times


async def test_a_run_whose_work_was_undone_cannot_be_retried_and_says_so(play: Play) -> None:
    await play.begin(
        {"b": BROKEN},
        job="""
        steps:
          - {module: m, action: a, compensate: {module: m, action: undo}}
          - {module: m, action: b, retry: none}
        """,
    )
    run = await play.start()
    await play.ended(run)
    await play.command("retry", run)
    letter = await play.out.dead()
    assert "was undone" in str(letter.headers["resistor-detail"])


async def test_a_retried_run_with_a_concurrency_key_waits_for_its_slot(play: Play) -> None:
    limited = "concurrency: {key: '1', limit: 1}\nsteps: [{module: m, action: a, retry: none}]"
    await play.begin({"a": [BROKEN, HOLD, done(1)]}, job=limited)
    first = await play.start()
    await play.ended(first)
    second = await play.start()
    await play.reaches(second, "a", "scheduled")
    await play.command("retry", first)
    await play.house.until(lambda: _is(play, first, RunStatus.RUNNING))
    await play.command("terminate", second)
    await play.house.until(lambda: _is(play, first, RunStatus.COMPLETED))
    assert play.m.actions() == ["a", "a", "a"]


async def test_retrying_a_parent_retries_its_child_and_the_other_way_round(play: Play) -> None:
    workflows = {
        "job": """
            steps:
              - {module: m, action: before}
              - {run: {workflow: inner}, id: inner}
              - {module: m, action: after}
        """,
        "inner": "steps: [{module: m, action: one}, {module: m, action: two, retry: none}]",
    }
    await play.begin({"two": [BROKEN, BROKEN, done(1)]}, **workflows)
    run = await play.start()
    await play.ended(run)
    await play.command("retry", run)
    await play.house.until(lambda: _tried(play, "two", 2))
    await play.house.until(lambda: _is(play, run, RunStatus.FAILED))
    [child] = await play.runs("inner")
    await play.command("retry", child.id)
    await play.house.until(lambda: _is(play, run, RunStatus.COMPLETED))
    assert play.m.actions() == ["before", "one", "two", "two", "two", "after"]


# ----------------------------------------------------------------------------- skipping and signalling


async def test_a_step_that_hangs_is_skipped_with_a_given_output(play: Play) -> None:
    await play.begin({"b": HOLD, "c": echo}, job=THREE)
    run = await play.start()
    await play.reaches(run, "b", "scheduled")
    await play.command("skip", run, step="b", output={"by": "hand"}, by="ann")
    ended = await play.ended(run)
    assert ended.gave("c") == {"b": {"by": "hand"}}
    assert "step_overridden" in ended.facts("b")


async def test_a_step_that_failed_is_skipped_and_its_run_goes_on_behind_it(play: Play) -> None:
    await play.begin({"b": BROKEN, "c": echo}, job=THREE)
    run = await play.start()
    await play.ended(run)
    await play.command("skip", run, step="b", output=7)
    await play.house.until(lambda: _is(play, run, RunStatus.COMPLETED))
    assert (await play.ended(run)).gave("c") == {"b": 7}


async def test_a_signal_reaches_one_run_only_whatever_its_business_key(play: Play) -> None:
    listens = """
    steps:
      - listen: {event: parcel.arrived, key: {event: event.data.parcel, run: input.parcel}}
        id: parcel
    """
    await play.begin(None, job=listens)
    one, other = await play.start(data={"parcel": 1}), await play.start(data={"parcel": 1})
    for run in (one, other):
        await play.reaches(run, "parcel", "waiting")
    await play.command("signal", one, event="parcel.arrived", data={"parcel": 99})
    assert (await play.ended(one)).gave("parcel") == {"parcel": 99}
    assert await _is(play, other, RunStatus.RUNNING)
    await play.command("terminate", other)
    await play.ended(other)


async def test_a_signal_that_nobody_waits_for_is_a_dead_letter(play: Play) -> None:
    await play.begin({"a": HOLD}, job="steps: [{module: m, action: a}]")
    run = await play.start()
    await play.reaches(run, "a", "scheduled")
    await play.command("signal", run, event="parcel.arrived", data={})
    letter = await play.out.dead()
    assert "listens for parcel.arrived" in str(letter.headers["resistor-detail"])
    await play.command("terminate", run)
    await play.ended(run)


# --------------------------------------------------------------------------------------------- rerunning


async def test_a_rerun_begins_at_a_step_with_the_results_before_it_and_another_input(play: Play) -> None:
    job = """
    steps:
      - {module: m, action: a}
      - {module: m, action: b, with: {a: "${steps.a.output}", now: "${input.n}"}}
    """
    await play.begin({"a": done("kept"), "b": echo}, job=job)
    old = await play.start(data={"n": 1})
    await play.ended(old)
    new = await _rerun(play, old, "b", "again", input={"n": 2})
    ended = await play.ended(new)
    assert play.m.actions() == ["a", "b", "b"]
    assert ended.gave("b") == {"a": "kept", "now": 2}
    assert ended.run.origin.rerun_of == old
    assert play.m.seen[1]["idempotency_key"] != play.m.seen[2]["idempotency_key"]


async def _rerun(play: Play, old: str, step: str, key: str, **more: Any) -> str:
    new = run_id_of("shop", "job", key)
    await play.command(
        "start",
        new,
        namespace="shop",
        workflow="job",
        version=1,
        key=key,
        rerun_of=old,
        rerun_at=step,
        **more,
    )
    return new


async def test_a_rerun_that_would_build_on_what_was_undone_is_refused(play: Play) -> None:
    await play.begin(
        {"b": BROKEN},
        job="""
        steps:
          - {module: m, action: a, compensate: {module: m, action: undo}}
          - {module: m, action: b, retry: none}
        """,
    )
    old = await play.start()
    await play.ended(old)
    await _rerun(play, old, "b", "again")
    letter = await play.out.dead()
    assert "step a was undone" in str(letter.headers["resistor-detail"])


# ---------------------------------------------------------------------------------------------- blocked


async def test_a_step_whose_module_has_no_queue_is_blocked_and_goes_on_when_it_has(play: Play) -> None:
    await play.begin(
        None,
        settings={"outbox_grace_seconds": 0.1},
        job="steps: [{module: m, action: a}, {module: gone, action: b, timeout: 5s}]",
    )
    channel = await play.out._connection.channel()
    await channel.queue_delete("resistor.module.gone")
    run = await play.start()
    await play.out.complete(await play.out.action("m"))
    await play.house.until(lambda: _is_blocked(play, run))
    found = await play.house.run(run)
    assert found is not None
    assert "has no queue" in (found.steps["b"].blocked or "")
    assert found.steps["b"].deadline is None
    queue = await channel.declare_queue(
        "resistor.module.gone", durable=True, arguments={"x-queue-type": "quorum"}
    )
    await queue.bind("resistor.actions", "gone")
    action = await play.out.action("gone")
    await play.house.until(lambda: _is_unblocked(play, run))
    await play.out.complete(action)
    ended = await play.ended(run)
    assert ended.facts("b")[:3] == ["step_scheduled", "step_blocked", "step_unblocked"]


async def _is_unblocked(play: Play, run: str) -> bool:
    return not await _is_blocked(play, run)


async def _is_blocked(play: Play, run: str) -> bool:
    found = await play.house.run(run)
    return found is not None and "b" in found.steps and found.steps["b"].blocked is not None
