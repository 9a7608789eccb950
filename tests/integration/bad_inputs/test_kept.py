"""Odd events that are good: nothing of them is lost, rounded or cut on the way."""

from __future__ import annotations

import json

import pytest

from resistor.engine.run import RunStatus
from tests.integration.conftest import House
from tests.integration.test_main_job import run_of

bad_input = pytest.mark.bad_input


@bad_input(48)
@pytest.mark.parametrize("years", [-10, 10])
async def test_a_sender_whose_clock_is_ten_years_off_starts_a_run_that_goes_on_as_any(
    house: House, years: int
) -> None:
    out = house.outside
    now = (await house.store.load([])).now
    told = now + years * 366 * 86400
    event = await out.event("shop.order.placed", {"amount": 1}, timestamp=told)
    await out.complete(await out.action("payments"), {"receipt": "r"})
    await out.complete(await out.action("parcel"))
    run = await house.ended(run_of(event))
    assert run.state.status is RunStatus.COMPLETED
    assert run.origin.event.time == int(told)
    assert now <= run.origin.started_at < now + 3600


@bad_input(10, 14, 15)
@pytest.mark.parametrize(
    "value",
    [
        b"[]",
        b"{}",
        b'[{},[],""]',
        b"1.0",
        b"0.1234567890123456789",
        b"9007199254740993",
        b"-12345678901234567890123",
        b'"\\u0000"',
        b'{"a\\u0000b":"c\\u0000"}',
        b'"\\u2028\xf0\x9f\x92\xa9"',
    ],
)
async def test_what_is_json_comes_through_byte_for_byte(house: House, value: bytes) -> None:
    out = house.outside
    event = await out.event("shop.order.placed", b'{"a":' + value + b"}")
    charge = await out.action("payments")
    assert b'"input":{"a":' + value + b"}" in charge.body
    await out.answer(charge, b'{"status":"completed","output":{"receipt":' + value + b"}}")
    ship = await out.action("parcel")
    run = await house.run(run_of(event))
    assert run is not None
    assert run.input == b'{"a":' + value + b"}"
    assert run.outputs["charge"] == b'{"receipt":' + value + b"}"
    assert json.loads(ship.body)["input"] == {"receipt": json.loads(value)}
