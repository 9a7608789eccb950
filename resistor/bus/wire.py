"""One connection of aiormq's, with its sharp edges taken off. It lives until it breaks.

Used by what is not hot: looking through a queue, the journal, and `fallback.py`.

What aiormq (7.2.4) does that would hurt here, and what is done about it:

- It takes an undecodable frame for a broken connection. The frame is some stranger's message, so the
  connection would break again at every redelivery: `TolerantReader` puts a decodable frame in its place.
- What it raises for a connection or a channel that is gone may be anything, `asyncio.CancelledError` of a
  task that nobody cancelled included: `losing` turns all of it into `Lost`.
- Its queue of frames to write holds ten, and whoever waits for a place in it when the connection breaks
  waits for ever. Here it has no limit: what is in flight is bounded by prefetch and by confirms.
- It logs every failed attempt as an error with a traceback. `connection.py` says the same once, in a line.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, cast

import aiormq
import pamqp.frame
from aiormq.connection import TCPTransportFactory, TLSTransportFactory, TransportFactory
from aiormq.exceptions import AMQPChannelError
from pamqp.commands import Basic
from pamqp.header import ContentHeader
from yarl import URL

from resistor.bus.channels import Lost
from resistor.bus.connection import why
from resistor.bus.decoding import UNREADABLE

HEARTBEAT_SECONDS = 10.0  # aiormq gives a silent broker up after three times (heartbeat + 1): 33 s
LONGEST_HEARTBEAT_SECONDS = 65_534  # aiormq takes more for none at all
CONNECT_SECONDS = 10.0
CLOSE_SECONDS = 5.0

_METHOD_FRAME, _HEADER_FRAME = 1, 2
_DELIVER, _GET_OK = (60, 60), (60, 71)  # class and method, AMQP 0-9-1
_CONNECTION = 10
_CLOSE, _BLOCKED, _UNBLOCKED = (10, 50), (10, 60), (10, 61)
_FRAME = struct.Struct(">BHI")  # type, channel, size
_INDEX = struct.Struct(">HH")

_Note = Callable[[tuple[int, int], bytes], None]


@contextmanager
def losing() -> Iterator[None]:
    """Raise `Lost` for all the ways in which aiormq says that a connection or a channel is gone.

    A refusal of what was asked for (`AMQPChannelError`) passes, and so does a real cancellation.
    """
    try:
        yield
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise
        raise Lost("the connection was given up") from None
    except AMQPChannelError as error:
        if type(error) is aiormq.ChannelClosed and error.args == (None, None):
            raise Lost("the channel was closed") from None
        raise
    except (aiormq.AMQPError, OSError, EOFError, TimeoutError, RuntimeError) as error:
        raise Lost(why(error)) from error


class Wire(aiormq.Connection):
    """An aiormq connection that reads tolerantly, writes without limit, and knows what the broker said of it.

    `is_blocked`: the broker has an alarm and does not read from us. `farewell`: why it hung up.
    """

    FRAME_BUFFER_SIZE = 0  # of `write_queue`: no limit

    def __init__(self, url: URL, *, client_name: str) -> None:
        """Prepare a connection to `url` that announces itself as `client_name`."""
        inner = TLSTransportFactory() if url.scheme == "amqps" else TCPTransportFactory()
        self._transport = _TolerantTransport(inner, self._note)
        super().__init__(
            url,
            transport_factory=self._transport,
            client_properties={"product": "resistor", "connection_name": client_name},
        )
        self.is_blocked = False
        self.farewell = ""

    @property
    def is_sending(self) -> bool:
        """Whether some of what was written waits for the socket to take it."""
        return not self.write_queue.empty() or self._transport.is_sending

    def _note(self, index: tuple[int, int], payload: bytes) -> None:
        if index == _CLOSE:
            self.farewell, _ = _text(payload, 2)  # after the reply code
        elif index in (_BLOCKED, _UNBLOCKED):
            self.is_blocked = index == _BLOCKED


def with_heartbeat(url: URL, seconds: float) -> URL:
    """Return `url` with a heartbeat every so many seconds, unless it names one itself.

    AMQP counts whole seconds in 16 bits, and 0 would be no heartbeat: it is at least 1.
    """
    if "heartbeat" in url.query:
        return url
    return url.update_query(heartbeat=str(min(max(1, round(seconds)), LONGEST_HEARTBEAT_SECONDS)))


async def connect(url: URL, *, client_name: str) -> Wire:
    """Open a connection. Raises `Lost` with the reason."""
    wire = Wire(url, client_name=client_name)
    try:
        with losing():
            async with asyncio.timeout(CONNECT_SECONDS):
                await wire.connect()
    except Lost as lost:
        raise Lost(wire.farewell or str(lost)) from lost
    return wire


async def open_channel(connection: aiormq.Connection, *, confirms: bool = False) -> aiormq.Channel:
    """Open a channel; with `confirms` the broker confirms each publish. Raises `Lost`."""
    with losing():
        channel = await connection.channel(publisher_confirms=confirms, frame_buffer_size=0)
    return cast(aiormq.Channel, channel)


def is_usable(channel: aiormq.Channel) -> bool:
    """Tell whether a frame may still be sent on `channel`.

    aiormq forgets a channel as it reads the broker's Close, a moment before the channel calls itself closed;
    a frame that is sent in between would cost the whole connection.
    """
    return not channel.is_closed and channel.connection.channels.get(channel.number) is channel


async def shut(closable: aiormq.Channel | aiormq.Connection) -> None:
    """Close a channel or a connection, and be content if it is gone already."""
    with suppress(Lost, AMQPChannelError), losing():
        await asyncio.wait_for(closable.close(), CLOSE_SECONDS)


def when_closed(
    closable: aiormq.Channel | aiormq.Connection, call: Callable[[BaseException | None], None]
) -> None:
    """Call `call` with the reason, where there is one, as soon as a channel or a connection is closed."""

    def closed(future: asyncio.Future[Any]) -> None:
        call(None if future.cancelled() else future.exception())

    closable.closing.add_done_callback(closed)


class _TolerantTransport(TransportFactory):
    """Puts a `TolerantReader` between the socket and aiormq."""

    def __init__(self, inner: TransportFactory, note: _Note) -> None:
        self._inner = inner
        self._note = note
        self._writer: asyncio.StreamWriter | None = None

    @property
    def is_sending(self) -> bool:
        return self._writer is not None and self._writer.transport.get_write_buffer_size() > 0

    async def create(self, url: URL, **kwargs: Any) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await self._inner.create(url, **kwargs)
        self._writer = writer
        # aiormq uses three of a StreamReader's methods: those that a TolerantReader has.
        return TolerantReader(reader, self._note), writer  # type: ignore[return-value]


class TolerantReader:
    """Reads whole frames, and hands on only those that can be decoded.

    A message whose properties cannot be decoded gets `UNREADABLE` as its content type and no properties; a
    routing key that is not UTF-8 gets its odd bytes escaped.
    """

    def __init__(self, reader: asyncio.StreamReader, note: _Note) -> None:
        """Read from `reader`; show `note` what concerns the connection itself."""
        self._reader = reader
        self._note = note
        self._frame = b""
        self._position = 0

    def at_eof(self) -> bool:
        """Tell whether there is nothing more to come."""
        return self._position >= len(self._frame) and self._reader.at_eof()

    async def read(self) -> bytes:
        """Return what is left until the end of the stream."""
        return self._frame[self._position :] + await self._reader.read()

    async def readexactly(self, size: int) -> bytes:
        """Return `size` bytes of one frame; a read never goes over a frame's end."""
        if self._position >= len(self._frame):
            self._frame = await self._next()
            self._position = 0
        part = self._frame[self._position : self._position + size]
        self._position += size
        return part

    async def _next(self) -> bytes:
        head = await self._reader.readexactly(_FRAME.size)
        if head.startswith(b"AMQP"):
            return head  # a broker of another protocol's version says so, and hangs up
        kind, channel, size = _FRAME.unpack(head)
        rest = await self._reader.readexactly(size + 1)
        if kind == _HEADER_FRAME:
            return _readable_header(channel, rest[:-1]) or head + rest
        if kind == _METHOD_FRAME:
            index = _INDEX.unpack_from(rest)
            if index == _DELIVER:
                return _readable_delivery(channel, rest[4:-1]) or head + rest
            if index == _GET_OK:
                return _readable_gotten(channel, rest[4:-1]) or head + rest
            if index[0] == _CONNECTION:
                self._note(index, rest[4:-1])
        return head + rest


