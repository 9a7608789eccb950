"""Events that cannot be used: each is a dead letter, once, with its reason, and its neighbours start."""

from __future__ import annotations

from typing import Any

import aiormq
import pytest

from tests.integration.conftest import House
from tests.integration.outside import body_of, header_of
from tests.integration.play import catalog_of
from tests.integration.test_main_job import run_of

bad_input = pytest.mark.bad_input
KIB = 1024


def deep(levels: int, opening: bytes = b'{"a":', closing: bytes = b"}") -> bytes:
    return opening * levels + b"1" + closing * levels


BAD_EVENTS: list[Any] = [
    pytest.param(
        "nowhere.order.placed", b"{}", {}, "unknown_workflow", id="unknown namespace", marks=bad_input(26)
    ),
    pytest.param("shop.order.plcaed", b"{}", {}, "unknown_workflow", id="unknown event", marks=bad_input(26)),
    pytest.param("shop", b"{}", {}, "unknown_workflow", id="no event in the routing key"),
    pytest.param("sh{op}.order.placed", b"{}", {}, "unknown_workflow", id="braces", marks=bad_input(37)),
    pytest.param("shop.../order", b"{}", {}, "unknown_workflow", id="a path", marks=bad_input(37)),
    pytest.param(
        "shop.order:placed*", b"{}", {}, "unknown_workflow", id="colon and star", marks=bad_input(37)
    ),
    pytest.param("shop.order\nplaced", b"{}", {}, "unknown_workflow", id="a new line", marks=bad_input(37)),
    pytest.param("shop." + "x" * 200, b"{}", {}, "unknown_workflow", id="200 letters", marks=bad_input(37)),
    pytest.param("shop.\U0001f4a9", b"{}", {}, "unknown_workflow", id="emoji", marks=bad_input(37)),
    pytest.param("shop.\u202eredro", b"{}", {}, "unknown_workflow", id="right to left", marks=bad_input(37)),
    pytest.param("shop.order.placed", b"", {}, "malformed", id="empty", marks=bad_input(1)),
    pytest.param("shop.order.placed", b"{not json", {}, "malformed", id="not JSON", marks=bad_input(2)),
    pytest.param("shop.order.placed", b'{"a":[1,2', {}, "malformed", id="truncated", marks=bad_input(2)),
    pytest.param("shop.order.placed", b"[1]", {}, "malformed", id="an array", marks=bad_input(3)),
    pytest.param("shop.order.placed", b"7", {}, "malformed", id="a number", marks=bad_input(3)),
    pytest.param("shop.order.placed", b'"a"', {}, "malformed", id="text", marks=bad_input(3)),
    pytest.param("shop.order.placed", b"null", {}, "malformed", id="null", marks=bad_input(3)),
    pytest.param(
        "shop.order.placed", b'{"a":"\xff"}', {}, "malformed", id="invalid UTF-8", marks=bad_input(4)
    ),
    pytest.param(
        "shop.order.placed", '{"a":1}'.encode("utf-16"), {}, "malformed", id="UTF-16", marks=bad_input(5)
    ),
    pytest.param(
        "shop.order.placed", '{"a":1}'.encode("utf-32-le"), {}, "malformed", id="UTF-32", marks=bad_input(5)
    ),
    pytest.param("shop.order.placed", b'\xef\xbb\xbf{"a":1}', {}, "malformed", id="BOM", marks=bad_input(6)),
    pytest.param("shop.order.placed", b'{"a":NaN}', {}, "malformed", id="NaN", marks=bad_input(7)),
    pytest.param("shop.order.placed", b'{"a":-Infinity}', {}, "malformed", id="Infinity", marks=bad_input(7)),
    pytest.param(
        "shop.order.placed", b'{"a":1e400}', {}, "malformed", id="over a double", marks=bad_input(8)
    ),
    pytest.param(
        "shop.order.placed",
        b'{"a":' + b"9" * 5000 + b"}",
        {},
        "malformed",
        id="5000 digits",
        marks=bad_input(9),
    ),
    pytest.param("shop.order.placed", deep(100), {}, "malformed", id="100 levels", marks=bad_input(11)),
    pytest.param("shop.order.placed", deep(1000), {}, "malformed", id="1000 levels", marks=bad_input(11)),
    pytest.param(
        "shop.order.placed",
        b'{"a":' + deep(100_000, b"[", b"]") + b"}",
        {},
        "malformed",
        id="100 000 levels",
        marks=bad_input(11),
    ),
    pytest.param(
        "shop.order.placed", b'{"a":1,"a":2}', {}, "malformed", id="a key twice", marks=bad_input(12)
    ),
    pytest.param(
        "shop.order.placed", b'{"a":"\\ud800"}', {}, "malformed", id="surrogate", marks=bad_input(13)
    ),
    pytest.param(
        "shop.order.placed",
        b'{"a":"' + b"x" * 257 * KIB + b'"}',
        {},
        "too_large",
        id="257 KiB",
        marks=bad_input(16),
    ),
    pytest.param(
        "shop.order.placed",
        b'{"a":"' + b"x" * KIB * KIB + b'"}',
        {},
        "too_large",
        id="1 MiB",
        marks=bad_input(16),
    ),
    pytest.param(
        "shop.order.placed",
        b'{"a":"' + b"x" * 10_000_000 + b'"}',
        {},
        "too_large",
        id="10 MB",
        marks=bad_input(17),
    ),
    pytest.param(
        "shop.order.placed",
        b"{" + b",".join(b'"k%d":0' % number for number in range(100_000)) + b"}",
        {},
        "too_large",
        id="100 000 keys",
        marks=bad_input(17),
    ),
    pytest.param("shop.order.placed", b'{"amount":0}', {}, "invalid_input", id="refused by the schema"),
    pytest.param(
        "shop.order.placed",
        b"{}",
        {"content_encoding": "gzip"},
        "bad_headers",
        id="gzip",
        marks=bad_input(18),
    ),
    pytest.param(
        "shop.order.placed", b"{}", {"content_type": "text/xml"}, "bad_headers", id="XML", marks=bad_input(18)
    ),
    pytest.param(
        "shop.order.placed",
        b"{}",
        {"headers": {"traceparent": [1]}},
        "bad_headers",
        id="a header that is a list",
        marks=bad_input(20),
    ),
    pytest.param(
        "shop.order.placed",
        b"{}",
        {"headers": {"ce-id": {"a": 1}}},
        "bad_headers",
        id="a header that is a table",
        marks=bad_input(20),
    ),
    pytest.param(
        "shop.order.placed",
        b"{}",
        {"headers": {"ce-source": bytearray(b"\xff\xfe")}},
        "bad_headers",
        id="a header of bytes",
        marks=bad_input(20),
    ),
    pytest.param(
        "shop.order.placed",
        b"{}",
        {"headers": {"ce-id": 7}},
        "bad_headers",
        id="a header number",
        marks=bad_input(20),
    ),
    pytest.param(
        "shop.order.placed",
        b'{"specversion":"0.3","id":"1","source":"s","data":{}}',
        {"content_type": "application/cloudevents+json"},
        "bad_headers",
        id="a CloudEvent of another version",
        marks=bad_input(25),
    ),
    pytest.param(
        "shop.order.placed",
        b"{}",
        {"headers": {"ce-specversion": "99", "ce-id": "1", "ce-source": "s"}},
        "bad_headers",
        id="a binary CloudEvent of another version",
        marks=bad_input(25),
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


@bad_input(16)
@pytest.mark.parametrize("size", [16, 17])
async def test_a_body_of_many_megabytes_is_refused_by_the_broker_or_is_a_dead_letter(
    house: House, size: int
) -> None:
    out = house.outside
    body = b'{"a":"' + b"x" * (size * KIB * KIB - 8) + b'"}'
    try:
        await out.publish("resistor.events", "shop.order.placed", body)
    except aiormq.AMQPError:
        await out.start()  # a broker with a limit of its own closes the channel
    else:
        letter = await out.dead()
        assert header_of(letter, "resistor-reason") == "too_large"
        assert len(letter.body) == size * KIB * KIB
    good = await out.event("shop.order.placed", {"amount": 1})
    assert (await out.action("payments")).correlation_id == run_of(good)


@bad_input(26)
async def test_the_dead_letter_of_an_unknown_event_starts_its_run_once_its_workflow_is_there(
    empty_house: House,
) -> None:
    house, out = empty_house, empty_house.outside
    async with house.daemon(catalog_of(other="steps: []")):
        event = await out.event("shop.order.placed", {"amount": 1})
        letter = await out.dead()
        assert header_of(letter, "resistor-reason") == "unknown_workflow"
    async with house.daemon():
        await out.publish(
            header_of(letter, "resistor-origin-exchange"),
            header_of(letter, "resistor-origin-routing-key"),
            letter.body,
            message_id=letter.message_id,
            headers=letter.headers,
        )
        assert (await out.action("payments")).correlation_id == run_of(event)


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
