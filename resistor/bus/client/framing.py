"""The frames that are packed by hand: AMQP 0-9-1, 4.2.3. For everything else there is pamqp."""

from __future__ import annotations

import struct

from pamqp import commands
from pamqp.base import Frame

from resistor.bus.encoding import short_string

METHOD, HEADER, BODY, HEARTBEAT = 1, 2, 3, 8
END = 0xCE
OVERHEAD = 8  # type, channel, size, end

HEARTBEAT_FRAME = b"\x08\x00\x00\x00\x00\x00\x00\xce"

# Class and method, as one number.
DELIVER, RETURN, CANCEL = 60 << 16 | 60, 60 << 16 | 50, 60 << 16 | 30
ACK, NACK = 60 << 16 | 80, 60 << 16 | 120
CHANNEL_CLOSE = 20 << 16 | 40
CONNECTION_CLASS = 10
CONNECTION_CLOSE = 10 << 16 | 50
CONNECTION_BLOCKED, CONNECTION_UNBLOCKED = 10 << 16 | 60, 10 << 16 | 61

head = struct.Struct(">BHI")  # type, channel, size
index = struct.Struct(">I").unpack_from  # class and method, as one number
tag_and_flag = struct.Struct(">QB").unpack_from

_settle = struct.Struct(">BHIHHQBB").pack
_publish = struct.Struct(">HHH").pack  # class, method, a reserved number
_end = b"\xce"


def ack(channel: int, tag: int, *, multiple: bool) -> bytes:
    """Return Basic.Ack."""
    return _settle(METHOD, channel, 13, 60, 80, tag, multiple, END)


def dead_letter(channel: int, tag: int, *, multiple: bool) -> bytes:
    """Return Basic.Nack, which does not ask to have the message again."""
    return _settle(METHOD, channel, 13, 60, 120, tag, multiple, END)


def publish(channel: int, exchange: str, routing_key: str) -> bytes:
    """Return Basic.Publish, mandatory."""
    payload = b"%b%b%b\x01" % (_publish(60, 40, 0), short_string(exchange), short_string(routing_key))
    return b"%b%b\xce" % (head.pack(METHOD, channel, len(payload)), payload)


def content(channel: int, header: bytes, body: bytes, payload_max: int) -> list[bytes]:
    """Return the header frame and the body frames of a message, in pieces to be joined."""
    pieces = [head.pack(HEADER, channel, len(header)), header]
    if not body:
        pieces.append(_end)
    elif len(body) <= payload_max:
        pieces += (b"\xce" + head.pack(BODY, channel, len(body)), body, _end)
    else:
        pieces.append(_end)
        for start in range(0, len(body), payload_max):
            part = body[start : start + payload_max]
            pieces += (head.pack(BODY, channel, len(part)), part, _end)
    return pieces


def decoded(payload: bytes) -> Frame:
    """Return a method that is rare, from the payload of its frame. Raises `ValueError`."""
    (number,) = index(payload)
    found = commands.INDEX_MAPPING.get(number)
    if found is None:
        raise ValueError(f"no method of AMQP 0-9-1: class {number >> 16}, method {number & 0xFFFF}")
    frame: Frame = found()
    frame.unmarshal(payload[4:])
    return frame
