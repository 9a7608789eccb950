"""A broker in memory: the topology's exchanges, queues and delay buckets, as `ports.Bus` sees them.

A queue keeps what is not acknowledged, and gives it to somebody else when a bus is lost. Confirms are at
once; nothing here fails by itself: who wants faults wraps it.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from math import inf
from typing import Any

import msgspec

from resistor.bus.names import Names
from resistor.bus.topology import Binding, Topology
from resistor.ports import Delivery, Outcome, Publish

Later = Callable[[float, Callable[[], None]], object]
"""Calls something in so many seconds: `loop.call_later`."""


class Held(msgspec.Struct, kw_only=True):
    """A message in a queue; `count`: how often it was delivered before."""

    publish: Publish
    count: int = 0


class MemoryQueue:
    """What waits, and who waits for it."""

    def __init__(
        self, name: str, limit: float = inf, bury: Callable[[Held], None] = lambda held: None
    ) -> None:
        """Begin empty. What came back more often than `limit` is given to `bury`."""
        self.name = name
        self.ready: deque[Held] = deque()
        self._limit = limit
        self._bury = bury
        self.unacked = 0
        self._filled = asyncio.Event()

    @property
    def depth(self) -> int:
        """How many messages are ready or in somebody's hands."""
        return len(self.ready) + self.unacked

    def put(self, held: Held) -> None:
        """Add a message at the end."""
        self.ready.append(held)
        self._filled.set()

    def put_back(self, held: Sequence[Held]) -> None:
        """Give back messages that were not acknowledged, to their old places, or bury them."""
        for each in reversed(held):
            each.count += 1
            if each.count > self._limit:
                self._bury(each)
            else:
                self.ready.appendleft(each)
        if held:
            self._filled.set()

    async def some(self) -> None:
        """Wait until there is a message."""
        while not self.ready:
            self._filled.clear()
            await self._filled.wait()

    def wake(self) -> None:
        """Let those who wait look again."""
        self._filled.set()


class MemoryBroker:
    """Exchanges and queues."""

    def __init__(
        self,
        names: Names,
        topology: Topology,
        later: Later,
        on_publish: Callable[[Publish], None] = lambda message: None,
    ) -> None:
        """Take what there is, what calls back when a delay is over, and who is told of each message."""
        self.names = names
        self._later = later
        self._on_publish = on_publish
        self._topics: dict[str, bool] = {}
        self.queues: dict[str, MemoryQueue] = {}
        self._arguments: dict[str, Mapping[str, Any]] = {}
        self._bindings: list[Binding] = []
        self.declare(topology)

    def declare(self, topology: Topology) -> None:
        """Let there be these as well; what is there already stays as it is."""
        self._topics.update((each.name, each.kind == "topic") for each in topology.exchanges)
        for each in topology.queues:
            if each.name not in self.queues:
                limit = each.arguments.get("x-delivery-limit", inf)
                self.queues[each.name] = MemoryQueue(each.name, limit, partial(self._bury, each.name))
                self._arguments[each.name] = each.arguments
        self._bindings += [each for each in topology.bindings if each not in self._bindings]

    def publish(self, message: Publish) -> Outcome:
        """Take a message from whoever has a connection; returns whether any queue took it."""
        return self.route(message)

    def route(self, message: Publish) -> Outcome:
        """Put a message into the queues that are bound for it; returns whether there is one."""
        self._on_publish(message)
        queues = {
            binding.queue
            for binding in self._bindings
            if binding.exchange == message.exchange and self._fits(binding.routing_key, message)
        }
        for name in sorted(queues):
            self._put(name, message)
        return Outcome.CONFIRMED if queues else Outcome.UNROUTABLE

    def drop_queue(self, name: str) -> None:
        """Delete a queue, with what is in it."""
        self.queues.pop(name, None)
        self._bindings = [each for each in self._bindings if each.queue != name]

    def _fits(self, pattern: str, message: Publish) -> bool:
        if self._topics.get(message.exchange):
            return _matches(pattern.split("."), message.routing_key.split("."))
        return pattern == message.routing_key

    def _put(self, name: str, message: Publish) -> None:
        ttl = self._arguments[name].get("x-message-ttl")
        if ttl is None:
            self.queues[name].put(Held(publish=message))
            return
        expired = self._dead(name, message)

        def come_out() -> None:
            self.route(expired)

        self._later(ttl / 1000, come_out)

    def _bury(self, name: str, held: Held) -> None:
        """Dead-letter what was delivered as often as the queue allows."""
        envelope = held.publish.envelope
        death = {"reason": "delivery_limit", "queue": name, "count": 1}
        headers = {**envelope.headers, "x-death": [death], "x-delivery-count": held.count - 1}
        told = msgspec.structs.replace(envelope, headers=headers)
        self.route(self._dead(name, msgspec.structs.replace(held.publish, envelope=told)))

    def _dead(self, name: str, message: Publish) -> Publish:
        """Return a message as it leaves a queue in which it died."""
        arguments = self._arguments[name]
        return msgspec.structs.replace(
            message,
            exchange=arguments["x-dead-letter-exchange"],
            routing_key=arguments["x-dead-letter-routing-key"],
        )


