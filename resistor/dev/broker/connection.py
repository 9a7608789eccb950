"""One client's connection: bytes in and out, logging in, channels, heartbeats, its end.

Made by `server` for every socket. Frames go to the channel's methods; faults come back as channel.close or
connection.close. Whatever a client sends, only its own connection may suffer.
"""

from __future__ import annotations

import asyncio
import logging
from enum import Enum, auto
from typing import assert_never

from pamqp import commands
from pamqp.base import Frame

from resistor.dev.broker import handshake, wire
from resistor.dev.broker.channels import Channels
from resistor.dev.broker.faults import ConnectionFault
from resistor.dev.broker.heartbeat import Heartbeat
from resistor.dev.broker.topology import Topology

_log = logging.getLogger(__name__)
_GOODBYE_S = 5.0  # how long a client may take to answer connection.close


class Phase(Enum):
    """What the connection waits for."""

    HEADER = auto()
    START_OK = auto()
    TUNE_OK = auto()
    OPEN = auto()
    RUNNING = auto()
    CLOSING = auto()  # we have sent connection.close


class Connection(asyncio.Protocol):
    """The server's end of one connection."""

    def __init__(self, topology: Topology, connections: set[Connection]) -> None:
        """Wait for the socket; `connections` is where it enters itself while it lives."""
        self.user = ""
        self.frame_max = wire.MAX_FRAME
        self.writable = True
        self.hears_cancel = False
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._topology = topology
        self._connections = connections
        self._loop = asyncio.get_running_loop()
        self._phase = Phase.HEADER
        self._frames = wire.FrameReader()
        self._channels: Channels | None = None  # from tuning to the end
        self._output: list[bytes] = []
        self._heartbeat: Heartbeat | None = None
        self._goodbye: asyncio.TimerHandle | None = None

    # What asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Enter the broker's connections."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - create_server gives nothing else
        self._transport = transport
        self._connections.add(self)

    def data_received(self, data: bytes) -> None:
        """Handle every frame that is complete, then confirm what was published by them."""
        if self._heartbeat is not None:
            self._heartbeat.heard()
        try:
            self._read(data)
        except ConnectionFault as fault:
            self._fail(fault)
        except Exception:
            _log.exception("connection failed")
            self._fail(ConnectionFault(541, "the dev broker made a mistake"))
        if self._channels is not None:
            self._channels.send_confirms()

    def eof_received(self) -> None:
        """Close: a client that has stopped sending is gone."""

    def connection_lost(self, _problem: Exception | None) -> None:
        """Give back what this client had, and forget it."""
        self._connections.discard(self)
        if self._heartbeat is not None:
            self._heartbeat.stop()
        if self._goodbye is not None:
            self._goodbye.cancel()
        self._phase = Phase.CLOSING
        self._drop_channels()
        self._topology.delete_queues_of(self)
        if not self.closed.done():
            self.closed.set_result(None)

    def pause_writing(self) -> None:
        """Hold deliveries back: the client does not read."""
        self.writable = False

    def resume_writing(self) -> None:
        """Go on delivering."""
        self.writable = True
        if self._channels is not None:
            self._channels.pump()

    # What channels and the server call

    def send(self, data: bytes) -> None:
        """Write, together with whatever else this turn of the loop writes."""
        if not self._output:
            self._loop.call_soon(self._flush)
        self._output.append(data)

    def say_goodbye(self) -> None:
        """Close in order, because the broker stops."""
        self._fail(ConnectionFault(320, "broker forced connection closure with reason 'shutdown'"))

    def abort(self) -> None:
        """Drop the socket without a word."""
        self._transport.abort()

    # Frames

    def _flush(self) -> None:
        output, self._output = b"".join(self._output), []
        if output and not self._transport.is_closing():
            self._transport.write(output)
            if self._heartbeat is not None:
                self._heartbeat.spoke()

    def _send_method(self, method: Frame) -> None:
        self.send(wire.encode_method(0, method))

    def _read(self, data: bytes) -> None:
        if self._phase is Phase.HEADER:
            right = self._frames.take_protocol_header(data)
            if right is None:
                return
            if not right:
                self._hang_up(wire.PROTOCOL_HEADER)
                return
            self._phase = Phase.START_OK
            self._send_method(handshake.start())
            data = b""
        for kind, number, payload in self._frames.feed(data):
            self._take_frame(kind, number, payload)

    def _take_frame(self, kind: int, number: int, payload: bytes) -> None:
        if kind == wire.HEARTBEAT:
            return
        if kind not in (wire.METHOD, wire.HEADER, wire.BODY):
            raise ConnectionFault(501, f"unknown frame type {kind}")
        if self._phase is Phase.RUNNING and self._channels is not None and number:
            self._channels.take(kind, number, payload)
        elif kind == wire.METHOD:
            self._take_connection_method(wire.decode_method(payload))
        elif self._phase is not Phase.CLOSING:
            raise ConnectionFault(505, "content on channel 0")

    def _take_connection_method(self, method: Frame) -> None:
        match method:
            case commands.Connection.Close():
                self._hang_up(wire.encode_method(0, commands.Connection.CloseOk()))
            case commands.Connection.CloseOk() if self._phase is Phase.CLOSING:
                self._hang_up(b"")
            case _:
                self._step(method)

    def _step(self, method: Frame) -> None:
        """Take the next step of logging in, which has to be the one that we wait for."""
        match self._phase:
            case Phase.START_OK if isinstance(method, commands.Connection.StartOk):
                self._log_in(method)
            case Phase.TUNE_OK if isinstance(method, commands.Connection.TuneOk):
                self._tune(handshake.agree(method))
            case Phase.OPEN if isinstance(method, commands.Connection.Open):
                handshake.check_vhost(method)
                self._phase = Phase.RUNNING
                self._send_method(commands.Connection.OpenOk())
            case Phase.RUNNING if isinstance(method, commands.Connection.UpdateSecret):
                self._send_method(commands.Connection.UpdateSecretOk())
            case Phase.CLOSING:
                pass
            case Phase.HEADER | Phase.START_OK | Phase.TUNE_OK | Phase.OPEN | Phase.RUNNING:
                raise ConnectionFault(503, f"unexpected {method.name}")
            case _ as never:
                assert_never(never)

    def _log_in(self, method: commands.Connection.StartOk) -> None:
        try:
            client = handshake.log_in(method)
        except handshake.Refused as refused:
            if refused.fault is None:
                self._hang_up(b"")
                return
            raise refused.fault from refused
        self.user, self.hears_cancel = client.user, client.hears_cancel
        self._phase = Phase.TUNE_OK
        self._send_method(handshake.tune())

    def _tune(self, limits: handshake.Limits) -> None:
        self.frame_max = limits.frame_max
        self._channels = Channels(self, self._topology, limits.channel_max)
        self._heartbeat = Heartbeat(
            limits.heartbeat_s, send=lambda: self.send(wire.HEARTBEAT_FRAME), give_up=self.abort
        )
        self._phase = Phase.OPEN

    # The end

    def _fail(self, fault: ConnectionFault) -> None:
        """Close the connection because of `fault`; from now on only the answer counts."""
        if self._phase is Phase.CLOSING:
            self.abort()
            return
        self._phase = Phase.CLOSING
        self._drop_channels()
        self._send_method(commands.Connection.Close(fault.code, fault.text, 0, 0))
        self._goodbye = self._loop.call_later(_GOODBYE_S, self.abort)

    def _hang_up(self, last_words: bytes) -> None:
        """Close the socket behind what is still to be written."""
        self._phase = Phase.CLOSING
        self._drop_channels()
        self.send(last_words)
        self._flush()
        self._transport.close()

    def _drop_channels(self) -> None:
        channels, self._channels = self._channels, None
        if channels is not None:
            channels.drop()
