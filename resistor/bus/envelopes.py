"""What pamqp's codec makes of a message ⇄ an `Envelope`: for aiormq, and for headers that are not text.

Reading never raises: a header of whatever type passes through as it is, for `Envelope.text_header` to refuse.
Writing puts text in the place of header values that AMQP's table cannot hold, or that the codec would round.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from pamqp.commands import Basic

from resistor.messages.envelope import Envelope

_SINGLE = struct.Struct(">f")


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


def delivery_count(headers: Mapping[str, Any]) -> int:
    """Return how often a redelivered message was delivered before.

    Quorum queues count, others only know whether.

    On a first delivery the header is not there, or is the sender's own word, which means nothing.
    """
    count = headers.get("x-delivery-count")
    return count if isinstance(count, int) else 1


def writable_table(table: Mapping[str, Any]) -> dict[str, Any]:
    """Return `table` with text in the place of what AMQP cannot hold, or the codec would round."""
    return {str(name)[:128]: _writable(value) for name, value in table.items()}


def _writable(value: Any) -> Any:
    written: Any = value
    match value:
        case str() | bool() | None | bytearray():
            pass
        case bytes():
            written = bytearray(value)
        case Mapping():
            written = writable_table(value)
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
