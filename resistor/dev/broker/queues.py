"""One queue: ready messages, consumers in turn, expiry at the head, limits, and what comes back.

Owned by `topology`; `channel` takes from it and gives back. Deliveries happen at once, inside the call that
made them possible: no task and no timer per message, only one timer for the head of the queue. Must not know
frames, and dead-letters and deletes through the two callbacks it is given.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from resistor.dev.broker.arguments import QueueSettings
from resistor.dev.broker.dead_letters import Death, Message


@dataclass(frozen=True, slots=True)
class Entry:
    """A message in a queue. `expires_at` is the loop's clock; `returns` counts how often it came back."""

    message: Message
    position: int
    expires_at: float | None
    returns: int = 0
    redelivered: bool = False


class Consumer(Protocol):
    """Somebody who takes entries."""

    exclusive: bool
    no_ack: bool

    @property
    def free(self) -> bool:
        """Whether it takes another entry now."""

    def deliver(self, entry: Entry) -> None:
        """Take the entry."""

    def queue_deleted(self) -> None:
        """Hear that the queue is no more."""


class Queue:
    """One queue."""

    def __init__(
        self,
        name: str,
        settings: QueueSettings,
        *,
        dead_letter: Callable[[Queue, Entry, Death], None],
        delete: Callable[[Queue], None],
    ) -> None:
        """Begin empty. `delete` is called when nobody needs the queue any more (auto-delete, x-expires)."""
        self.name = name
        self.settings = settings
        self.unacked = 0
        self._dead_letter = dead_letter
        self._delete = delete
        self._loop = asyncio.get_running_loop()
        self._ready: deque[Entry] = deque()
        self._returned: deque[Entry] = deque()  # goes out before what is ready; quorum queues only
        self._bytes = 0
        self._position = 0
        self._closed = False
        self._consumers: deque[Consumer] = deque()
        self._expiry: asyncio.TimerHandle | None = None
        self._idle: asyncio.TimerHandle | None = None
        self.touch()

    @property
    def depth(self) -> int:
        """How many messages are ready."""
        return len(self._ready) + len(self._returned)

    @property
    def consumer_count(self) -> int:
        """How many consumers there are."""
        return len(self._consumers)

    def touch(self) -> None:
        """Start the time of `x-expires` anew: the queue is in use."""
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None
        if self.settings.expires_s is not None and not self._consumers:
            self._idle = self._loop.call_later(self.settings.expires_s, self._delete, self)

    def put(self, message: Message) -> bool:
        """Add a message at the end. False: the queue is full and refuses it."""
        if self.settings.overflow != "drop-head" and self._refuses(len(message.body)):
            return False
        now = self._loop.time()
        self._append(message, now)
        self._pump(now)  # the same `now`: a message with a TTL of 0 reaches a consumer that is free
        while self.settings.overflow == "drop-head" and self._over_limit():
            self._dead_letter(self, self._pop(), Death.MAXLEN)
        return True

    def take(self, *, no_ack: bool) -> Entry | None:
        """Give the next message, None when there is none (basic.get)."""
        self.touch()
        self._drop_expired(self._loop.time())
        if not self.depth:
            return None
        self.unacked += not no_ack
        return self._pop()

    def settled(self, count: int = 1) -> None:
        """Note that `count` messages were acknowledged or dropped: they are gone for good."""
        self.unacked -= count

    def reject(self, entries: Sequence[Entry]) -> None:
        """Dead-letter what a consumer refused without wanting it back."""
        self.unacked -= len(entries)
        for entry in entries if not self._closed else ():
            self._dead_letter(self, entry, Death.REJECTED)

    def give_back(self, entries: Sequence[Entry], *, asked: bool) -> None:
        """Take entries back for redelivery, in order; `asked`: by nack or reject, else a channel ended."""
        self.unacked -= len(entries)
        if self._closed:
            return
        back = [replace(entry, returns=entry.returns + 1, redelivered=True) for entry in entries]
        if self.settings.kind == "quorum":
            self._give_back_quorum(back, asked=asked)
        else:
            self._give_back_classic(back)
        self.pump()

    def admits(self, consumer: Consumer) -> bool:
        """Tell whether a consumer may join: not when it, or who is there, wants to be alone."""
        return not self._consumers or not (consumer.exclusive or self._consumers[0].exclusive)

    def add_consumer(self, consumer: Consumer) -> None:
        """Let a consumer take its turns."""
        self._consumers.append(consumer)
        self.touch()
        self.pump()

    def remove_consumer(self, consumer: Consumer) -> None:
        """Take a consumer out of the turns. An auto-delete queue goes with its last one."""
        if consumer not in self._consumers:
            return
        self._consumers.remove(consumer)
        self.touch()
        if self.settings.auto_delete and not self._consumers:
            self._delete(self)

    def purge(self) -> int:
        """Drop all that is ready; gives how many that were."""
        count = self.depth
        self._ready.clear()
        self._returned.clear()
        self._bytes = 0
        return count

    def close(self) -> None:
        """Stop the timers, tell the consumers, drop everything. Idempotent."""
        self._closed = True
        for timer in (self._expiry, self._idle):
            if timer is not None:
                timer.cancel()
        consumers, self._consumers = self._consumers, deque()
        for consumer in consumers:
            consumer.queue_deleted()
        self.purge()

    def pump(self) -> None:
        """Deliver what can be delivered, in turn, and see to what expires next."""
        self._pump(self._loop.time())

    def _pump(self, now: float) -> None:
        self._drop_expired(now)
        while self.depth and (consumer := self._next_free()) is not None:
            entry = self._pop()
            self.unacked += not consumer.no_ack
            consumer.deliver(entry)
            self._drop_expired(now)
        self._watch_expiry()

    def _next_free(self) -> Consumer | None:
        for _ in range(len(self._consumers)):
            consumer = self._consumers[0]
            self._consumers.rotate(-1)
            if consumer.free:
                return consumer
        return None

    def _append(self, message: Message, now: float) -> None:
        times = [self.settings.ttl_s, _own_ttl_s(message)]
        ttl_s = min((time for time in times if time is not None), default=None)
        expires_at = None if ttl_s is None else now + ttl_s
        self._ready.append(Entry(message, self._next_position(), expires_at))
        self._bytes += len(message.body)

    def _next_position(self) -> int:
        self._position += 1
        return self._position

    def _head(self) -> Entry | None:
        if self._returned:
            return self._returned[0]
        return self._ready[0] if self._ready else None

    def _pop(self) -> Entry:
        entry = (self._returned or self._ready).popleft()
        self._bytes -= len(entry.message.body)
        return entry

    def _give_back_classic(self, back: Sequence[Entry]) -> None:
        """A classic queue puts messages where they were, as far as that is still possible."""
        self._bytes += sum(len(entry.message.body) for entry in back)
        back = sorted(back, key=lambda entry: entry.position)
        if self._ready and back and back[-1].position > self._ready[0].position:
            back = sorted((*back, *self._ready), key=lambda entry: entry.position)
            self._ready.clear()
        self._ready.extendleft(reversed(back))

    def _give_back_quorum(self, back: Sequence[Entry], *, asked: bool) -> None:
        """A quorum queue counts; without a limit, whom somebody sent back waits at the end
        (https://www.rabbitmq.com/docs/quorum-queues#repeated-requeues)."""
        limit = self.settings.delivery_limit
        for entry in back:
            if limit is not None and entry.returns > limit:
                self._dead_letter(self, entry, Death.DELIVERY_LIMIT)
                continue
            self._bytes += len(entry.message.body)
            if asked and limit is None:
                self._ready.append(replace(entry, position=self._next_position()))
            else:
                self._returned.append(entry)

    def _refuses(self, size: int) -> bool:
        """A classic queue stays within its limit; a quorum one, whose limit is soft, notices once beyond."""
        if self.settings.kind == "quorum":
            return self._over_limit()
        return self._beyond(self.depth + 1, self._bytes + size)

    def _over_limit(self) -> bool:
        return self.depth > 0 and self._beyond(self.depth, self._bytes)

    def _beyond(self, length: int, size: int) -> bool:
        most, most_bytes = self.settings.max_length, self.settings.max_bytes
        return (most is not None and length > most) or (most_bytes is not None and size > most_bytes)

    def _drop_expired(self, now: float) -> None:
        """Dead-letter what has expired at the head; what stands behind a longer-lived message waits."""
        while (head := self._head()) is not None and head.expires_at is not None and head.expires_at < now:
            self._dead_letter(self, self._pop(), Death.EXPIRED)

    def _watch_expiry(self) -> None:
        head = self._head()
        if head is None or head.expires_at is None:
            return  # a timer that still runs finds nothing to do
        if self._expiry is not None:
            if self._expiry.when() <= head.expires_at:
                return
            self._expiry.cancel()
        self._expiry = self._loop.call_at(head.expires_at, self._expire)

    def _expire(self) -> None:
        self._expiry = None
        self.pump()


def _own_ttl_s(message: Message) -> float | None:
    expiration = message.properties.text("expiration")
    return None if expiration is None else int(expiration) / 1000
