"""One channel: its consumers, what they have not acknowledged, and its end.

Owned by `connection`; the methods that change it are in `methods`, `deliveries` and `publishing`. It writes
through its `Peer` and must not know sockets.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

from pamqp import commands
from pamqp.base import Frame

from resistor.dev.broker import wire
from resistor.dev.broker.confirms import Confirms
from resistor.dev.broker.dead_letters import Message
from resistor.dev.broker.properties import encoded
from resistor.dev.broker.queues import Entry, Queue
from resistor.dev.broker.topology import Topology


class Peer(Protocol):
    """The connection, as a channel sees it. It is also who owns exclusive queues."""

    user: str
    frame_max: int
    writable: bool
    hears_cancel: bool

    def send(self, data: bytes) -> None:
        """Write, together with whatever else this turn of the loop writes."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message that waits for its acknowledgement. `consumer`: None when it was fetched with basic.get."""

    entry: Entry
    queue: Queue
    consumer: ChannelConsumer | None


@dataclass(slots=True)
class Incoming:
    """A publication whose content is still arriving. `properties`: None before the content header."""

    method: commands.Basic.Publish
    size: int = 0
    properties: bytes | None = None
    parts: list[bytes] = field(default_factory=list)
    received: int = 0


class ChannelConsumer:
    """One basic.consume: takes entries until its prefetch, or its channel's, is full."""

    def __init__(self, channel: Channel, queue: Queue, method: commands.Basic.Consume) -> None:
        """Read the consumer's tag and wishes from `method`; the prefetch is the channel's of this moment."""
        self.tag = method.consumer_tag or ""
        self.queue = queue
        self.no_ack = method.no_ack
        self.exclusive = method.exclusive
        self.outstanding = 0
        self._channel = channel
        self._prefetch = channel.prefetch

    @property
    def free(self) -> bool:
        """Whether it takes another entry now."""
        if self.no_ack:
            return self._channel.peer.writable
        return self._channel.has_room and (not self._prefetch or self.outstanding < self._prefetch)

    def deliver(self, entry: Entry) -> None:
        """Send the entry to the client."""
        self._channel.deliver(self, entry)

    def queue_deleted(self) -> None:
        """Tell the client, if it asked for that, that nothing will come any more."""
        self._channel.forget(self)


class Channel:
    """The state of one channel."""

    def __init__(self, number: int, peer: Peer, topology: Topology) -> None:
        """Open."""
        self.number = number
        self.peer = peer
        self.topology = topology
        self.closing = False  # we have sent channel.close: all but the answer is ignored
        self.last_queue = ""  # what an empty queue name stands for
        self.prefetch = 0
        self.channel_prefetch = 0
        self.consumers: dict[str, ChannelConsumer] = {}
        self.unacked: dict[int, Delivery] = {}
        self.confirms: Confirms | None = None
        self.incoming: Incoming | None = None
        self._tag = 0

    @property
    def has_room(self) -> bool:
        """Whether the socket and the channel-wide prefetch allow another delivery."""
        return self.peer.writable and (not self.channel_prefetch or len(self.unacked) < self.channel_prefetch)

    def send(self, method: Frame) -> None:
        """Send a method, behind the confirms of what was published before."""
        self.send_confirms()
        self.peer.send(wire.encode_method(self.number, method))

    def send_confirms(self) -> None:
        """Answer all publications that are not answered yet."""
        if self.confirms is not None:
            for frame in self.confirms.take():
                self.peer.send(wire.encode_method(self.number, frame))

    def send_content(self, method: Frame, message: Message) -> None:
        """Send a method that carries a message."""
        content = wire.encode_content(self.number, message.properties.raw, message.body, self.peer.frame_max)
        self.peer.send(wire.encode_method(self.number, method) + content)

    def deliver(self, consumer: ChannelConsumer, entry: Entry) -> None:
        """Send an entry to one of this channel's consumers."""
        if not consumer.no_ack:
            consumer.outstanding += 1
        tag = self.next_tag(None if consumer.no_ack else Delivery(entry, consumer.queue, consumer))
        message = entry.message
        method = commands.Basic.Deliver(
            consumer.tag, tag, entry.redelivered, message.exchange, message.routing_key
        )
        self.send_content(method, counted(entry, consumer.queue) if entry.returns else message)

    def next_tag(self, delivery: Delivery | None) -> int:
        """Give the next delivery tag, and remember what must be acknowledged under it."""
        self._tag += 1
        if delivery is not None:
            self.unacked[self._tag] = delivery
        return self._tag

    def forget(self, consumer: ChannelConsumer) -> None:
        """Drop a consumer whose queue was deleted, and tell the client if it wants to know."""
        self.consumers.pop(consumer.tag, None)
        if self.peer.hears_cancel and not self.closing:
            self.send(commands.Basic.Cancel(consumer.tag, nowait=True))

    def stop_consuming(self) -> None:
        """Take all consumers out of their queues' turns."""
        consumers, self.consumers = self.consumers, {}
        for consumer in consumers.values():
            consumer.queue.remove_consumer(consumer)

    def give_back_all(self) -> None:
        """Put everything unacknowledged back into its queue, in the order of delivery."""
        deliveries, self.unacked = self.unacked, {}
        by_queue: dict[Queue, list[Entry]] = {}
        for delivery in deliveries.values():
            by_queue.setdefault(delivery.queue, []).append(delivery.entry)
            if delivery.consumer is not None:
                delivery.consumer.outstanding -= 1
        for queue, entries in by_queue.items():
            queue.give_back(entries, asked=False)

    def pump(self, queues: Iterable[Queue]) -> None:
        """Let these queues deliver again, or all that this channel consumes when its own limit made room."""
        every = [consumer.queue for consumer in self.consumers.values()] if self.channel_prefetch else ()
        for queue in dict.fromkeys((*queues, *every)):
            queue.pump()


def counted(entry: Entry, queue: Queue) -> Message:
    """Give the entry's message with the `x-delivery-count` header of quorum queues."""
    message = entry.message
    if queue.settings.kind != "quorum":
        return message
    properties = message.properties.with_headers({"x-delivery-count": encoded(entry.returns)})
    return Message(message.exchange, message.routing_key, properties, message.body)
