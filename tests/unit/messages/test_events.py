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


@pytest.mark.parametrize("body", [b"{}", b'{"id":1,"source":"s"}', b'{"id":"1","source":"s","data":[1]}'])
def test_what_is_no_cloud_event_is_refused(body: bytes) -> None:
    with pytest.raises(RejectedMessage) as refused:
        read(body=body, content_type="application/cloudevents+json")
    assert refused.value.reason is Reason.MALFORMED


def test_what_is_published_is_read() -> None:
    event = Event(
        namespace="shop", name="order.placed", data=b"{}", id="1", time=2.0, source="s", traceparent="00-a"
    )
    assert event_from_envelope(event_to_envelope(event), "shop.order.placed", limit=10) == event


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
