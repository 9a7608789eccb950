"""Bytes to frames and back: the frame layer of AMQP 0-9-1 (section 4.2 of the specification).

Called by `connection` and `channel`. Methods go through pamqp's codec; content travels as the bytes that
came, so that nothing is lost in a table's finer types. Knows no state beyond an unfinished frame.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from pamqp import commands, frame
from pamqp.base import Frame

from resistor.dev.broker.faults import ConnectionFault

PROTOCOL_HEADER = b"AMQP\x00\x00\x09\x01"
METHOD, HEADER, BODY, HEARTBEAT = 1, 2, 3, 8
HEARTBEAT_FRAME = b"\x08\x00\x00\x00\x00\x00\x00\xce"
MAX_FRAME = 131_072  # bytes, RabbitMQ's default
_OVERHEAD = 8  # bytes of a frame around its payload
_END = 0xCE
_FRAME_HEAD = struct.Struct(">BHI")  # type, channel, payload size
_CONTENT_HEAD = struct.Struct(">HHQ")  # class, weight, body size
_BASIC = commands.Basic.Publish.index >> 16  # the class of all content


class FrameReader:
    """Cuts a stream of bytes into frames, wherever the stream was torn."""

    def __init__(self) -> None:
        """Begin with nothing read."""
        self._rest = b""

    def take_protocol_header(self, data: bytes) -> bool | None:
        """Read the eight bytes that open a connection: right, wrong, or None while more have to come."""
        self._rest += data
        if len(self._rest) < len(PROTOCOL_HEADER):
            return None if PROTOCOL_HEADER.startswith(self._rest) else False
        right = self._rest.startswith(PROTOCOL_HEADER)
        self._rest = self._rest[len(PROTOCOL_HEADER) :]
        return right

    def feed(self, data: bytes) -> Iterator[tuple[int, int, bytes]]:
        """Give (type, channel, payload) of every complete frame. Raises ConnectionFault on a bad one."""
        buffer = self._rest + data if self._rest else data
        offset = 0
        try:
            while len(buffer) - offset >= _FRAME_HEAD.size:
                kind, channel, size = _FRAME_HEAD.unpack_from(buffer, offset)
                if size > MAX_FRAME - _OVERHEAD:
                    raise ConnectionFault(501, f"frame of {size} bytes is larger than {MAX_FRAME}")
                start = offset + _FRAME_HEAD.size
                if len(buffer) <= start + size:
                    break
                if buffer[start + size] != _END:
                    raise ConnectionFault(501, "invalid frame end marker")
                offset = start + size + 1
                yield kind, channel, buffer[start : start + size]
        finally:
            self._rest = buffer[offset:]


def decode_method(payload: bytes) -> Frame:
    """Decode the payload of a method frame. Raises ConnectionFault 540 or 502."""
    kind: type[Frame] | None = commands.INDEX_MAPPING.get(int.from_bytes(payload[:4], "big"))
    if kind is None:
        raise ConnectionFault(540, f"unknown method {payload[:4].hex()}")
    try:
        method: Frame = kind()
        method.unmarshal(payload[4:])  # and no method.validate(): it refuses what RabbitMQ and clients use
    except Exception as problem:  # hostile bytes: whatever the codec stumbles over, it is the sender's fault
        raise ConnectionFault(502, f"cannot decode {kind.name}: {problem}") from problem
    return method


def decode_content_header(payload: bytes) -> tuple[int, bytes]:
    """Give the body's size and the raw properties. Raises ConnectionFault 502 or 505."""
    try:
        class_id, _weight, size = _CONTENT_HEAD.unpack_from(payload)
    except struct.error as problem:
        raise ConnectionFault(502, "content header is truncated") from problem
    if class_id != _BASIC:
        raise ConnectionFault(505, f"content header of class {class_id} for class {_BASIC}")
    return size, payload[_CONTENT_HEAD.size :]


def encode_method(channel: int, method: Frame) -> bytes:
    """Encode a method frame."""
    return frame.marshal(method, channel)


def encode_content(channel: int, properties: bytes, body: bytes, frame_max: int) -> bytes:
    """Encode the header frame and as many body frames as `frame_max` (bytes) asks for."""
    most = frame_max - _OVERHEAD
    parts = [_frame(HEADER, channel, _CONTENT_HEAD.pack(_BASIC, 0, len(body)) + properties)]
    parts += [_frame(BODY, channel, body[at : at + most]) for at in range(0, len(body), most)]
    return b"".join(parts)


def _frame(kind: int, channel: int, payload: bytes) -> bytes:
    return b"%b%b\xce" % (_FRAME_HEAD.pack(kind, channel, len(payload)), payload)
