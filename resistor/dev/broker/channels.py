"""All channels of one connection: which method goes where, and what a fault closes.

Owned by `connection`, which hands it the frames of channels 1 and up.
"""

from __future__ import annotations

from pamqp import commands
from pamqp.base import Frame

from resistor.dev.broker import deliveries, methods, publishing, wire
from resistor.dev.broker.channel import Channel, Peer
from resistor.dev.broker.faults import ChannelFault, ConnectionFault
from resistor.dev.broker.topology import Topology

_ANSWERS = {**methods.ANSWERS, **deliveries.ANSWERS, **publishing.ANSWERS}


class Channels:
    """The open channels of a connection, by number."""

    def __init__(self, peer: Peer, topology: Topology, highest: int) -> None:
        """Begin with none; `highest` is the largest number that was agreed on."""
        self._peer = peer
        self._topology = topology
        self._highest = highest
        self._open: dict[int, Channel] = {}

    def take(self, kind: int, number: int, payload: bytes) -> None:
        """Handle one frame. A ChannelFault ends here; raises ConnectionFault."""
        channel = self._open.get(number)
        method = wire.decode_method(payload) if kind == wire.METHOD else None
        match method:
            case commands.Channel.Open():
                self._open_channel(number)
            case _ if channel is None:
                raise ConnectionFault(504, "expected 'channel.open'")
            case commands.Channel.Close() | commands.Channel.CloseOk():
                self._end(channel, answer=isinstance(method, commands.Channel.Close))
            case _ if not channel.closing:
                try:
                    _run(channel, kind, payload, method)
                except ChannelFault as fault:
                    self._fail(channel, fault, method)

    def send_confirms(self) -> None:
        """Answer what was published and is not answered yet."""
        for channel in self._open.values():
            channel.send_confirms()

    def pump(self) -> None:
        """Deliver what waited for the socket."""
        for channel in list(self._open.values()):
            channel.pump([consumer.queue for consumer in channel.consumers.values()])

    def drop(self) -> None:
        """End all channels, because the connection is gone: first nobody takes, then everything goes back."""
        channels, self._open = list(self._open.values()), {}
        for channel in channels:
            channel.closing = True
            channel.stop_consuming()
        for channel in channels:
            channel.give_back_all()

    def _open_channel(self, number: int) -> None:
        if number in self._open:
            raise ConnectionFault(504, "second 'channel.open' seen")
        if number > self._highest:
            raise ConnectionFault(530, f"channel number {number} is higher than the agreed {self._highest}")
        self._open[number] = Channel(number, self._peer, self._topology)
        self._open[number].send(commands.Channel.OpenOk())

    def _end(self, channel: Channel, *, answer: bool) -> None:
        """The client closes the channel, or answers that we did."""
        del self._open[channel.number]
        channel.send_confirms()
        channel.stop_consuming()
        channel.give_back_all()
        if answer:
            channel.send(commands.Channel.CloseOk())

    def _fail(self, channel: Channel, fault: ChannelFault, method: Frame | None) -> None:
        """Close the channel because of what the client did; from now on only its answer counts."""
        if method is None:  # content: the fault is the publication's
            method = commands.Basic.Publish()
        channel.closing = True
        channel.stop_consuming()
        channel.give_back_all()
        channel.send(
            commands.Channel.Close(fault.code, fault.text, method.index >> 16, method.index & 0xFFFF)
        )


def _run(channel: Channel, kind: int, payload: bytes, method: Frame | None) -> None:
    if method is None:
        (publishing.receive_header if kind == wire.HEADER else publishing.receive_body)(channel, payload)
        return
    if channel.incoming is not None:
        raise ConnectionFault(505, f"expected the content of basic.publish, got {method.name}")
    answer = _ANSWERS.get(type(method))
    if answer is None:
        raise ConnectionFault(540, f"{method.name} is not implemented")
    reply = answer(channel, method)
    if reply is not None and not getattr(method, "nowait", False):
        channel.send(reply)
