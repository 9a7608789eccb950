"""Results that a module should not have sent."""

from __future__ import annotations

import json
from typing import Any

import pytest

from resistor.engine.run import RunStatus
from tests.integration.conftest import House
from tests.integration.outside import header_of
from tests.integration.play import Play
from tests.integration.test_main_job import run_of

bad_input = pytest.mark.bad_input


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        pytest.param(b"", "malformed", marks=bad_input(1)),
        pytest.param(b"nothing", "malformed", marks=bad_input(2)),
        pytest.param(b"[]", "malformed", marks=bad_input(3)),
        pytest.param(b"{}", "malformed", marks=bad_input(34)),
        pytest.param(b'{"status":"failed"}', "malformed", marks=bad_input(34)),
        pytest.param(
            b'{"status":"completed","output":1,"error":{"type":"x"}}', "malformed", marks=bad_input(34)
        ),
        pytest.param(b'{"status":"completed","output":NaN}', "malformed", marks=bad_input(7)),
        pytest.param(b'{"status":"later","after":1e400}', "malformed", marks=bad_input(8)),
        pytest.param(b'{"status":7}', "malformed", marks=bad_input(36)),
        pytest.param(b'{"status":null}', "malformed", marks=bad_input(36)),
        pytest.param(b'{"status":"failed","error":"no"}', "malformed", marks=bad_input(36)),
        pytest.param(b'{"status":"failed","error":{"type":7}}', "malformed", marks=bad_input(36)),
        pytest.param(
            b'{"status":"failed","error":{"type":"x","details":' + b"[" * 70 + b"]" * 70 + b"}}",
            "malformed",
            marks=bad_input(35),
        ),
    ],
)
async def test_a_malformed_result_is_a_dead_letter_and_the_step_can_still_be_answered(
    house: House, body: bytes, reason: str
) -> None:
    out = house.outside
    event_id = await out.event("shop.order.placed", {})
    charge = await out.action("payments")
    await out.answer(charge, body)
    assert header_of((await out.dead()), "resistor-reason") == reason
    await out.complete(charge, {"receipt": "r"})
    await out.complete(await out.action("parcel"))
    assert (await house.ended(run_of(event_id))).state.status is RunStatus.COMPLETED


@bad_input(36)
async def test_a_status_that_does_not_exist_fails_the_step(house: House) -> None:
    event_id = await house.outside.event("shop.order.placed", {})
    await house.outside.answer(await house.outside.action("payments"), {"status": "compelted"})
    failure = (await house.ended(run_of(event_id))).state.failure
    assert failure is not None
    assert (failure.type, failure.message) == ("validation", "the module answered with status 'compelted'")


@bad_input(36)
async def test_a_status_that_does_not_exist_can_be_caught_as_any_error(play: Play) -> None:
    catching = """
    steps:
      - {module: m, action: odd, catch: [{errors: [validation], do: [{module: m, action: mend}]}]}
    """
    await play.begin({"odd": {"status": "exploded"}}, job=catching)
    assert (await play.play()).status is RunStatus.COMPLETED
    assert play.m.actions() == ["odd", "mend"]


@bad_input(16)
@pytest.mark.parametrize("kib", [258, 1024])
async def test_a_result_over_the_limit_is_a_dead_letter_and_fails_the_step(house: House, kib: int) -> None:
    event_id = await house.outside.event("shop.order.placed", {})
    charge = await house.outside.action("payments")
    await house.outside.complete(charge, "x" * kib * 1024)
    assert header_of((await house.outside.dead()), "resistor-reason") == "too_large"
    failure = (await house.ended(run_of(event_id))).state.failure
    assert failure is not None
    assert failure.type == "payload_too_large"


@bad_input(16)
async def test_an_action_that_would_be_over_the_limit_fails_its_step_and_the_next_run_goes_out(
    play: Play,
) -> None:
    doubling = """
    steps:
      - {module: m, action: do, with: {a: "${input.text}", b: "${input.text}"}}
    """
    await play.begin({}, job=doubling)
    assert (await play.play(data={"text": "x" * 200 * 1024})).error.type == "payload_too_large"
    assert (await play.play(data={"text": "x"})).status is RunStatus.COMPLETED


