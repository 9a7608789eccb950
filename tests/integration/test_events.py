"""Waiting for time and for events, and making events."""

from __future__ import annotations

import pytest

from resistor.engine.facts import FactName
from tests.integration.outside import header_of
from tests.integration.play import Play
from tests.integration.worker import done, echo

BY_KEY = "listen: {event: paid, key: {event: event.data.order, run: input.order}%s}"


def listening(more: str = "") -> str:
    """A workflow that waits for the payment of its order."""
    return f"steps: [{{{BY_KEY % more}}}]"


async def paid(play: Play, order: object, *, id: str | None = None, **data: object) -> str:  # noqa: A002
    return await play.out.event("shop.paid", {"order": order, **data}, id=id)


async def no_other_letter(play: Play) -> None:
    """Assert that no event before this has become a dead letter: they go through one queue in order."""
    await play.out.event("shop.nobody_knows", {})
    letter = await play.out.dead()
    assert header_of(letter, "resistor-origin-routing-key") == "shop.nobody_knows"


# ------------------------------------------------------------------------------------------------ wait


async def test_a_wait_takes_its_time_and_not_much_more(play: Play) -> None:
    await play.begin(job="steps: [{wait: 100ms}, {wait: {until: 'run.started_at + duration(\"0.2s\")'}}]")
    ended = await play.play()
    assert ended.seconds(FactName.STEP_STARTED, FactName.STEP_COMPLETED, "wait") >= 0.1
    assert (ended.status, ended.output) == ("completed", None)


# ---------------------------------------------------------------------------------------------- listen


async def test_an_event_is_heard_by_the_run_with_its_key_and_by_no_other(play: Play) -> None:
    await play.begin(job=listening())
    first = await play.start(data={"order": 1})
    second = await play.start(data={"order": "1"})  # another key: text is no number
    for run in (first, second):
        await play.reaches(run, "listen", "waiting")
    await paid(play, "1", amount=20)
    await paid(play, 2)
    assert (await play.ended(second)).output == {"order": "1", "amount": 20}
    await paid(play, 1, amount=10)
    assert (await play.ended(first)).output == {"order": 1, "amount": 10}
    await no_other_letter(play)


async def test_an_event_that_came_before_counts_where_there_is_a_buffer(play: Play) -> None:
    await play.begin(buffered=listening(", buffer: 1h"), deaf=listening())
    await paid(play, 1, n="early")
    assert (await play.play("buffered", {"order": 1})).output["n"] == "early"
    deaf = await play.start("deaf", {"order": 1})
    await play.reaches(deaf, "listen", "waiting")
    await paid(play, 1, n="late")
    assert (await play.ended(deaf)).output["n"] == "late"


async def test_an_event_that_nobody_could_hear_yet_waits_for_its_run_to_get_there(play: Play) -> None:
    await play.begin(
        job="""
        steps:
          - {module: m, action: prepare}
          - listen: {event: paid, key: {event: event.data.order, run: input.order}, buffer: 1h}
        """
    )
    run = await play.start(data={"order": 1})
    prepare = await play.out.action("m")
    await paid(play, 1, n="while it was busy")
    await no_other_letter(play)
    await play.out.complete(prepare)
    assert (await play.ended(run)).output["n"] == "while it was busy"


async def test_the_same_event_counts_once_in_a_run(play: Play) -> None:
    await play.begin(job=listening(", count: 2"))
    run = await play.start(data={"order": 1})
    await play.reaches(run, "listen", "waiting")
    for event_id in ("a", "a", "a", "b"):
        await paid(play, 1, id=event_id, by=event_id)
    assert [each["by"] for each in (await play.ended(run)).output] == ["a", "b"]


async def test_an_event_counts_once_even_for_two_steps_of_a_run(play: Play) -> None:
    listen = BY_KEY % ", buffer: 1h"
    await play.begin(job=f"steps: [{{id: one, {listen}}}, {{id: two, {listen}}}]")
    run = await play.start(data={"order": 1})
    await paid(play, 1, id="a", by="a")
    await play.reaches(run, "two", "waiting")
    await paid(play, 1, id="b", by="b")
    ended = await play.ended(run)
    assert (ended.gave("one")["by"], ended.gave("two")["by"]) == ("a", "b")


async def test_an_early_event_that_does_not_match_is_passed_over(play: Play) -> None:
    await play.begin(job="steps: [{listen: {event: paid, match: event.data.amount > 1, buffer: 1h}}]")
    await play.out.event("shop.paid", {"amount": 1})
    await play.out.event("shop.paid", {"amount": 2})
    assert (await play.play()).output == {"amount": 2}


