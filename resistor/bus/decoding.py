"""The bytes of AMQP's content header → an `Envelope`, unpacked by hand: it is done for every message.

Never raises: of a header that cannot be decoded an envelope is made that nobody takes for JSON, because the
message is some stranger's, and would come again and again. Values in headers that are not text go through
pamqp's codec.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Any

from pamqp import decode

from resistor.messages.envelope import Envelope

UNREADABLE = "application/x-unreadable"
"""The content type of a message whose properties nobody can decode: whoever wants JSON refuses it."""

# Above this a timestamp is taken for milliseconds, as pamqp does; and the last moment that has a year.
_LATEST_SECONDS = 0xFFFFFFFF
END_OF_TIME = 253_402_300_800

_MAX_SMALL = 127

_size_and_flags = struct.Struct(">QH").unpack_from
_long = struct.Struct(">I").unpack_from
_long_long = struct.Struct(">Q").unpack_from
_signed_long_long = struct.Struct(">q").unpack_from
_NO_HEADERS: Mapping[str, Any] = {}


def body_size(payload: bytes) -> int:
    """Return how many bytes of body follow a header."""
    size: int = _long_long(payload, 4)[0]
    return size


def envelope_of(payload: bytes, body: bytes) -> Envelope:
    """Return the envelope of a message that arrived, from the payload of its header frame and its body."""
    try:
        return _envelope(payload, body)
    except Exception as error:  # of whatever a stranger's bytes may cause
        return Envelope(
            body=body, content_type=UNREADABLE, headers={"resistor-unreadable": type(error).__name__}
        )


def _envelope(payload: bytes, body: bytes) -> Envelope:  # noqa: C901, PLR0912 - a property a branch
    _, flags = _size_and_flags(payload, 4)
    position = 14
    content_type = content_encoding = correlation_id = reply_to = None
    message_id = type_ = user_id = app_id = timestamp = priority = None
    headers = _NO_HEADERS
    if flags & 1:
        raise ValueError("more flags than AMQP 0-9-1 has properties")
    if flags & 0x8000:
        content_type, position = _short(payload, position)
    if flags & 0x4000:
        content_encoding, position = _short(payload, position)
    if flags & 0x2000:
        headers, position = _table(payload, position)
    if flags & 0x1000:
        position += 1
    if flags & 0x0800:
        priority = payload[position]
        position += 1
    if flags & 0x0400:
        correlation_id, position = _short(payload, position)
    if flags & 0x0200:
        reply_to, position = _short(payload, position)
    if flags & 0x0100:
        position += 1 + payload[position]
    if flags & 0x0080:
        message_id, position = _short(payload, position)
    if flags & 0x0040:
        timestamp, position = _timestamp(payload, position)
    if flags & 0x0020:
        type_, position = _short(payload, position)
    if flags & 0x0010:
        user_id, position = _short(payload, position)
    if flags & 0x0008:
        app_id, position = _short(payload, position)
    if position > len(payload):
        raise ValueError("the header ends too soon")
    return Envelope(
        body=body,
        headers=headers,
        message_id=message_id,
        correlation_id=correlation_id,
        reply_to=reply_to,
        type=type_,
        content_type=content_type,
        content_encoding=content_encoding,
        timestamp=timestamp,
        app_id=app_id,
        user_id=user_id,
        priority=priority,
    )


def escaped(payload: bytes, position: int) -> tuple[str, int]:
    """Read a short string at `position`, with odd bytes escaped; also return where it ends."""
    end = position + 1 + payload[position]
    text = payload[position + 1 : end].decode(errors="backslashreplace")
    return (text if len(text) <= end - position else text.encode()[:255].decode(errors="ignore")), end


def _short(payload: bytes, position: int) -> tuple[str, int]:
    end = position + 1 + payload[position]
    if end > len(payload):
        raise ValueError("a string ends too soon")
    return payload[position + 1 : end].decode(), end


def _timestamp(payload: bytes, position: int) -> tuple[float, int]:
    seconds = float(_long_long(payload, position)[0])
    if seconds > _LATEST_SECONDS:
        seconds /= 1000.0
    if seconds >= END_OF_TIME:
        raise ValueError("a timestamp beyond the year 9999")
    return seconds, position + 8


def _table(payload: bytes, start: int) -> tuple[dict[str, Any], int]:
    position = start + 4
    end = position + _long(payload, start)[0]
    if end > len(payload):
        raise ValueError("a table ends too soon")
    found: dict[str, Any] = {}
    while position < end:
        name, position = _short(payload, position)
        kind = payload[position]
        if kind == 0x53:  # S: a long string
            after = position + 5 + _long(payload, position + 1)[0]
            if after > end:
                raise ValueError("a string ends too soon")
            found[name] = _text_or_bytes(payload[position + 5 : after])
            position = after
        elif kind == 0x6C:  # l: a signed number of eight bytes, such as RabbitMQ counts deliveries with
            found[name] = _signed_long_long(payload, position + 1)[0]
            position += 9
        elif kind == 0x62:  # b: a signed number of one byte
            number = payload[position + 1]
            found[name] = number - 256 if number > _MAX_SMALL else number
            position += 2
        else:
            return _by_codec(payload[start:end]), end
    if position != end:
        raise ValueError("a table ends too soon")
    return found, end


def _text_or_bytes(value: bytes) -> str | bytes:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value


def _by_codec(table: bytes) -> dict[str, Any]:
    _, found = decode.field_table(table)
    return found
