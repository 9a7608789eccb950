"""What is the broker's to say and not a sender's, orders that can be none, and thousands of bad messages."""

from __future__ import annotations

import asyncio
from importlib import import_module
from typing import Any

import pytest

from tests.integration.conftest import House
from tests.integration.outside import header_of
from tests.integration.test_main_job import run_of

bad_input = pytest.mark.bad_input


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


@bad_input(47)
async def test_a_full_dead_letter_queue_loses_nothing_and_stops_nobody(
    empty_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_module("resistor.bus.topology"), "DEAD_BYTES", 2000)
    house, out = empty_house, empty_house.outside
    async with house.daemon():
        ids = {f"bad-{number}" for number in range(50)}
        for each in ids:
            await out.publish("resistor.events", "shop.order.placed", b"{" + b"x" * 500, message_id=each)
        good = await out.event("shop.order.placed", {"amount": 1})
        assert (await out.action("payments")).correlation_id == run_of(good)

        async def is_refused() -> bool:
            return house.telemetry.counters.dead_letters_refused > 0

        await house.until(is_refused)
        assert await out.depth("resistor.dead") < 50
        letters = set[str | None]()
        while letters != ids:  # taking letters out makes room, and what waited comes
            letters.add((await out.dead()).message_id)
