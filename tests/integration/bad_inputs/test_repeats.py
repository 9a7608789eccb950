"""The same message again, and what only looks like it."""

from __future__ import annotations

import asyncio
import json

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
    await house.marked(run)
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
