"""How runs end: badly, undone, on command, in time or not."""

from __future__ import annotations

from tests.integration.play import Play
from tests.integration.worker import HOLD, Script, echo, failed

FAILS = failed("broken", "it broke", retryable=False)

TRIP = """
steps:
  - module: m
    action: flight
    compensate: {module: m, action: no_flight, with: {seat: "${steps.flight.output}"}}
  - {module: m, action: hotel, compensate: {module: m, action: no_hotel}}
  - {module: m, action: visa}
  - {module: m, action: car, retry: none, compensate: {module: m, action: no_car}}
on_failure:
  - {module: m, action: tell, with: {why: "${error.type}", step: "${error.step}"}}
finally:
  - {module: m, action: clean}
"""


async def test_what_completed_is_undone_last_first_then_on_failure_then_finally(play: Play) -> None:
    await play.begin(
        {"flight": {"status": "completed", "output": "12A"}, "car": FAILS, "tell": echo}, job=TRIP
    )
    ended = await play.play()
    assert play.m.actions() == [
        "flight",
        "hotel",
        "visa",
        "car",
        "no_hotel",
        "no_flight",
        "tell",
        "clean",
    ]
    assert play.m.seen[5]["input"] == {"seat": "12A"}
    assert play.m.seen[6]["input"] == {"why": "broken", "step": "car"}
    assert (ended.status, ended.run.state.undone) == ("failed", True)
    assert [ended.step(each) for each in ("flight", "hotel", "visa")] == [
        "compensated",
        "compensated",
        "completed",
    ]


async def test_a_cancelled_run_is_undone_and_cleaned_up_but_has_not_failed(play: Play) -> None:
    await play.begin({"car": HOLD}, job=TRIP)
    run = await play.start()
    await play.reaches(run, "car", "scheduled")
    await play.command("cancel", run, why="changed my mind", by="ann")
    ended = await play.ended(run)
    assert play.m.actions()[-3:] == ["no_hotel", "no_flight", "clean"]
    assert (ended.status, ended.run.state.undone) == ("cancelled", True)
    assert "changed my mind" in ended.error.message
    assert ended.step("car") == "cancelled"


async def test_a_compensation_that_fails_is_reported_and_stops_no_other(play: Play) -> None:
    script: dict[str, Script] = {"car": FAILS, "no_hotel": FAILS}
    await play.begin(script, job=TRIP)
    ended = await play.play()
    assert play.m.actions()[4:6] == ["no_hotel", "no_flight"]
    assert (ended.status, ended.run.state.undone) == ("failed", False)
    assert "compensation_failed" in ended.facts("hotel")


async def test_a_compensation_has_retries_of_its_own(play: Play) -> None:
    await play.begin(
        {"undo": [failed("busy"), failed("busy"), {"status": "completed", "output": None}]},
        job="""
        steps:
          - module: m
            action: do_it
            compensate: {module: m, action: undo, retry: {limit: 3, delay: 20ms}}
          - raise: {type: no_more}
        """,
    )
    ended = await play.play()
    assert ended.run.state.undone is True
    assert [body["attempt"] for body in play.m.seen if body["action"] == "undo"] == [1, 2, 3]
    assert len({body["idempotency_key"] for body in play.m.seen}) == 2


async def test_a_step_that_was_done_twice_is_undone_twice(play: Play) -> None:
    await play.begin(
        {"book": echo},
        job="""
        steps:
          - set: {round: "${has(vars.round) ? vars.round + 1 : 1}"}
            id: count
          - id: book
            module: m
            action: book
            with: {n: "${vars.round}"}
            compensate: {module: m, action: unbook, with: {n: "${steps.book.output.n}"}}
          - {id: again, if: vars.round < 2, wait: 10ms, then: count}
          - raise: {type: no_more}
        """,
    )
    await play.play()
    assert [body["input"]["n"] for body in play.m.seen if body["action"] == "unbook"] == [2, 1]


async def test_a_run_that_takes_too_long_is_timed_out_behind_its_finally(play: Play) -> None:
    await play.begin(
        {"slow": HOLD},
        job="""
        timeout: 100ms
        steps: [{module: m, action: slow}]
        on_failure: [{module: m, action: tell}]
        finally: [{module: m, action: clean}]
        """,
    )
    ended = await play.play()
    assert (ended.status, ended.error.type) == ("timed_out", "timeout")
    assert play.m.actions() == ["slow", "tell", "clean"]


async def test_finally_runs_behind_a_run_that_completed_and_its_failure_makes_it_failed(play: Play) -> None:
    await play.begin(
        {"clean": [{"status": "completed", "output": 2}, FAILS]},
        job="""
        steps: [{set: {a: 1}}]
        output: {a: "${vars.a}"}
        finally: [{module: m, action: clean, retry: none}]
        """,
    )
    ended = await play.play()
    assert (ended.status, ended.output) == ("completed", {"a": 1})
    assert (await play.play()).status == "failed"


async def test_a_terminated_run_ends_at_once_and_nothing_of_it_runs_any_more(play: Play) -> None:
    await play.begin({"car": HOLD}, job=TRIP)
    run = await play.start()
    await play.reaches(run, "car", "scheduled")
    await play.command("terminate", run)
    ended = await play.ended(run)
    assert (ended.status, ended.step("car")) == ("terminated", "cancelled")
    assert play.m.actions() == ["flight", "hotel", "visa", "car"]


async def test_a_second_cancel_and_one_that_comes_too_late_change_nothing(play: Play) -> None:
    await play.begin(job="steps: [{wait: 1h}]\nfinally: [{module: m, action: clean}]")
    run = await play.start()
    await play.reaches(run, "wait", "waiting")
    await play.command("cancel", run)
    clean = await play.out.action("m")
    await play.command("cancel", run, why="again")
    await play.house.counted("messages", ("resistor.commands", "duplicate"), 1)
    await play.out.complete(clean)
    assert (await play.ended(run)).status == "cancelled"
    await play.command("cancel", run)
    await play.house.counted("messages", ("resistor.commands", "stale"), 1)


async def test_a_command_for_a_run_that_nobody_knows_is_a_dead_letter(play: Play) -> None:
    await play.begin(job="steps: []")
    await play.command("cancel", "a" * 20)
    letter = await play.out.dead()
    assert letter.headers["resistor-reason"] == "unknown_run"


async def test_labels_are_made_of_the_input_and_can_be_searched(play: Play) -> None:
    await play.begin(job="labels: {customer: '${input.customer}', kind: order}\nsteps: []")
    mine = (await play.play(data={"customer": 7})).run
    await play.play(data={"customer": 8})
    assert mine.origin.labels == {"customer": "7", "kind": "order"}
    assert [run.id for run in await play.runs(labels={"customer": "7"})] == [mine.id]
    assert len(await play.runs(labels={"kind": "order"})) == 2


async def test_a_run_of_no_steps_completes_at_once_with_no_output(play: Play) -> None:
    await play.begin(job="steps: []")
    ended = await play.play()
    assert (ended.status, ended.output) == ("completed", None)