def _matches(pattern: list[str], words: list[str]) -> bool:
    """Whether a topic exchange's pattern fits: `*` is a word, `#` any number of them."""
    if not pattern:
        return not words
    if pattern[0] == "#":
        return any(_matches(pattern[1:], words[n:]) for n in range(len(words) + 1))
    return bool(words) and pattern[0] in ("*", words[0]) and _matches(pattern[1:], words[1:])


class MemoryBus:
    """One connection to the broker. `lose` ends it, as a crash or the network would."""

    def __init__(self, broker: MemoryBroker) -> None:
        """Connect."""
        self._broker = broker
        self._lanes: list[MemoryLane] = []

    def lane(self, queue: str, *, prefetch: int, priority: int = 0) -> MemoryLane:
        """Consume `queue`, with at most `prefetch` messages in hand; priorities are nothing here."""
        lane = MemoryLane(self._broker.queues[queue], prefetch)
        self._lanes.append(lane)
        return lane

    async def publish(self, messages: Sequence[Publish]) -> Sequence[Outcome]:
        """Publish all of them."""
        return [self._broker.publish(message) for message in messages]

    def lose(self) -> None:
        """Give back everything that is in hand; acknowledgements of it count no more."""
        for lane in self._lanes:
            lane.lose()

    def die(self) -> None:
        """Give back everything, and take nothing any more: whoever had it is dead."""
        for lane in self._lanes:
            lane.is_dead = True
        self.lose()


class MemoryLane:
    """One queue being consumed."""

    def __init__(self, queue: MemoryQueue, prefetch: int) -> None:
        """Begin with nothing in hand."""
        self._queue = queue
        self._prefetch = prefetch
        self._generation = 0
        self._tags = 0
        self._in_hand: dict[int, Held] = {}
        self._acked = asyncio.Event()
        self.is_dead = False

    async def take(self, limit: int) -> Sequence[Delivery]:
        """Wait for a message and return what is there, `limit` at most."""
        while len(self._in_hand) >= self._prefetch:
            self._acked.clear()
            await self._acked.wait()
        await self._queue.some()
        if self.is_dead:
            await asyncio.Event().wait()
        count = min(limit, len(self._queue.ready), self._prefetch - len(self._in_hand))
        return [self._hand_over(self._queue.ready.popleft()) for _ in range(count)]

    async def ack(self, deliveries: Sequence[Delivery]) -> None:
        """Acknowledge these. Those of a lost connection are skipped."""
        for delivery in deliveries:
            if delivery.generation == self._generation and delivery.tag in self._in_hand:
                del self._in_hand[delivery.tag]
                self._queue.unacked -= 1
        self._acked.set()

    def lose(self) -> None:
        """Give back what is in hand, in its order."""
        held = list(self._in_hand.values())
        self._in_hand.clear()
        self._generation += 1
        self._queue.unacked -= len(held)
        self._queue.put_back(held)
        self._acked.set()

    def _hand_over(self, held: Held) -> Delivery:
        self._tags += 1
        self._in_hand[self._tags] = held
        self._queue.unacked += 1
        return Delivery(
            envelope=held.publish.envelope,
            exchange=held.publish.exchange,
            routing_key=held.publish.routing_key,
            queue=self._queue.name,
            tag=self._tags,
            generation=self._generation,
            redelivered=held.count > 0,
            count=held.count,
        )