def _readable_header(channel: int, payload: bytes) -> bytes | None:
    """Return a header frame to put in the place of one that cannot be decoded; None where it can."""
    try:
        ContentHeader().unmarshal(payload)
    except Exception as error:
        (body_size,) = struct.unpack_from(">Q", payload, 4)
        properties = Basic.Properties(
            content_type=UNREADABLE, headers={"resistor-unreadable": type(error).__name__}
        )
        return pamqp.frame.marshal(ContentHeader(body_size=body_size, properties=properties), channel)
    return None


def _readable_delivery(channel: int, payload: bytes) -> bytes | None:
    """Return a Basic.Deliver to put in the place of one that cannot be decoded; None where it can."""
    try:
        Basic.Deliver().unmarshal(payload)
    except Exception:
        consumer_tag, position = _text(payload, 0)
        tag, redelivered = struct.unpack_from(">QB", payload, position)
        exchange, position = _text(payload, position + 9)
        routing_key, _ = _text(payload, position)
        return pamqp.frame.marshal(
            Basic.Deliver(consumer_tag, tag, bool(redelivered), exchange, routing_key), channel
        )
    return None


def _readable_gotten(channel: int, payload: bytes) -> bytes | None:
    """Return a Basic.GetOk to put in the place of one that cannot be decoded; None where it can."""
    try:
        Basic.GetOk().unmarshal(payload)
    except Exception:
        tag, redelivered = struct.unpack_from(">QB", payload)
        exchange, position = _text(payload, 9)
        routing_key, position = _text(payload, position)
        (left,) = struct.unpack_from(">I", payload, position)
        return pamqp.frame.marshal(Basic.GetOk(tag, bool(redelivered), exchange, routing_key, left), channel)
    return None


def _text(payload: bytes, position: int) -> tuple[str, int]:
    """Read a short string at `position`, with odd bytes escaped; also return where it ends."""
    end = position + 1 + payload[position]
    text = payload[position + 1 : end].decode(errors="backslashreplace")
    return text.encode()[:255].decode(errors="ignore"), end
