"""Bad messages: each goes to the dead letters once, with its reason, and its neighbours go on."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from resistor.engine.run import RunStatus
from resistor.tokens import Place, TokenKeys
from tests.integration.conftest import TOKEN_KEYS, House
from tests.integration.outside import body_of, header_of
from tests.integration.test_main_job import run_of

PLACE = Place("shop", "order.placed", 1, "0" * 12, "a" * 20, "charge", 1, "payments", 4_000_000_000)
DEEP = b'{"a":' * 100 + b"1" + b"}" * 100

BAD_EVENTS: list[Any] = [
    pytest.param("nowhere.order.placed", b"{}", {}, "unknown_workflow", id="unknown namespace"),
    pytest.param("shop.order.plcaed", b"{}", {}, "unknown_workflow", id="unknown event"),
    pytest.param("shop", b"{}", {}, "unknown_workflow", id="no event in the routing key"),
    pytest.param("sh{op}.order.placed", b"{}", {}, "unknown_workflow", id="braces in a name"),
    pytest.param("shop.order.placed", b"", {}, "malformed", id="empty"),
    pytest.param("shop.order.placed", b"{not json", {}, "malformed", id="not JSON"),
    pytest.param("shop.order.placed", b"[1]", {}, "malformed", id="not an object"),
    pytest.param("shop.order.placed", b'{"a":"\xff"}', {}, "malformed", id="invalid UTF-8"),
    pytest.param("shop.order.placed", '{"a":1}'.encode("utf-16"), {}, "malformed", id="UTF-16"),
    pytest.param("shop.order.placed", b'\xef\xbb\xbf{"a":1}', {}, "malformed", id="byte order mark"),
    pytest.param("shop.order.placed", b'{"a":NaN}', {}, "malformed", id="NaN"),
    pytest.param("shop.order.placed", b'{"a":1e400}', {}, "malformed", id="too large for a double"),
    pytest.param("shop.order.placed", b'{"a":1,"a":2}', {}, "malformed", id="a key twice"),
    pytest.param("shop.order.placed", b'{"a":"\\ud800"}', {}, "malformed", id="lone surrogate"),
    pytest.param("shop.order.placed", DEEP, {}, "malformed", id="100 levels deep"),
    pytest.param("shop.order.placed", b'{"a":' + b"9" * 5000 + b"}", {}, "malformed", id="5000 digits"),
    pytest.param("shop.order.placed", b'{"a":"' + b"x" * 257 * 1024 + b'"}', {}, "too_large", id="257 KiB"),
    pytest.param("shop.order.placed", b'{"amount":0}', {}, "invalid_input", id="refused by the schema"),
    pytest.param("shop.order.placed", b"{}", {"content_encoding": "gzip"}, "bad_headers", id="gzip"),
    pytest.param(
        "shop.order.placed", b"{}", {"content_type": "text/xml"}, "bad_headers", id="not JSON by type"
    ),
    pytest.param(
        "shop.order.placed", b"{}", {"headers": {"traceparent": [1]}}, "bad_headers", id="a header of lists"
    ),
]


@pytest.mark.parametrize(("key", "body", "properties", "reason"), BAD_EVENTS)
async def test_a_bad_event_is_a_dead_letter_and_the_next_event_starts(
    house: House, key: str, body: bytes, properties: dict[str, Any], reason: str
) -> None:
    out = house.outside
    await out.publish("resistor.events", key, body, message_id="bad-1", **properties)
    good = await out.event("shop.order.placed", {"amount": 1})
    letter = await out.dead()
    assert letter.body == body
    assert letter.message_id == "bad-1"
    assert header_of(letter, "resistor-reason") == reason
    assert header_of(letter, "resistor-detail")
    assert header_of(letter, "resistor-origin-queue") == "resistor.events"
    assert header_of(letter, "resistor-origin-routing-key") == key
    assert header_of(letter, "resistor-died-at").endswith("Z")
    assert (await out.action("payments")).correlation_id == run_of(good)
    assert await out.depth("resistor.dead") == 0
    assert house.telemetry.counters.rejected["resistor.events", reason] == 1


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "malformed"),
        (b"nothing", "malformed"),
        (b"[]", "malformed"),
        (b"{}", "malformed"),
        (b'{"status":"failed"}', "malformed"),
        (b'{"status":"completed","output":1,"error":{"type":"x"}}', "malformed"),
        (b'{"status":"completed","output":NaN}', "malformed"),
        (b'{"status":7}', "malformed"),
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


async def test_a_status_that_does_not_exist_fails_the_step(house: House) -> None:
    event_id = await house.outside.event("shop.order.placed", {})
    await house.outside.answer(await house.outside.action("payments"), {"status": "compelted"})
    failure = (await house.ended(run_of(event_id))).state.failure
    assert failure is not None
    assert (failure.type, failure.message) == ("validation", "the module answered with status 'compelted'")


async def test_a_result_over_the_limit_is_a_dead_letter_and_fails_the_step(house: House) -> None:
    event_id = await house.outside.event("shop.order.placed", {})
    charge = await house.outside.action("payments")
    await house.outside.complete(charge, "x" * 258 * 1024)
    assert header_of((await house.outside.dead()), "resistor-reason") == "too_large"
    failure = (await house.ended(run_of(event_id))).state.failure
    assert failure is not None
    assert failure.type == "payload_too_large"


def _flipped(token: str) -> str:
    return token[:-1] + ("A" if token[-1] != "A" else "B")


@pytest.mark.parametrize(
    ("token", "reason"),
    [
        (None, "missing_token"),
        ("", "missing_token"),
        ("nonsense", "bad_token"),
        ("r1.k1.AAAA.BBBB", "bad_token"),
        ("x" * 5000, "bad_token"),
        (bytearray(b"\xff\xfe"), "bad_headers"),
        (7, "bad_headers"),
        (_flipped(TokenKeys(TOKEN_KEYS).sign(PLACE)), "bad_token"),
        (TokenKeys((("k1", b"another secret, as long as it must"),)).sign(PLACE), "bad_token"),
        (TokenKeys((("k9", TOKEN_KEYS[0][1]),)).sign(PLACE), "bad_token"),
        (TokenKeys(TOKEN_KEYS).sign(PLACE), "unknown_workflow"),
    ],
)
async def test_a_result_without_a_good_token_is_a_dead_letter_and_changes_nothing(
    house: House, token: Any, reason: str
) -> None:
    out = house.outside
    event_id = await out.event("shop.order.placed", {})
    charge = await out.action("payments")
    before = await house.run(run_of(event_id))
    await out.answer(charge, {"status": "completed"}, headers={"resistor-token": token})
    assert header_of((await out.dead()), "resistor-reason") == reason
    assert await house.run(run_of(event_id)) == before


async def test_a_good_token_for_a_run_that_is_not_there_is_a_dead_letter(house: House) -> None:
    out = house.outside
    await out.event("shop.order.placed", {})
    charge = await out.action("payments")
    place = TokenKeys(TOKEN_KEYS).read(header_of(charge, "resistor-token"))
    elsewhere = Place(**{name: getattr(place, name) for name in place.__struct_fields__} | {"run": "z" * 20})
    token = TokenKeys(TOKEN_KEYS).sign(elsewhere)
    await out.answer(charge, {"status": "completed"}, headers={"resistor-token": token})
    assert header_of((await out.dead()), "resistor-reason") == "unknown_run"


async def test_an_expired_token_is_refused(house: House) -> None:
    out = house.outside
    await out.event("shop.order.placed", {})
    charge = await out.action("payments")
    place = TokenKeys(TOKEN_KEYS).read(header_of(charge, "resistor-token"))
    old = Place(**{name: getattr(place, name) for name in place.__struct_fields__} | {"expires_at": 1})
    await out.answer(
        charge, {"status": "completed"}, headers={"resistor-token": TokenKeys(TOKEN_KEYS).sign(old)}
    )
    assert header_of((await out.dead()), "resistor-reason") == "expired_token"


async def test_a_carbon_copied_message_is_refused(house: House) -> None:
    await house.outside.event("shop.order.placed", {}, headers={"CC": ["shop.order.placed"]})
    assert header_of((await house.outside.dead()), "resistor-reason") == "bad_headers"


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


async def test_bad_messages_in_a_batch_spoil_none_of_the_good_ones(empty_house: House) -> None:
    house, out = empty_house, empty_house.outside
    async with house.daemon():
        pass  # it leaves the topology behind, so that everything below is waiting when the next one comes
    ids = []
    for number in range(40):
        if number % 2:
            await out.publish("resistor.events", "shop.order.placed", b"{bad", message_id=f"bad-{number}")
        else:
            ids.append(await out.event("shop.order.placed", {"n": number}))
    async with house.daemon():
        inputs = [body_of(await out.action("payments"))["input"]["n"] for _ in ids]
        assert sorted(inputs) == list(range(0, 40, 2))
        letters = {(await out.dead()).message_id for _ in range(20)}
        assert letters == {f"bad-{number}" for number in range(1, 40, 2)}


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
