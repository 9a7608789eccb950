"""A message's properties, kept as the bytes that came.

Called by `publishing`, `dead_letters` and `channel`. A decoded and encoded table would lose what Python does
not tell apart (a double from a float, bytes from text), so a change cuts and pastes raw fields instead.
Pure: no I/O, and values never change in place.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Any

from pamqp import decode, encode

# In the order of their flag bits, from bit 15 down (class basic of the specification).
_NAMES = (
    "content_type",
    "content_encoding",
    "headers",
    "delivery_mode",
    "priority",
    "correlation_id",
    "reply_to",
    "expiration",
    "message_id",
    "timestamp",
    "type",
    "user_id",
    "app_id",
    "cluster_id",
)
_FIXED = {
    "delivery_mode": 1,
    "priority": 1,
    "timestamp": 8,
}  # bytes; `headers` is a table, the rest short strings
_TABLE_FIXED = {
    **dict.fromkeys(b"tbB", 1),
    **dict.fromkeys(b"Uus", 2),
    **dict.fromkeys(b"Iif", 4),
    **dict.fromkeys(b"LldT", 8),
    ord("D"): 5,
    ord("V"): 0,
}
_TABLE_LONG = frozenset(b"SxAF")  # a length of four bytes, then so many


class Properties:
    """The properties of one message. Raises ValueError when the bytes are not properties."""

    __slots__ = ("_fields", "raw")

    def __init__(self, raw: bytes) -> None:
        """Cut `raw` (flags and property list of a content header) into fields."""
        self.raw = raw
        self._fields = _cut(raw)

    def text(self, name: str) -> str | None:
        """Give a short string property, None when it is not set."""
        field = self._fields.get(name)
        return None if field is None else field[1:].decode(errors="replace")

    def headers(self) -> dict[str, Any]:
        """Give the headers, decoded; empty when there are none or they cannot be read."""
        try:
            return dict(decode.field_table(self._fields.get("headers", b"\x00\x00\x00\x00"))[1])
        except Exception:  # a hostile table may break the codec in any way; the message itself still passes
            return {}

    def names_header(self, name: bytes) -> bool:
        """Tell cheaply whether the headers may name `name`."""
        return name in self._fields.get("headers", b"")

    def without(self, name: str) -> Properties:
        """Give the same properties with `name` not set."""
        return Properties(_join({key: raw for key, raw in self._fields.items() if key != name}))

    def with_headers(self, changes: Mapping[str, bytes | None]) -> Properties:
        """Give the same properties with these headers set to values from `encoded`, None removing."""
        entries = _cut_table(self._fields.get("headers", b"\x00\x00\x00\x00"))
        for name, value in changes.items():
            entries.pop(name.encode(), None)
            if value is not None:
                entries[name.encode()] = value
        packed = b"".join(bytes((len(name),)) + name + value for name, value in entries.items())
        return Properties(_join({**self._fields, "headers": struct.pack(">I", len(packed)) + packed}))


def encoded(value: Any) -> bytes:
    """Encode a header's value, its type in front; whole numbers as `long`, as RabbitMQ writes its own."""
    if isinstance(value, int) and not isinstance(value, bool):
        return b"l" + struct.pack(">q", value)
    return encode.encode_table_value(value)


def _cut(raw: bytes) -> dict[str, bytes]:
    if len(raw) < 2 or raw[1] & 1:  # a second word of flags: no property of class basic needs it
        raise ValueError("property flags are truncated")
    flags, offset = int.from_bytes(raw[:2], "big"), 2
    fields = {}
    for number, name in enumerate(_NAMES):
        if flags & (0x8000 >> number):
            end = offset + _size(name, raw, offset)
            if end > len(raw):
                raise ValueError(f"property {name} is truncated")
            fields[name] = raw[offset:end]
            offset = end
    return fields


def _size(name: str, raw: bytes, offset: int) -> int:
    if name in _FIXED:
        return _FIXED[name]
    width = 4 if name == "headers" else 1
    return width + int.from_bytes(raw[offset : offset + width], "big")


def _join(fields: Mapping[str, bytes]) -> bytes:
    flags = sum(0x8000 >> number for number, name in enumerate(_NAMES) if name in fields)
    return flags.to_bytes(2, "big") + b"".join(fields[name] for name in _NAMES if name in fields)


def _cut_table(raw: bytes) -> dict[bytes, bytes]:
    """Cut a field table into name -> value with its type; what cannot be read ends it."""
    entries: dict[bytes, bytes] = {}
    offset = 4
    while offset < len(raw):
        start = offset + 1 + raw[offset]
        if start >= len(raw):
            break
        kind = raw[start]
        if kind in _TABLE_LONG:
            size = 4 + int.from_bytes(raw[start + 1 : start + 5], "big")
        elif kind in _TABLE_FIXED:
            size = _TABLE_FIXED[kind]
        else:
            break
        end = start + 1 + size
        if end > len(raw):
            break
        entries[raw[offset + 1 : start]] = raw[start:end]
        offset = end
    return entries
