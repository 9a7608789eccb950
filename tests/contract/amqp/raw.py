"""An AMQP client of bare frames, for what a library hides: heartbeats, frame sizes, a connection cut off.

Used by the AMQP suite and by the dev broker's own tests.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit

from pamqp import body, commands, frame, header
from pamqp.base import Frame
from pamqp.heartbeat import Heartbeat

_PATIENCE_S = 15.0
_F = TypeVar("_F")
_CAPABILITIES = {"consumer_cancel_notify": True, "authentication_failure_close": True}


class RawClient:
    """One connection; `send` and `wait_for` are all it can do by itself."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Wrap an open socket."""
        self._reader = reader
        self._writer = writer

    @classmethod
    async def open(cls, url: str) -> RawClient:
        """Connect the socket, say nothing."""
        place = urlsplit(url)
        return cls(*await asyncio.open_connection(place.hostname, place.port))

    @classmethod
    async def connect(
        cls, url: str, *, heartbeat: int = 0, frame_max: int = 131072, cancel_notify: bool = True
    ) -> RawClient:
        """Log in and open channel 1."""
        client = await cls.open(url)
        client.write(header.ProtocolHeader().marshal())
        await client.wait_for(commands.Connection.Start)
        properties: dict[str, Any] = {
            "capabilities": _CAPABILITIES | {"consumer_cancel_notify": cancel_notify}
        }
        client.send(commands.Connection.StartOk(properties, "PLAIN", "\0guest\0guest", "en_US"), 0)
        tune = await client.wait_for(commands.Connection.Tune)
        client.send(commands.Connection.TuneOk(tune.channel_max, frame_max, heartbeat), 0)
        client.send(commands.Connection.Open(unquote(urlsplit(url).path[1:]) or "/"), 0)
        await client.wait_for(commands.Connection.OpenOk)
        client.send(commands.Channel.Open())
        await client.wait_for(commands.Channel.OpenOk)
        return client

    def send(self, method: frame.FrameTypes, channel: int = 1) -> None:
        """Send one frame."""
        self.write(frame.marshal(method, channel))

    def publish(self, content: bytes, routing_key: str, *, mandatory: bool = False) -> None:
        """Publish to the default exchange, in one frame of content."""
        self.send(commands.Basic.Publish(routing_key=routing_key, mandatory=mandatory))
        self.send(header.ContentHeader(body_size=len(content), properties=commands.Basic.Properties()))
        self.send(body.ContentBody(content))

    def write(self, data: bytes) -> None:
        """Send bytes as they are."""
        self._writer.write(data)

    async def read(self) -> tuple[int, frame.FrameTypes]:
        """Wait for a frame: its payload's size and what it is. Raises IncompleteReadError at the end."""
        async with asyncio.timeout(_PATIENCE_S):
            head = await self._reader.readexactly(7)
            size = int.from_bytes(head[3:7], "big")
            rest = await self._reader.readexactly(size + 1)
        return size, frame.unmarshal(head + rest)[2]

    async def wait_for(self, kind: type[_F]) -> _F:
        """Wait for a frame of this kind, skipping heartbeats and content; anything else is an error."""
        while True:
            _size, found = await self.read()
            if isinstance(found, kind):
                return found
            assert isinstance(found, Heartbeat | header.ContentHeader | body.ContentBody), (
                found.name,
                dict(found) if isinstance(found, Frame) else None,
            )

    async def ended(self) -> bytes:
        """Wait until the broker closes the socket; gives what it still sent."""
        async with asyncio.timeout(_PATIENCE_S):
            try:
                return await self._reader.read()
            except ConnectionError:
                return b""

    async def finish(self) -> None:
        """Send what is left and announce that no more will come."""
        await self._writer.drain()
        self._writer.write_eof()

    def cut(self) -> None:
        """Drop the connection without a word."""
        self._writer.transport.abort()

    async def close(self) -> None:
        """Close the socket. Idempotent."""
        self._writer.close()
        with suppress(ConnectionError):
            await self._writer.wait_closed()
