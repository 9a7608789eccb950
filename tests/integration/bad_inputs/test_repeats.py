"""The same message again, and what only looks like it."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from resistor.engine.run import RunStatus
from tests.integration.conftest import House
from tests.integration.outside import header_of
from tests.integration.play import Play
from tests.integration.test_main_job import run_of

bad_input = pytest.mark.bad_input


@bad_input(28)
async def test_an_event_id_with_other_data_is_a_conflict_and_the_first_one_counts(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    out = house.outside
    await out.event("shop.order.placed", {"amount": 1}, id="o-1")
    charge = await out.action("payments")
    for amount in range(2, 12):
        await out.event("shop.order.placed", {"amount": amount}, id="o-1")
    await house.counted("messages", ("resistor.events", "conflict"), 10)
    run = await house.run(run_of("o-1"))
    assert run is not None
    assert json.loads(run.input) == {"amount": 1}
    assert json.loads(charge.body)["input"] == {"amount": 1}
    assert await out.depth("resistor.module.payments") == 0
    assert await out.depth("resistor.dead") == 0
    said = [record for record in caplog.records if "used before, with other data" in record.message]
    assert len(said) == 5  # the first few; the rest is a number


@bad_input(28)
@pytest.mark.parametrize("again", [b'{"b":[1,{}],"a":"x"}', b' { "a" : "\\u0078", "b" : [ 1, { } ] }'])
async def test_the_same_data_written_another_way_is_no_conflict(house: House, again: bytes) -> None:
    out = house.outside
    await out.event("shop.order.placed", b'{"a":"x","b":[1,{}]}', id="o-1")
    await out.action("payments")
    await out.event("shop.order.placed", again, id="o-1")
    await house.counted("messages", ("resistor.events", "duplicate"), 1)
    assert house.telemetry.counters.messages["resistor.events", "conflict"] == 0


@bad_input(28)
@pytest.mark.parametrize("again", [b'{"a":1.0}', b'{"a":true}', b'{"a":"1"}', b'{"a":[1]}', b"{}"])
async def test_what_only_python_takes_for_the_same_is_a_conflict(house: House, again: bytes) -> None:
    out = house.outside
    await out.event("shop.order.placed", b'{"a":1}', id="o-1")
    await out.action("payments")
    await out.event("shop.order.placed", again, id="o-1")
    await house.counted("messages", ("resistor.events", "conflict"), 1)


@bad_input(28)
async def test_a_conflict_repeats_what_was_not_confirmed(house: House) -> None:
    """Whoever was to repeat it may be the one that conflicts: a trigger that was changed in between."""
    out = house.outside
    await out.event("shop.order.placed", {"amount": 1}, id="o-1")
    first = await out.action("payments")
    run = run_of("o-1")
    outbox = f"{house.store._keys.tag_of(run)}:outbox:{run}"
    await house.store._client.hset(outbox, "charge", 1)
    await out.event("shop.order.placed", {"amount": 2}, id="o-1")
    again = await out.action("payments")
    assert (header_of(again, "resistor-token"), again.body) == (
        header_of(first, "resistor-token"),
        first.body,
    )


@bad_input(28)
async def test_one_event_may_start_two_workflows_and_come_again_without_a_conflict(play: Play) -> None:
    triggered = """
    triggers: [{event: job, input: {"n": "${input.n + 1}"}}]
    steps: []
    """
    await play.begin(job="steps: []", other=triggered)
    for _ in range(2):
        await play.start(data={"n": 1}, id="e-1")
    await play.house.counted("messages", ("resistor.events", "duplicate"), 2)
    assert [json.loads(run.input) for run in await play.runs("other")] == [{"n": 2}]
    assert play.house.telemetry.counters.messages["resistor.events", "conflict"] == 0


@bad_input(29)
async def test_a_hundred_results_at_once_over_two_daemons_count_once(house: House) -> None:
    out = house.outside
    async with house.daemon():
        event_id = await out.event("shop.order.placed", {})
        charge = await out.action("payments")
        await asyncio.gather(*(out.complete(charge, {"receipt": "r"}) for _ in range(100)))
        ship = await out.action("parcel")
        await house.counted("messages", ("resistor.results", "duplicate"), 99)
        tokens = {header_of(ship, "resistor-token")}
        while await out.depth("resistor.module.parcel"):
            tokens.add(header_of(await out.action("parcel"), "resistor-token"))
        assert len(tokens) == 1
        assert house.telemetry.counters.messages["resistor.results", "applied"] == 1
        await out.complete(ship)
        assert (await house.ended(run_of(event_id))).state.status is RunStatus.COMPLETED


@bad_input(46)
@pytest.mark.parametrize(
    "properties",
    [
        {"headers": {"x-death": [{"queue": "resistor.events", "reason": "expired", "count": 99}]}},
        {"headers": {"x-delivery-count": 999_999}},
        {"headers": {"x-first-death-queue": "q", "x-last-death-reason": "rejected"}},
        {"expiration": 3600},
        {"priority": 255},
        {"reply_to": "somewhere.else", "correlation_id": "not-a-run", "type": "t"},
    ],
)
async def test_what_is_the_broker_s_to_say_changes_nothing(house: House, properties: dict[str, Any]) -> None:
    out = house.outside
    event_id = await out.event("shop.order.placed", {"amount": 1}, **properties)
    charge = await out.action("payments")
    assert (charge.correlation_id, charge.reply_to) == (run_of(event_id), "0")
    assert not {"x-death", "x-delivery-count", "x-first-death-queue"} & charge.headers.keys()
    assert charge.priority in (0, None)
    assert charge.expiration is None


@bad_input(46)
async def test_a_carbon_copied_message_is_refused(house: House) -> None:
    """A `BCC` is never seen: the broker takes it away before it delivers."""
    await house.outside.event("shop.order.placed", {}, headers={"CC": ["shop.order.placed"]})
    letter = await house.outside.dead()
    assert header_of(letter, "resistor-reason") == "bad_headers"
    assert "CC" not in letter.headers


@bad_input(46)
async def test_a_dead_letter_leaves_the_broker_s_headers_behind(house: House) -> None:
    out = house.outside
    mine = {"x-death": [{"queue": "resistor.events", "count": 3}], "x-delivery-count": 7, "kept": "yes"}
    await out.publish("resistor.events", "shop.order.placed", b"{bad", headers=mine)
    letter = await out.dead()
    assert letter.headers["kept"] == "yes"
    assert not {"x-death", "x-delivery-count"} & letter.headers.keys()


@bad_input(20)
async def test_headers_without_end_stop_nobody(house: House) -> None:
    out = house.outside
    huge = {"headers": {"huge": "h" * 130_000}}
    await out.publish("resistor.events", "shop.order.placed", b"{bad", message_id="bad", **huge)
    traced = await out.event("shop.order.placed", {}, headers={"tracestate": "t" * 130_000})
    plain = await out.event("shop.order.placed", {})
    runs = {(await out.action("payments")).correlation_id for _ in range(2)}
    assert runs == {run_of(traced), run_of(plain)}
    letter = await out.dead()
    assert (letter.message_id, letter.body) == ("bad", b"{bad")


@bad_input(37)
@pytest.mark.parametrize(
    "run", ["../../etc", "a" * 300, "{0}", "*", "a:b", "line\nbreak", "\U0001f4a9" * 20, "A" * 20, ""]
)
async def test_a_command_for_what_can_be_no_run_is_a_dead_letter(house: House, run: str) -> None:
    body = {"verb": "cancel", "run": run}
    await house.outside.publish("resistor.commands", "cancel", body)
    assert header_of(await house.outside.dead(), "resistor-reason") == "malformed"


@bad_input(25)
@pytest.mark.parametrize(
    ("version", "reason"),
    [(0, "unknown_workflow"), (99, "unknown_workflow"), ("1", "malformed"), (1.5, "malformed")],
)
async def test_a_run_in_a_version_that_is_not_there_is_a_dead_letter(
    house: House, version: Any, reason: str
) -> None:
    start = {"verb": "start", "run": "a" * 20, "namespace": "shop", "workflow": "order.placed", "input": {}}
    await house.outside.publish("resistor.commands", "start", start | {"version": version})
    assert header_of(await house.outside.dead(), "resistor-reason") == reason
    assert await house.run("a" * 20) is None


@bad_input(47)
async def test_ten_thousand_bad_messages_do_not_flood_the_log(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    out = house.outside
    for _ in range(10):
        await asyncio.gather(
            *(out.publish("resistor.events", "shop.order.placed", b"{bad") for _ in range(1000))
        )
    await house.counted("rejected", ("resistor.events", "malformed"), 10_000)
    assert len([record for record in caplog.records if record.levelname == "WARNING"]) < 100
