"""An `Envelope` → the bytes of AMQP's content header, packed by hand: it is done for every message.

Strings, and tables of strings and small numbers, are packed here; whatever else a header holds goes through
pamqp's codec, in the form that `envelopes.py` gives it. The bytes are pamqp's in every case: a test compares
them. What could not be read back is refused: a message that is returned is known again by its header.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from pamqp import encode

from resistor.bus.decoding import END_OF_TIME
from resistor.bus.envelopes import writable_table
from resistor.messages.envelope import Envelope
from resistor.messages.ids import ids

_MAX_SHORT_STRING = 255  # bytes
_MAX_SMALL = 127  # the largest number in one byte
_MAX_NAME = 128  # bytes of a header's name: the codec cuts longer ones

# The bits of the properties, and their order: AMQP 0-9-1, 4.2.6.1 and the class `basic`.
_CONTENT_TYPE, _CONTENT_ENCODING, _HEADERS = 1 << 15, 1 << 14, 1 << 13
_DELIVERY_MODE, _PRIORITY, _CORRELATION_ID = 1 << 12, 1 << 11, 1 << 10
_REPLY_TO, _MESSAGE_ID, _TIMESTAMP = 1 << 9, 1 << 7, 1 << 6
_TYPE, _USER_ID, _APP_ID = 1 << 5, 1 << 4, 1 << 3

_ids = ids(f"{uuid4().hex[:20]}-")

_PERSISTENT = b"\x02"
_BASIC = 60
_fixed = struct.Struct(">HHQH").pack  # class, weight, size of the body, which properties there are
_long = struct.Struct(">I").pack
_long_long = struct.Struct(">Q").pack


def named(envelope: Envelope) -> str:
    """Return the message id that `envelope` is published with: there always is one."""
    return envelope.message_id or next(_ids)


def content_header(envelope: Envelope, message_id: str) -> bytes:  # noqa: C901 - a property a branch
    """Return the payload of the header frame: persistent, and with every property that is set.

    Raises `ValueError` for a property that AMQP cannot carry (text of more than 255 bytes).
    """
    flags = _DELIVERY_MODE | _MESSAGE_ID
    parts: list[bytes] = []
    if envelope.content_type:
        flags |= _CONTENT_TYPE
        parts.append(short_string(envelope.content_type))
    if envelope.content_encoding:
        flags |= _CONTENT_ENCODING
        parts.append(short_string(envelope.content_encoding))
    if envelope.headers:
        flags |= _HEADERS
        parts.append(table(envelope.headers))
    parts.append(_PERSISTENT)
    if envelope.priority is not None:
        flags |= _PRIORITY
        parts.append(encode.octet(envelope.priority))
    if envelope.correlation_id:
        flags |= _CORRELATION_ID
        parts.append(short_string(envelope.correlation_id))
    if envelope.reply_to:
        flags |= _REPLY_TO
        parts.append(short_string(envelope.reply_to))
    parts.append(short_string(message_id))
    if envelope.timestamp is not None:
        flags |= _TIMESTAMP
        parts.append(_moment(envelope.timestamp))
    if envelope.type:
        flags |= _TYPE
        parts.append(short_string(envelope.type))
    if envelope.user_id:
        flags |= _USER_ID
        parts.append(short_string(envelope.user_id))
    if envelope.app_id:
        flags |= _APP_ID
        parts.append(short_string(envelope.app_id))
    return b"".join((_fixed(_BASIC, 0, len(envelope.body), flags), *parts))


def short_string(text: str) -> bytes:
    """Return `text` behind its length. Raises `ValueError` where it has more than 255 bytes."""
    encoded = text.encode()
    if len(encoded) > _MAX_SHORT_STRING:
        raise ValueError(f"a message property has more than 255 bytes: {text[:64]!r}…")
    return b"%c%b" % (len(encoded), encoded)


def _moment(seconds: float) -> bytes:
    if not 0 <= seconds < END_OF_TIME:
        raise ValueError(f"{seconds} is no time that AMQP can carry")
    return _long_long(int(seconds))


def table(headers: Mapping[str, Any]) -> bytes:
    """Return a table; values that AMQP has no form for become text."""
    parts: list[bytes] = []
    for name, value in headers.items():
        key = name.encode()
        if len(key) <= _MAX_NAME and type(value) is str:
            encoded = value.encode()
            parts.append(b"%c%bS%b%b" % (len(key), key, _long(len(encoded)), encoded))
        elif len(key) <= _MAX_NAME and type(value) is int and 0 <= value <= _MAX_SMALL:
            parts.append(b"%c%bb%c" % (len(key), key, value))
        else:
            return encode.field_table(writable_table(headers))
    joined = b"".join(parts)
    return _long(len(joined)) + joined
