"""An `Envelope` ⇄ AMQP's properties.

Called where messages leave (`publishing.py`) and arrive (`consuming.py`). Reading never raises: a header of
whatever type passes through as it is, for `Envelope.text_header` to refuse. Writing puts text in the place
of header values that AMQP's table cannot hold, or that the codec would round.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

from pamqp.commands import Basic

from resistor.messages.envelope import Envelope

_PERSISTENT = 2
_SINGLE = struct.Struct(">f")


def to_properties(envelope: Envelope) -> Basic.Properties:
    """Return the properties that `envelope` is published with: persistent, and always with a message id.

    Raises `ValueError` for a property that AMQP cannot carry (text of more than 255 bytes).
    """
    timestamp = envelope.timestamp
    properties = Basic.Properties(
        content_type=envelope.content_type,
        content_encoding=envelope.content_encoding,
        headers=_writable_table(envelope.headers) or None,
        delivery_mode=_PERSISTENT,
        correlation_id=envelope.correlation_id,
        reply_to=envelope.reply_to,
        message_id=envelope.message_id or uuid4().hex,
        timestamp=None if timestamp is None else datetime.fromtimestamp(timestamp, UTC),
        message_type=envelope.type,
        user_id=envelope.user_id,
        app_id=envelope.app_id,
        priority=envelope.priority,
    )
    for text in (*_texts(envelope), properties.message_id):
        if text is not None and len(text.encode()) > 255:
            raise ValueError(f"a message property has more than 255 bytes: {text[:64]!r}…")
    return properties


def from_properties(properties: Basic.Properties, body: bytes) -> Envelope:
    """Return the envelope of a message that arrived."""
    timestamp = properties.timestamp
    return Envelope(
        body=body,
        headers=properties.headers or {},
        message_id=properties.message_id,
        correlation_id=properties.correlation_id,
        reply_to=properties.reply_to,
        type=properties.message_type,
        content_type=properties.content_type,
        content_encoding=properties.content_encoding,
        timestamp=timestamp.timestamp() if isinstance(timestamp, datetime) else None,
        app_id=properties.app_id,
        user_id=properties.user_id,
        priority=properties.priority,
    )


def delivery_count(properties: Basic.Properties, *, redelivered: bool) -> int:
    """Return how often a message was delivered before: quorum queues count, others only know whether.

    On a first delivery the header is not there, or is the sender's own word, which means nothing.
    """
    if not redelivered:
        return 0
    count = (properties.headers or {}).get("x-delivery-count")
    return count if isinstance(count, int) else int(redelivered)


def _texts(envelope: Envelope) -> tuple[str | None, ...]:
    return (
        envelope.content_type,
        envelope.content_encoding,
        envelope.correlation_id,
        envelope.reply_to,
        envelope.type,
        envelope.user_id,
        envelope.app_id,
    )


def _writable_table(table: Mapping[str, Any]) -> dict[str, Any]:
    return {str(name)[:128]: _writable(value) for name, value in table.items()}


def _writable(value: Any) -> Any:
    written: Any = value
    match value:
        case str() | bool() | None | bytearray():
            pass
        case bytes():
            written = bytearray(value)
        case Mapping():
            written = _writable_table(value)
        case list() | tuple():
            written = [_writable(item) for item in value]
        case datetime() if value.timestamp() < 0:
            written = value.isoformat()
        case _ if not _is_exact(value):
            written = str(value)
    return written


def _is_exact(value: Any) -> bool:
    """Tell whether the codec writes `value` without changing it."""
    match value:
        case int():
            return -(1 << 63) <= value < 1 << 63
        case float():
            return _is_single(value)
        case Decimal():
            return _fits(value)
        case _:
            return isinstance(value, datetime)


def _is_single(value: float) -> bool:
    """Tell whether a float survives the four bytes that the codec writes it in."""
    try:
        return _SINGLE.unpack(_SINGLE.pack(value)) == (value,)
    except OverflowError:
        return False


def _fits(value: Decimal) -> bool:
    """Tell whether a decimal survives AMQP's: a scale of one byte, a mantissa of four."""
    exponent = value.as_tuple().exponent
    return isinstance(exponent, int) and -255 <= exponent <= 0 and 0 <= value.scaleb(-exponent) < 1 << 31
