"""A delivery of the dead queue → a letter: what died, where, when and why; and the message as it was.

Used by the rest of this room. A letter has no name of its own in the broker, so its id is made of what never
changes in it; two letters that are alike in all of it have one id. Pure; reads whatever a stranger wrote.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec

from resistor.bus import Names
from resistor.daemon.dead_letters import (
    BROKERS,
    DETAIL,
    DIED_AT,
    ORIGIN_EXCHANGE,
    ORIGIN_QUEUE,
    ORIGIN_ROUTING_KEY,
    OURS,
    REASON,
)
from resistor.messages.action import rfc3339
from resistor.messages.envelope import TOKEN_HEADER, Envelope
from resistor.ports import Delivery
from resistor.tokens import Place, claimed

UNKNOWN = "unknown"  # the reason of what somebody put there without one

_ID_BYTES = 6  # 100,000 letters: two of them share an id once in 56,000 times


@dataclass(frozen=True, slots=True)
class Letter:
    """One dead letter.

    `queue` is where it died, `exchange` and `routing_key` what it had been published to: None where nobody
    says. `died_at` is in seconds since the epoch. `place` is what its token claims, unverified.
    """

    id: str
    delivery: Delivery
    reason: str
    detail: str
    queue: str
    exchange: str | None
    routing_key: str | None
    died_at: float | None
    run: str | None
    place: Place | None

    @property
    def size(self) -> int:
        """Bytes of its body."""
        return len(self.delivery.envelope.body)


def letter_of(names: Names, delivery: Delivery) -> Letter:
    """Read a delivery of the dead queue. Takes anything.

    What the broker dead-lettered has its `x-death`, and then nothing of ours counts: a sender may write any
    header, and the daemon takes the broker's off its own letters.
    """
    headers = delivery.envelope.headers
    death = _death(headers)
    place = _place(headers)
    return Letter(
        id=_id(delivery),
        delivery=delivery,
        reason=_text(death.get("reason") if death else headers.get(REASON)) or UNKNOWN,
        detail="" if death else _text(headers.get(DETAIL)) or "",
        queue=_text(death.get("queue") if death else headers.get(ORIGIN_QUEUE)) or delivery.routing_key,
        exchange=_text(death.get("exchange") if death else headers.get(ORIGIN_EXCHANGE)),
        routing_key=_routing_key(death) if death else _text(headers.get(ORIGIN_ROUTING_KEY)),
        died_at=_seconds(death.get("time") if death else headers.get(DIED_AT)),
        run=place.run if place else _run_of_command(names, delivery),
        place=place,
    )


def original(letter: Letter) -> Envelope:
    """Return the message as it was before it died.

    One that had no `message_id` gets the letter's: where it is published twice, that is one message.
    """
    envelope = letter.delivery.envelope
    headers = {
        name: value
        for name, value in envelope.headers.items()
        if not name.startswith(BROKERS) and name not in OURS
    }
    message_id = envelope.message_id or f"dead-{letter.id}"
    # A broker takes a user's name from that user alone.
    return msgspec.structs.replace(envelope, headers=headers, message_id=message_id, user_id=None)


def line_of(letter: Letter) -> dict[str, Any]:
    """Return what a list says of a letter."""
    return {
        "id": letter.id,
        "reason": letter.reason,
        "detail": letter.detail,
        "queue": letter.queue,
        "died_at": None if letter.died_at is None else rfc3339(letter.died_at),
        "size": letter.size,
        "run": letter.run,
        "message_id": letter.delivery.envelope.message_id,
    }


def view_of(letter: Letter) -> dict[str, Any]:
    """Return everything: the body as text, or as base64 where it is none."""
    envelope = letter.delivery.envelope
    step = None if letter.place is None else {"step": letter.place.step, "attempt": letter.place.attempt}
    properties = {
        name: value
        for name, value in msgspec.structs.asdict(envelope).items()
        if name not in ("body", "headers") and value is not None
    }
    return (
        line_of(letter)
        | {"exchange": letter.exchange, "routing_key": letter.routing_key, "step": step}
        | {"properties": properties, "headers": _plain(original(letter).headers)}
        | {"deaths": _plain(envelope.headers.get("x-death")), **_body(envelope.body)}
    )


def _body(body: bytes) -> dict[str, str]:
    try:
        return {"encoding": "text", "body": body.decode()}
    except UnicodeDecodeError:
        return {"encoding": "base64", "body": base64.b64encode(body).decode()}


def _plain(value: Any) -> Any:
    """Return a header's value as JSON can hold it."""
    match value:
        case Mapping():
            return {str(name): _plain(each) for name, each in value.items()}
        case list() | tuple():
            return [_plain(each) for each in value]
        case bytes() | bytearray():
            return bytes(value).decode(errors="backslashreplace")
        case datetime():
            return rfc3339(value.timestamp())
        case None | bool() | int() | float() | str():
            return value
        case _:
            return str(value)


def _id(delivery: Delivery) -> str:
    envelope = delivery.envelope
    digest = hashlib.blake2b(digest_size=_ID_BYTES)
    headers = envelope.headers
    parts = (
        delivery.routing_key,
        envelope.message_id,
        headers.get(REASON),
        headers.get(DIED_AT),
        _plain(headers.get("x-death")),
    )
    digest.update(repr(parts).encode(errors="replace"))
    digest.update(envelope.body)
    return digest.hexdigest()


def _death(headers: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the latest death that the broker notes."""
    deaths = headers.get("x-death")
    if isinstance(deaths, list) and deaths and isinstance(deaths[0], Mapping):
        return deaths[0]
    return None


def _routing_key(death: Mapping[str, Any]) -> str | None:
    keys = death.get("routing-keys")
    return _text(keys[0]) if isinstance(keys, list) and keys else None


def _place(headers: Mapping[str, Any]) -> Place | None:
    token = _text(headers.get(TOKEN_HEADER))
    return None if token is None else claimed(token)


def _run_of_command(names: Names, delivery: Delivery) -> str | None:
    envelope = delivery.envelope
    if delivery.routing_key != names.commands_queue:
        return None
    try:
        body = msgspec.json.decode(envelope.body)
    except (msgspec.DecodeError, RecursionError):
        return None
    run = body.get("run") if isinstance(body, dict) else None
    return run if isinstance(run, str) else None


def _text(value: Any) -> str | None:
    if isinstance(value, bytes | bytearray):
        return bytes(value).decode(errors="backslashreplace")
    return value if isinstance(value, str) else None


def _seconds(value: Any) -> float | None:
    try:
        at = value if isinstance(value, datetime) else datetime.fromisoformat(_text(value) or "")
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None
