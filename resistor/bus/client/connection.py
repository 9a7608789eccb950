"""One connection: bytes ⇄ frames, heartbeats, and to which channel each frame goes.

Writes of one turn of the loop leave together. Implements `channels.Wire`.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import cast

import pamqp.frame
from pamqp import commands
from pamqp.base import Frame

from resistor.bus.channels import Lost
from resistor.bus.client import framing
from resistor.bus.client.channel import Answer, NativeChannel
from resistor.bus.decoding import escaped

SILENT_HEARTBEATS = 3  # a broker that was silent for so many is given up
CLOSE_SECONDS = 5.0
WRITE_BUFFER_BYTES = 1 << 20  # above it publishing waits

_PROTOCOL = b"AMQP\x00\x00\x09\x01"


class Connection(asyncio.Protocol):
    """A connection to a broker. `opened` is set by connecting.py, when it has been tuned."""

    def __init__(self) -> None:
        """Wait to be connected."""
        self.is_blocked = False
        self.payload_max = 4096 - framing.OVERHEAD  # AMQP's frame_min_size, until it has been tuned
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._begun = bytearray()  # a frame that is not whole yet, and maybe more behind it
        self._wanted = 0  # bytes that `_begun` has to have for another look
        self._out: list[bytes] = []
        self._out_bytes = 0
        self._channels: dict[int, NativeChannel] = {}
        self._channel_max = 2047
        self._when_closed: list[Callable[[BaseException | None], None]] = []
        self._gone = self._loop.create_future()
        self._reason: BaseException | None = None
        self._is_closed = False
        self._writable: asyncio.Future[None] | None = None
        self._heartbeat = 0.0
        self._heard_at = self._wrote_at = self._loop.time()
        self._next_beat: asyncio.TimerHandle | None = None
        self._control = NativeChannel(self, 0)
        self._channels[0] = self._control

    # ------------------------------------------------------------------------------------- its user's side

    @property
    def is_sending(self) -> bool:
        """Whether some of what was written waits for the socket to take it."""
        return self._transport is not None and self._transport.get_write_buffer_size() > 0

    def when_closed(self, call: Callable[[BaseException | None], None]) -> None:
        """Call `call` with the reason as soon as the connection is closed."""
        if self._is_closed:
            call(self._reason)
        else:
            self._when_closed.append(call)

    async def channel(self, *, confirms: bool = False) -> NativeChannel:
        """Open a channel. Raises `Lost`, and `Refused` where the broker has no more of them for us."""
        number = next((n for n in range(1, self._channel_max + 1) if n not in self._channels), None)
        if self._is_closed or number is None:
            raise Lost("the connection is closed" if self._is_closed else "no channel is free")
        channel = self._channels[number] = NativeChannel(self, number)
        try:
            await channel.open(confirms=confirms)
        except BaseException:
            channel.abandon()
            raise
        return channel

    async def ask(self, request: Frame, answer: type[Answer]) -> Answer:
        """Ask something about the connection itself. Raises `Lost`."""
        return await self._control.ask(request, answer)

    async def expect(self, answer: type[Answer]) -> Answer:
        """Wait for what the broker says unasked. Raises `Lost`."""
        return await self._control.expect(answer)

    async def close(self) -> None:
        """Close it, and be content if it is gone already."""
        if not self._is_closed:
            await self._part()
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_SECONDS):
                await asyncio.shield(self._gone)
        if self._transport is not None and not self._gone.done():
            self._transport.abort()  # a peer that takes no more, or does not end its TLS

    async def _part(self) -> None:
        """Take leave of the broker, if it listens."""
        close = commands.Connection.Close(reply_code=200, reply_text="", class_id=0, method_id=0)
        try:
            with suppress(Lost, TimeoutError):
                async with asyncio.timeout(CLOSE_SECONDS):
                    await self.ask(close, commands.Connection.CloseOk)
        finally:
            self.fail(None)

    def tune(self, *, channel_max: int, frame_max: int, heartbeat: float) -> None:
        """Keep to what was agreed on; `heartbeat` is in seconds, 0: none. `frame_max` 0: any size."""
        self.payload_max = frame_max - framing.OVERHEAD if frame_max else 1 << 31
        self._channel_max = channel_max or 65535
        self._heartbeat = heartbeat
        if heartbeat:
            self._next_beat = self._loop.call_later(heartbeat / 2, self._beat, self._loop.time())

    # ------------------------------------------------------------------------------------------- writing

    def send(self, frame: Frame, channel: int) -> None:
        """Write what is rare."""
        self.write(pamqp.frame.marshal(frame, channel))

    def write(self, frames: bytes) -> None:
        """Write; all of one turn of the loop leaves together. Raises `Lost`."""
        if self._is_closed:
            raise Lost(str(self._reason or "the connection is closed"))
        if not self._out:
            self._loop.call_soon(self.flush)
        self._out.append(frames)
        self._out_bytes += len(frames)
        if self._out_bytes >= WRITE_BUFFER_BYTES:
            self.flush()  # so that the socket says now that it takes no more

    async def writable(self) -> None:
        """Wait until the socket takes more. Raises `Lost`."""
        while self._writable is not None and not self._is_closed:
            await asyncio.shield(self._writable)
        if self._is_closed:
            raise Lost(str(self._reason or "the connection is closed"))

    def forget(self, number: int) -> None:
        """Drop a channel that is closed: its number may be used again."""
        self._channels.pop(number, None)

    def flush(self) -> None:
        """Let all leave that has been written, now and not when this turn of the loop is over."""
        out, self._out, self._out_bytes = self._out, [], 0
        if out and self._transport is not None and not self._transport.is_closing():
            self._wrote_at = self._loop.time()
            self._transport.write(b"".join(out))

    # ---------------------------------------------------------------------------------- asyncio's side

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet."""
        self._transport = cast(asyncio.Transport, transport)
        self._transport.set_write_buffer_limits(high=WRITE_BUFFER_BYTES)
        raw = transport.get_extra_info("socket")
        if raw is not None and raw.family in (socket.AF_INET, socket.AF_INET6):
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._transport.write(_PROTOCOL)

    def data_received(self, data: bytes) -> None:
        """Take what the socket has."""
        if self._is_closed:
            return
        self._heard_at = self._loop.time()
        if self._begun:
            self._begun += data
            if len(self._begun) < self._wanted:
                return
            data = bytes(self._begun)
        try:
            position = self._frames(data)
        except Exception as error:  # whatever it is, nothing behind it can be read
            self.fail(Lost(f"what the broker sent cannot be read: {error}"))
            return
        self._begun = bytearray(data[position:])
        for channel in list(self._channels.values()):
            channel.hand_over()

    def eof_received(self) -> None:
        """The broker has hung up."""
        self.fail(Lost("the broker hung up"))

    def connection_lost(self, error: Exception | None) -> None:
        """The socket is gone."""
        self.fail(Lost(str(error)) if error else Lost("the connection was closed"))
        if not self._gone.done():
            self._gone.set_result(None)

    def pause_writing(self) -> None:
        """The socket takes no more for now."""
        if self._writable is None:
            self._writable = self._loop.create_future()

    def resume_writing(self) -> None:
        """It does again."""
        writable, self._writable = self._writable, None
        if writable is not None and not writable.done():
            writable.set_result(None)

    # ---------------------------------------------------------------------------------------- reading

    def _frames(self, buffer: bytes) -> int:
        """Take all whole frames; returns where the first that is not whole begins."""
        position, size_of_buffer = 0, len(buffer)
        unpack, channels = framing.head.unpack_from, self._channels
        self._wanted = framing.OVERHEAD
        while size_of_buffer - position >= framing.OVERHEAD and not self._is_closed:
            kind, number, size = unpack(buffer, position)
            start = position + 7
            end = start + size
            if end >= size_of_buffer:
                if size > self.payload_max:
                    raise ValueError(_oversized(buffer[position:], size))
                self._wanted = framing.OVERHEAD + size
                break
            if buffer[end] != framing.END:
                raise ValueError("a frame does not end where it should")
            position = end + 1
            channel = channels.get(number)
            if channel is None or kind == framing.HEARTBEAT:
                continue  # of a channel that we have closed, or a sign of life
            if kind == framing.METHOD:
                (index,) = framing.index(buffer, start)
                if number:
                    channel.method(index, buffer[start:end])
                else:
                    self._own(index, buffer[start:end])
            elif kind == framing.HEADER:
                channel.header(buffer[start:end])
            elif kind == framing.BODY:
                channel.body(buffer[start:end])
            else:
                raise ValueError(f"a frame of type {kind}")
        return position

    def _own(self, index: int, payload: bytes) -> None:
        """Take a method that is about the connection."""
        if index == framing.CONNECTION_CLOSE:
            text, _ = escaped(payload, 6)
            self.send(commands.Connection.CloseOk(), 0)
            self.flush()
            self.fail(Lost(text))
        elif index >> 16 != framing.CONNECTION_CLASS:
            raise ValueError(f"class {index >> 16} on channel 0")
        elif index == framing.CONNECTION_BLOCKED:
            self.is_blocked = True
        elif index == framing.CONNECTION_UNBLOCKED:
            self.is_blocked = False
        else:
            self._control.method(index, payload)

    def fail(self, reason: BaseException | None) -> None:
        """Give the connection up: everybody hears why. Idempotent."""
        if self._is_closed:
            return
        self._is_closed = True
        self._reason = reason
        if self._next_beat is not None:
            self._next_beat.cancel()
        if self._transport is not None:
            self._transport.close() if reason is None else self._transport.abort()
        elif not self._gone.done():
            self._gone.set_result(None)
        self.resume_writing()
        channels, self._channels = list(self._channels.values()), {}
        for channel in channels:
            channel.end(reason or Lost("the connection was closed"))
        for call in self._when_closed:
            call(reason)

    # -------------------------------------------------------------------------------------- heartbeats

    def _beat(self, expected_at: float) -> None:
        """Give a sign of life where nothing else was said, and give a broker up that gives none."""
        now = self._loop.time()
        if now - expected_at > self._heartbeat:
            self._heard_at = now  # it is we who slept: what the broker said meanwhile is yet to be read
        if now - self._heard_at > SILENT_HEARTBEATS * self._heartbeat:
            self.fail(Lost("there was no sign of life from the broker"))
            return
        if now - self._wrote_at >= self._heartbeat / 2:
            self.write(framing.HEARTBEAT_FRAME)
        pause = self._heartbeat / 2
        self._next_beat = self._loop.call_later(pause, self._beat, now + pause)


def _oversized(start: bytes, size: int) -> str:
    if start.startswith(b"AMQP"):
        return "it speaks another version of AMQP"
    return f"a frame of {size} bytes"
