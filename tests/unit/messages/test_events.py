"""An event's envelope → the event."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resistor.engine.identity import run_id
from resistor.errors import Reason, RejectedMessage
from resistor.messages.envelope import Envelope
from resistor.messages.event import Event, event_from_envelope, event_to_envelope

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def read(key: str = "shop.order.placed", body: bytes = b'{"a":1}', **properties: Any) -> Event:
    return event_from_envelope(Envelope(body=body, **properties), key, limit=1000)


def test_the_namespace_is_the_first_word_and_the_event_is_the_rest() -> None:
    event = read(message_id="o-1", app_id="web", timestamp=5.0)
    assert (event.namespace, event.name, event.data) == ("shop", "order.placed", b'{"a":1}')
    assert (event.id, event.source, event.time) == ("o-1", "web", 5.0)


@pytest.mark.parametrize(
    "key", ["", "shop", "shop.", ".order", "sh op.x", "shop.{x}", "shop.a*", "x" * 65 + ".a", "ü.a"]
)
def test_a_routing_key_that_names_no_event_is_refused(key: str) -> None:
    with pytest.raises(RejectedMessage) as refused:
        read(key)
    assert refused.value.reason is Reason.UNKNOWN_WORKFLOW


def test_no_content_type_is_taken_for_json() -> None:
    assert read(content_type=None).data == b'{"a":1}'
    assert read(content_type="application/json; charset=utf-8").data == b'{"a":1}'


def test_an_empty_message_id_is_none() -> None:
    assert read(message_id="").id is None


def test_a_message_id_without_end_is_refused() -> None:
    with pytest.raises(RejectedMessage, match="the event's id has 600 characters"):
        read(message_id="x" * 600)


@pytest.mark.parametrize("prefix", ["ce-", "cloudEvents:", "cloudEvents_"])
def test_a_binary_cloud_event_is_named_by_source_and_id(prefix: str) -> None:
    headers = {prefix + "id": "7", prefix + "source": "/shop", prefix + "time": "2026-11-22T14:05:00Z"}
    event = read(message_id="ignored", headers=headers)
    assert (event.id, event.source, event.time) == ("/shop 7", "/shop", 1795356300.0)


def test_a_structured_cloud_event_is_unwrapped_byte_for_byte() -> None:
    body = b'{"specversion":"1.0","id":"7","source":"/s","type":"t","data":{ "n" : 1.0 },"time":"nonsense"}'
    event = read(body=body, content_type="application/cloudevents+json")
    assert (event.id, event.data, event.time) == ("/s 7", b'{ "n" : 1.0 }', None)


@pytest.mark.parametrize(
    "kind", ["Application/CloudEvents+JSON; charset=utf-8", " application/cloudevents+json;charset=UTF-8"]
)
def test_a_structured_cloud_event_is_known_however_its_content_type_is_spelt(kind: str) -> None:
    body = b'{"specversion":"1.0","id":"7","source":"/s","type":"t","data":{"n":1}}'
    event = read(body=body, content_type=kind)
    assert (event.id, event.data) == ("/s 7", b'{"n":1}')


@pytest.mark.parametrize("body", [b"{}", b'{"id":1,"source":"s"}', b'{"id":"1","source":"s","data":[1]}'])
def test_what_is_no_cloud_event_is_refused(body: bytes) -> None:
    with pytest.raises(RejectedMessage) as refused:
        read(body=body, content_type="application/cloudevents+json")
    assert refused.value.reason is Reason.MALFORMED


def test_what_is_published_is_read() -> None:
    event = Event(
        namespace="shop", name="order.placed", data=b"{}", id="1", time=2.0, source="s", traceparent=TRACE
    )
    assert event_from_envelope(event_to_envelope(event), "shop.order.placed", limit=10) == event


def test_trace_headers_are_read_as_text_or_bytes() -> None:
    event = read(headers={"traceparent": TRACE.encode(), "tracestate": bytearray(b"a=b,c=d")})
    assert (event.traceparent, event.tracestate) == (TRACE, "a=b,c=d")
    assert read(headers={"tracestate": "x" * 512}).tracestate == "x" * 512


@pytest.mark.parametrize(
    "traceparent",
    ["", "00-a", TRACE.upper(), TRACE + "\n", TRACE + "-00", "01" + TRACE[2:], b"\xff", "x" * 99999],
)
def test_a_traceparent_in_another_form_is_ignored(traceparent: str | bytes) -> None:
    event = read(headers={"traceparent": traceparent, "tracestate": "a=b"})
    assert (event.traceparent, event.data) == (None, b'{"a":1}')


@pytest.mark.parametrize("tracestate", ["", "x" * 513, b"x" * 100_000, b"a=\xff", "a=\x00", "a=b\n", "ä=b"])
def test_a_tracestate_that_is_too_long_or_no_text_is_ignored(tracestate: str | bytes) -> None:
    event = read(headers={"traceparent": TRACE, "tracestate": tracestate})
    assert (event.traceparent, event.tracestate) == (TRACE, None)


@pytest.mark.parametrize("name", ["traceparent", "tracestate"])
@pytest.mark.parametrize("value", [[1], 5, {"a": "b"}, True])
def test_a_trace_header_of_another_type_is_refused(name: str, value: Any) -> None:
    with pytest.raises(RejectedMessage) as refused:
        read(headers={name: value})
    assert refused.value.reason is Reason.BAD_HEADERS


@given(
    st.text(max_size=80),
    st.binary(max_size=80),
    st.dictionaries(
        st.sampled_from(["ce-id", "ce-source", "traceparent", "tracestate", "x-death"]),
        st.none() | st.text() | st.binary() | st.integers() | st.lists(st.integers()),
    ),
    st.none() | st.text(max_size=20),
)
def test_whatever_comes_is_an_event_or_refused(
    key: str, body: bytes, headers: dict[str, Any], kind: str | None
) -> None:
    try:
        event = event_from_envelope(Envelope(body=body, headers=headers, content_type=kind), key, limit=100)
    except RejectedMessage:
        return
    assert event.data.lstrip().startswith(b"{")


def test_the_run_of_an_event_follows_from_namespace_name_and_id_alone() -> None:
    one = read(message_id="o-1")
    assert run_id(one, "x") == run_id(read(message_id="o-1", body=b"{}"), "y")
    others = [
        read(message_id="o-2"),
        read("shop.order.place", message_id="do-1"),
        read("outlet.order.placed", message_id="o-1"),
    ]
    assert len({run_id(each, "") for each in [one, *others]}) == 4
    assert run_id(read(), "a") != run_id(read(), "b")
    assert len(run_id(one, "")) == 20