async def test_without_a_key_match_says_what_is_heard(play: Play) -> None:
    await play.begin(
        job="""
        steps:
          - listen: {event: paid, match: "event.data.amount >= input.amount && event.type == 'paid'"}
        """
    )
    run = await play.start(data={"amount": 10})
    await play.reaches(run, "listen", "waiting")
    await play.out.event("shop.paid", {"amount": 9})
    await play.out.event("shop.paid", {"no": "amount"})
    await play.out.event("shop.paid", {"amount": 10})
    assert (await play.ended(run)).output == {"amount": 10}
    await no_other_letter(play)


async def test_a_listen_that_hears_nothing_in_time_fails_with_timeout(play: Play) -> None:
    await play.begin(job=listening(", timeout: 60ms"))
    ended = await play.play(data={"order": 1})
    assert (ended.status, ended.error.type) == ("failed", "timeout")


async def test_a_listen_in_a_race_leaves_no_subscription_when_it_loses(play: Play) -> None:
    await play.begin(
        job=f"""
        steps:
          - fork:
              join: any
              branches:
                paid: [{{{BY_KEY % ""}}}]
                late: [{{wait: 50ms}}]
        """
    )
    ended = await play.play(data={"order": 1})
    assert ended.step("fork/paid/listen") == "cancelled"
    await paid(play, 1)
    await no_other_letter(play)


async def test_an_event_may_start_a_run_and_be_heard_by_another(play: Play) -> None:
    await play.begin(job=listening(), paid="steps: []")
    run = await play.start(data={"order": 1})
    await play.reaches(run, "listen", "waiting")
    started = await play.start("paid", {"order": 1})
    assert (await play.ended(run)).status == "completed"
    assert (await play.ended(started)).status == "completed"


async def test_a_listener_in_another_daemon_hears_too(play: Play) -> None:
    await play.begin(job=listening())
    await play.begin(job=listening())
    runs = [await play.start(data={"order": number}) for number in range(6)]
    for number in range(6):
        await play.reaches(runs[number], "listen", "waiting")
        await paid(play, number)
    assert [(await play.ended(run)).output for run in runs] == [{"order": n} for n in range(6)]


# ------------------------------------------------------------------------------------------------ emit


async def test_an_emitted_event_starts_a_workflow_and_is_heard(play: Play) -> None:
    await play.begin(
        {"go": echo},
        job="""
        steps:
          - fork:
              branches:
                hears: [{listen: {event: paid, key: {event: event.data.order, run: input.order}, buffer: 1h}}]
                says: [{id: say, emit: {event: paid, data: {order: "${input.order}", by: "${run.id}"}}}]
        """,
        paid="steps: [{module: m, action: go}]",
    )
    ended = await play.play(data={"order": 5})
    assert ended.output["hears"] == {"order": 5, "by": ended.run.id}
    [started] = await play.runs("paid")
    assert (await play.ended(started.id)).output == {"order": 5, "by": ended.run.id}
    assert started.origin.event.id == f"{ended.run.id}:fork/says/say"


async def test_an_emitted_event_that_nobody_takes_is_no_dead_letter(play: Play) -> None:
    await play.begin(job="steps: [{id: a, emit: {event: whatever}}, {id: b, emit: {event: x, namespace: y}}]")
    assert (await play.play()).status == "completed"
    await no_other_letter(play)


# -------------------------------------------------------------------------------------------- triggers


@pytest.mark.parametrize(("amount", "actions"), [(5, []), (50, ["go"])])
async def test_a_trigger_starts_a_run_where_its_if_holds_with_an_input_of_its_own(
    play: Play, amount: int, actions: list[str]
) -> None:
    await play.begin(
        {"go": done()},
        job="""
        triggers: [{event: paid, if: input.amount > 10, input: {sum: "${input.amount}", of: "${event.type}"}}]
        steps: [{module: m, action: go}]
        """,
        paid="steps: []",
    )
    await play.ended(await play.start("paid", {"amount": amount}))
    await no_other_letter(play)
    for run in await play.runs("job"):
        await play.ended(run.id)
    assert play.m.actions() == actions
    assert [body["input"] for body in play.m.seen] == [{"sum": 50, "of": "paid"}] * len(actions)


async def test_a_triggering_event_that_comes_twice_starts_one_run(play: Play) -> None:
    await play.begin({}, job="triggers: [{event: paid}]\nsteps: [{module: m, action: go}]")
    for _ in range(3):
        await paid(play, 1, id="once")
    await play.house.counted("messages", ("resistor.events", "duplicate"), 2)
    [run] = await play.runs("job")
    await play.ended(run.id)
