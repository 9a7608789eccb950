"""An event: what starts a workflow. Anyone may send one; a plain JSON object is enough.

CloudEvents 1.0 are understood as well, in binary mode (`ce-…` or `cloudEvents:…` headers) and in
structured mode (`application/cloudevents+json`); their `source` and `id` are then the idempotency key.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

import msgspec

from resistor.errors import Reason, RejectedMessage
from resistor.messages import json
from resistor.messages.envelope import Envelope
from resistor.messages.names import DOTTED, WORD

STRUCTURED = "application/cloudevents+json"
SPEC_VERSION = "1.0"  # of CloudEvents; it stays so for all of 1.0.x
MAX_ID_CHARACTERS = 512  # two AMQP short strings; ids are hashed, so longer ones would only cost memory

TRACEPARENT = re.compile(r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}\Z")
TRACESTATE = re.compile(r"[\t -~]{1,512}\Z")
"""W3C Trace Context, "traceparent Header" and "tracestate Limits": everyone passes 512 characters on. Both
travel with every action and every result of a run, so nothing else may get in under these names."""


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Something happened, and it may start a run.

    `id` is the idempotency key: the same namespace, name and id are the same run. None means that
    every delivery is a run of its own. `data` is the JSON object, byte for byte as it came; `time` is
    in seconds since the epoch and informational only. `traceparent` and `tracestate` are W3C Trace Context.
    """

    namespace: str
    name: str
    data: bytes
    id: str | None = None
    time: float | None = None
    source: str | None = None
    traceparent: str | None = None
    tracestate: str | None = None


class _Structured(msgspec.Struct):
    """A CloudEvent in structured mode, as far as it is read here."""

    id: str
    source: str
    data: msgspec.Raw = msgspec.Raw(b"{}")
    time: str | None = None
    specversion: str | None = None


_decode_structured = msgspec.json.Decoder(_Structured).decode


def event_from_envelope(envelope: Envelope, routing_key: str, *, limit: int) -> Event:
    """Read the event that came with `routing_key` `<namespace>.<event>`.

    `limit` is the largest body in bytes. Raises `RejectedMessage`.
    """
    namespace, _, name = routing_key.partition(".")
    if not WORD.match(namespace) or not DOTTED.match(name):
        raise RejectedMessage(Reason.UNKNOWN_WORKFLOW, f"routing key {routing_key!r} is not NAMESPACE.EVENT")
    envelope.require_json(also=(STRUCTURED,))
    json.decode_object(envelope.body, limit=limit)
    data, identity, source, time = _content(envelope)
    if identity is not None and not 0 < len(identity) <= MAX_ID_CHARACTERS:
        raise RejectedMessage(Reason.BAD_HEADERS, f"the event's id has {len(identity)} characters")
    return Event(
        namespace=namespace,
        name=name,
        data=data,
        id=identity,
        time=time,
        source=source,
        traceparent=_trace(envelope, "traceparent", TRACEPARENT),
        tracestate=_trace(envelope, "tracestate", TRACESTATE),
    )


def event_to_envelope(event: Event) -> Envelope:
    """Write `event` as its starter publishes it."""
    trace = {"traceparent": event.traceparent, "tracestate": event.tracestate}
    return Envelope(
        body=event.data,
        headers={name: value for name, value in trace.items() if value is not None},
        message_id=event.id,
        timestamp=event.time,
        app_id=event.source,
    )


def _content(envelope: Envelope) -> tuple[bytes, str | None, str | None, float | None]:
    """Return data, idempotency key, source and time."""
    if envelope.media_type == STRUCTURED:
        return _structured_content(envelope.body)
    identity, source = _attribute(envelope, "id"), _attribute(envelope, "source")
    if identity is not None and source is not None:
        _check_version(_attribute(envelope, "specversion"))
        return envelope.body, f"{source} {identity}", source, _seconds(_attribute(envelope, "time"))
    return envelope.body, envelope.message_id or None, envelope.app_id, envelope.timestamp


def _structured_content(body: bytes) -> tuple[bytes, str, str, float | None]:
    try:
        event = _decode_structured(body)
    except msgspec.ValidationError as error:
        raise RejectedMessage(Reason.MALFORMED, f"not a CloudEvent: {error}") from None
    _check_version(event.specversion)
    data = bytes(event.data)
    if not data.startswith(b"{"):
        raise RejectedMessage(Reason.MALFORMED, "the CloudEvent's data is not a JSON object")
    return data, f"{event.source} {event.id}", event.source, _seconds(event.time)


def _check_version(version: str | None) -> None:
    """Refuse a CloudEvent that says it is of another version; one that says nothing is taken for ours."""
    if version is not None and version != SPEC_VERSION:
        what = f"CloudEvents version {version[:64]!r}: only {SPEC_VERSION} is read"
        raise RejectedMessage(Reason.BAD_HEADERS, what)


def _attribute(envelope: Envelope, name: str) -> str | None:
    for prefix in ("ce-", "cloudEvents:", "cloudEvents_"):
        value: Any = envelope.text_header(prefix + name)
        if value is not None:
            return str(value)
    return None


def _trace(envelope: Envelope, name: str, form: re.Pattern[str]) -> str | None:
    """Return a trace header, None where it is not in `form`: the event counts, not who watches it."""
    value: Any = envelope.headers.get(name)
    if isinstance(value, bytes | bytearray):
        value = bytes(value).decode(errors="replace")  # U+FFFD is in neither form
    elif not isinstance(value, str):
        value = envelope.text_header(name)
    return value if value is not None and form.match(value) else None


def _seconds(rfc3339: str | None) -> float | None:
    """A timestamp that cannot be read is left out: it is informational."""
    try:
        return datetime.fromisoformat(rfc3339).timestamp() if rfc3339 else None
    except (ValueError, OverflowError):
        return None
