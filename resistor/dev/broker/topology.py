"""Names to exchanges and queues, and the way of a published message through them.

Owned by `server`, called by `methods`, `deliveries` and `publishing`. One virtual host. Raises faults, which
close a client's channel; must not know connections beyond comparing who owns an exclusive queue.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from resistor.dev.broker.arguments import QueueSettings
from resistor.dev.broker.dead_letters import Death, Message, carbon_copies, died, goes_in_circles
from resistor.dev.broker.exchanges import KINDS, Binding, Exchange, Target
from resistor.dev.broker.faults import ChannelFault, inequivalent, no_exchange, no_queue
from resistor.dev.broker.queues import Entry, Queue

_SYSTEM = {"amq.direct": "direct", "amq.fanout": "fanout", "amq.topic": "topic", "amq.headers": "headers"}
_RESERVED = "amq."


class Topology:
    """All exchanges and queues of the broker."""

    def __init__(self) -> None:
        """Begin with the exchanges that every virtual host has."""
        kinds = {name: kind for name in _SYSTEM for kind in KINDS if kind == _SYSTEM[name]}
        self._exchanges = {name: Exchange(name, kind) for name, kind in kinds.items()}
        self._queues: dict[str, Queue] = {}
        self._owners: dict[str, object] = {}

    def queue(self, name: str, asker: object) -> Queue:
        """Give a queue that `asker` may use. Raises ChannelFault 404 or 405."""
        queue = self._queues.get(name)
        if queue is None:
            raise no_queue(name)
        if self._owners.get(name, asker) is not asker:
            raise ChannelFault(
                405,
                f"cannot obtain exclusive access to locked queue '{name}' in vhost '/'. It could be "
                "originally declared on another connection or the exclusive property value does not match "
                "that of the original declaration.",
            )
        return queue

    def exchange(self, name: str) -> Exchange:
        """Give an exchange. Raises ChannelFault 404, or 403 for the default one, which nobody may change."""
        if not name:
            raise ChannelFault(403, "operation not permitted on the default exchange")
        if name not in self._exchanges:
            raise no_exchange(name)
        return self._exchanges[name]

    def has_queue(self, name: str) -> bool:
        """Tell whether the queue is there."""
        return name in self._queues

    def has_exchange(self, name: str) -> bool:
        """Tell whether the exchange is there; the default one always is."""
        return not name or name in self._exchanges

    def declare_queue(self, name: str, settings: QueueSettings, asker: object) -> Queue:
        """Create the queue, or find it declared the same way. No name: it gets one. Raises ChannelFault."""
        if name in self._queues:
            queue = self.queue(name, asker)
            queue.settings.check_same(settings, name)
            if settings.kind == "classic":  # a quorum queue's lease is not renewed by declaring it again
                queue.touch()
            return queue
        if name.startswith(_RESERVED):
            raise ChannelFault(403, f"queue name '{name}' contains reserved prefix 'amq.*'")
        name = name or f"amq.gen-{secrets.token_urlsafe(16)}"
        self._queues[name] = Queue(name, settings, dead_letter=self._dead_letter, delete=self._delete_unused)
        if settings.exclusive:
            self._owners[name] = asker
        return self._queues[name]

    def delete_queue(self, name: str) -> int:
        """Delete a queue with its bindings and messages; gives how many were ready, 0 if it is not there."""
        queue = self._queues.pop(name, None)
        if queue is None:
            return 0
        self._owners.pop(name, None)
        count = queue.depth
        queue.close()
        self._forget(Target("queue", name))
        return count

    def delete_queues_of(self, owner: object) -> None:
        """Delete the exclusive queues of a connection that is gone."""
        for name in [name for name, other in self._owners.items() if other is owner]:
            self.delete_queue(name)

    def declare_exchange(self, wanted: Exchange) -> None:
        """Create an exchange, or find it declared the same way. Raises ChannelFault 403 or 406."""
        name = wanted.name
        if not name:
            self.exchange(name)
        current = self._exchanges.get(name)
        if current is None:
            if name.startswith(_RESERVED):
                raise ChannelFault(403, f"exchange name '{name}' contains reserved prefix 'amq.*'")
            self._exchanges[name] = wanted
            return
        for argument, received, known in (
            ("type", wanted.kind, current.kind),
            ("durable", wanted.durable, current.durable),
            ("auto_delete", wanted.auto_delete, current.auto_delete),
            ("internal", wanted.internal, current.internal),
            ("alternate-exchange", wanted.alternate, current.alternate),
        ):
            if received != known:
                raise inequivalent(argument, f"exchange '{name}'", received, known)

    def delete_exchange(self, name: str, *, if_unused: bool = False) -> None:
        """Delete an exchange, if it is there. Raises ChannelFault 403 or 406."""
        if name in _SYSTEM:
            raise ChannelFault(403, f"deletion of system exchange '{name}' in vhost '/' not allowed")
        if name and name not in self._exchanges:
            return
        if self.exchange(name).bindings and if_unused:
            raise ChannelFault(406, f"exchange '{name}' in vhost '/' in use")
        del self._exchanges[name]
        self._forget(Target("exchange", name))

    def bind(self, source: str, binding: Binding) -> None:
        """Bind a queue or an exchange to exchange `source`. Idempotent. Raises ChannelFault 403 or 404."""
        self._check_target(binding.target)
        self.exchange(source).bind(binding)

    def unbind(self, source: str, binding: Binding) -> None:
        """Remove a binding, if it is there."""
        self._check_default(source)
        if source in self._exchanges:
            self._unbind(self._exchanges[source], [binding])

    def publish(self, exchange: str, message: Message) -> bool | None:
        """Route a message into its queues. False: a full queue refused it; None: no queue for it."""
        queues = self._route(exchange, message)
        if not queues:
            return None
        if message.properties.names_header(b"BCC"):
            message = replace(message, properties=message.properties.with_headers({"BCC": None}))
        taken = [queue.put(message) for queue in queues]
        return all(taken)

    def check_publish(self, exchange: str) -> None:
        """Raise ChannelFault 404 or 403 when clients cannot publish to this exchange."""
        if exchange and self._exchanges.get(exchange) is None:
            raise no_exchange(exchange)
        if exchange and self._exchanges[exchange].internal:
            raise ChannelFault(403, f"cannot publish to internal exchange '{exchange}' in vhost '/'")

    def depths(self) -> Mapping[str, tuple[int, int]]:
        """Give every queue's ready and unacknowledged messages."""
        return {name: (queue.depth, queue.unacked) for name, queue in self._queues.items()}

    def close(self) -> None:
        """Drop everything."""
        for name in list(self._queues):
            self.delete_queue(name)

    def _route(self, exchange: str, message: Message) -> list[Queue]:
        headers: dict[str, Any] = {}
        keys = [message.routing_key]
        if message.properties.names_header(b"CC"):
            headers = message.properties.headers()
            keys += [*carbon_copies(headers, "CC"), *carbon_copies(headers, "BCC")]
        if not exchange:
            return [self._queues[key] for key in dict.fromkeys(keys) if key in self._queues]
        found: dict[str, Queue] = {}
        seen = set()
        waiting = [exchange]
        while waiting:
            name = waiting.pop()
            if name in seen or name not in self._exchanges:
                continue
            seen.add(name)
            waiting += self._follow(self._exchanges[name], keys, message, found)
        return list(found.values())

    def _follow(
        self, exchange: Exchange, keys: Iterable[str], message: Message, found: dict[str, Queue]
    ) -> list[str]:
        """Collect the queues bound to one exchange; give the exchanges to look at next."""
        headers = message.properties.headers() if exchange.kind == "headers" else {}
        targets = [target for key in keys for target in exchange.targets(key, headers)]
        found.update({t.name: self._queues[t.name] for t in targets if t.kind == "queue"})
        further = [target.name for target in targets if target.kind == "exchange"]
        if not targets and exchange.alternate is not None:
            further.append(exchange.alternate)
        return further

    def _dead_letter(self, queue: Queue, entry: Entry, why: Death) -> None:
        settings = queue.settings
        exchange = settings.dead_letter_exchange
        if exchange is None or not self.has_exchange(exchange):
            return
        now = datetime.now(UTC)
        message = died(entry.message, queue.name, why, now, settings.dead_letter_routing_key)
        message = replace(message, exchange=exchange)
        for target in self._route(exchange, message):
            if not goes_in_circles(message, target.name):
                target.put(message)

    def _delete_unused(self, queue: Queue) -> None:
        self.delete_queue(queue.name)

    def _forget(self, target: Target) -> None:
        for exchange in list(self._exchanges.values()):
            self._unbind(exchange, [binding for binding in exchange.bindings if binding.target == target])

    def _unbind(self, exchange: Exchange, bindings: list[Binding]) -> None:
        if exchange.unbind(bindings) and exchange.name in self._exchanges:
            self.delete_exchange(exchange.name)

    def _check_target(self, target: Target) -> None:
        if target.kind == "queue" and target.name not in self._queues:
            raise no_queue(target.name)
        if target.kind == "exchange":
            self.exchange(target.name)

    def _check_default(self, source: str) -> None:
        if not source:
            self.exchange(source)