@bad_input(35)
async def test_an_error_of_a_megabyte_fails_the_step_as_too_large(house: House) -> None:
    out = house.outside
    event_id = await out.event("shop.order.placed", {})
    error = {"type": "x", "message": "m" * 1024 * 1024}
    await out.answer(await out.action("payments"), {"status": "failed", "error": error})
    assert header_of(await out.dead(), "resistor-reason") == "too_large"
    failure = (await house.ended(run_of(event_id))).state.failure
    assert failure is not None
    assert failure.type == "payload_too_large"


@bad_input(35)
async def test_an_error_without_end_is_cut_and_its_markup_stays_text(house: House) -> None:
    out = house.outside
    event_id = await out.event("shop.order.placed", {})
    error = {
        "type": "<b>" * 100,
        "message": "<script>alert(1)</script>" * 1000,
        "details": ["d" * 20_000],
        "retryable": False,
    }
    await out.answer(await out.action("payments"), {"status": "failed", "error": error})
    failure = (await house.ended(run_of(event_id))).state.failure
    assert failure is not None
    assert (len(failure.type), len(failure.message)) == (128, 4096)
    assert failure.message.startswith("<script>alert(1)</script>")
    assert failure.details == "left out: larger than 16 KiB"


@bad_input(30)
async def test_a_result_that_comes_before_its_action_is_confirmed_is_applied(house: House) -> None:
    """The outbox still has the action when the answer is decided on: the answer settles it."""
    out = house.outside
    event_id = await out.event("shop.order.placed", {})
    charge = await out.action("payments")
    run = run_of(event_id)
    tag = house.store._keys.tag_of(run)
    await house.store._client.hset(f"{tag}:outbox:{run}", "charge", 1)  # as if the confirm had not come
    await out.complete(charge, {"receipt": "r"})
    await out.complete(await out.action("parcel"))
    ended = await house.ended(run)
    assert ended.state.status is RunStatus.COMPLETED
    assert ended.unconfirmed == frozenset()


@bad_input(31)
@pytest.mark.parametrize("verb", ["cancel", "terminate"])
async def test_a_result_for_a_run_that_was_ended_is_stale(play: Play, verb: str) -> None:
    await play.begin(job="steps: [{module: m, action: do}]")
    run = await play.start()
    action = await play.out.action("m")
    await play.command(verb, run)
    before = await play.ended(run)
    await play.out.complete(action, 1)
    await play.house.counted("messages", ("resistor.results", "stale"), 1)
    assert (await play.ended(run)).history == before.history


@bad_input(32)
async def test_a_result_of_an_older_attempt_is_stale(play: Play) -> None:
    await play.begin(job="steps: [{module: m, action: do, retry: {limit: 2, delay: 0s}}]")
    run = await play.start()
    first = await play.out.action("m")
    await play.out.answer(first, {"status": "failed", "error": {"type": "no"}})
    second = await play.out.action("m")
    await play.out.complete(first, "old")
    await play.house.counted("messages", ("resistor.results", "stale"), 1)
    await play.out.complete(second, "new")
    assert (await play.ended(run)).gave("do") == "new"


@bad_input(32)
async def test_a_result_of_a_step_that_is_not_reached_has_what_is_out_sent_again(house: House) -> None:
    """The store went back in time: what it knows of is sent again, and the answer waits for its turn."""
    out = house.outside
    event_id = await out.event("shop.order.placed", {})
    charge = await out.action("payments")
    run = run_of(event_id)
    before = await house.store._client.dump(f"{house.store._keys.tag_of(run)}:run:{run}")
    assert before is not None
    await out.complete(charge, {"receipt": "r"})
    ship = await out.action("parcel")
    await house.store._client.restore(f"{house.store._keys.tag_of(run)}:run:{run}", 0, before, replace=True)
    await out.complete(ship)
    again = await out.action("payments")
    assert header_of(again, "resistor-token") == header_of(charge, "resistor-token")
    assert json.loads(again.body) == json.loads(charge.body)
    await house.counted("messages", ("resistor.results", "ahead"), 1)


async def answered(house: House, body: Any) -> None:
    """Start a run and answer its first step."""
    await house.outside.event("shop.order.placed", {})
    await house.outside.answer(await house.outside.action("payments"), body)


@bad_input(43)
@pytest.mark.parametrize("after", [-5, 0])
async def test_a_module_that_wants_its_action_back_in_no_time_has_it_at_once(
    house: House, after: float
) -> None:
    await answered(house, {"status": "later", "after": after})
    assert (await house.outside.action("payments")).headers["resistor-attempt"] == 1
