"""A refused delivery → its dead letter."""

from __future__ import annotations

from resistor.bus.names import Names
from resistor.daemon.dead_letters import dead_letter
from resistor.errors import Reason, RejectedMessage
from resistor.messages.envelope import Envelope
from resistor.ports import Delivery

HEADERS = {
    "mine": [1, {"deep": True}],
    "resistor-token": "t",
    "x-death": [{"queue": "q"}],
    "x-first-death-queue": "q",
    "x-delivery-count": 3,
    "CC": ["elsewhere"],
}


def test_the_original_is_untouched_but_for_what_the_broker_would_take_for_its_own() -> None:
    envelope = Envelope(
        body=b"\xff not json",
        headers=HEADERS,
        message_id="m-1",
        correlation_id="c",
        reply_to="0",
        type="t",
        content_type="text/plain",
        timestamp=5.0,
        app_id="web",
        user_id="somebody",
    )
    delivery = Delivery(
        envelope=envelope, exchange="e", routing_key="a.b", queue="resistor.events", tag=1, generation=1
    )
    why = RejectedMessage(Reason.MALFORMED, "x" * 5000)
    letter = dead_letter(Names(), delivery, why, now=1_795_356_300.0)
    assert (letter.exchange, letter.routing_key) == ("resistor.dead", "resistor.events")
    assert letter.envelope.headers == {
        "mine": [1, {"deep": True}],
        "resistor-token": "t",
        "resistor-reason": "malformed",
        "resistor-detail": "x" * 1024,
        "resistor-origin-queue": "resistor.events",
        "resistor-origin-exchange": "e",
        "resistor-origin-routing-key": "a.b",
        "resistor-died-at": "2026-11-22T14:05:00.000Z",
    }
    for name in ("body", "message_id", "correlation_id", "reply_to", "type", "content_type", "timestamp"):
        assert getattr(letter.envelope, name) == getattr(envelope, name)
    # Only the user who publishes may stand there: the broker closes the channel over anybody else's name.
    assert letter.envelope.user_id is None


def test_headers_that_no_frame_could_hold_with_ours_are_left_out() -> None:
    envelope = Envelope(body=b"x", headers={"huge": "h" * 130_000}, message_id="m-1")
    delivery = Delivery(envelope=envelope, exchange="e", routing_key="a.b", queue="q", tag=1, generation=1)
    letter = dead_letter(Names(), delivery, RejectedMessage(Reason.MALFORMED, "no"), now=0.0)
    assert "huge" not in letter.envelope.headers
    assert letter.envelope.headers["resistor-headers-left-out"] == "larger than 64 KiB"
    assert letter.envelope.message_id == "m-1"
