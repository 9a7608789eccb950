"""Which exchanges, queues and bindings there are, and with which arguments: values only.

Printing, exporting and declaring (`declaring.py`) all start from the same value. Must never do I/O.

Why the arguments are what they are:

- Every queue is a quorum queue with at-least-once dead-lettering, which needs `x-overflow: reject-publish`
  and a dead-letter exchange (https://www.rabbitmq.com/docs/quorum-queues#activating-at-least-once-dead-lettering).
- `x-delivery-limit` is said out loud, because RabbitMQ 4 puts 20 where nothing is said, and a message counts
  as delivered again whenever a consumer dies that merely had it in its prefetch. A daemon that crashes every
  second for a week must not bury healthy messages; telling poison from bad luck is the daemon's affair.
- A module's queue has a limit that can be reached: nobody there tells poison from bad luck, and an action
  that kills its module each time would hold up every other for ever.
- What dies in a module's queue is a step that nobody will answer. `poisoned` has a copy of such letters, for
  the daemon, which tells the run; the original stays in the dead queue, for people. It has no dead-letter
  exchange: whatever is lost there is a copy.
- The dead queue is bounded in bytes, so that a flood of rubbish ends there and not in a full disk, which
  would stop the whole broker. It refuses what is over and drops nothing: a letter that does not fit stays in
  the queue where it died. It has no dead-letter exchange, so reaching a delivery limit there would lose it.
- A delay bucket holds nudges for its TTL and then hands them to the commands exchange as `wake`: any daemon
  may take one, because whether something is due is checked against the run's state. Not to the results: with
  those, a nudge would have to know its partition, and modules may publish there. One hop, and never back
  into itself, so RabbitMQ's cycle detection has nothing to drop.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from resistor.bus.names import BUCKETS, EVERYTHING, WAKE, Names

DELIVERY_LIMIT = 1_000_000  # a crash a second for eleven days
DEAD_BYTES = 1 << 30
MODULE_DELIVERY_LIMIT = 20
"""Deliveries that may fail of one action, unless a setting says otherwise.

A module that dies takes all it has in hand with it (100 with the SDK), and each of those counts one more, the
innocent too: so it cannot be 3. What can be done is done in the lives between, so an innocent one reaches 20
only if it is slower than 20 crashes in a row. And it cannot be 1000: on Kubernetes, which waits 5 minutes
between restarts, 20 take an hour and a half, and nothing that is in hand with it gets further until then.
RabbitMQ 4 has the same number where nothing is said."""
MAX_NUDGES = 1_000_000  # in one bucket; the store's timers are behind them, so a refused nudge is no loss

JOURNAL: Mapping[str, Any] = MappingProxyType(
    {
        "x-queue-type": "stream",
        "x-max-age": "7D",
        "x-max-length-bytes": 4 << 30,
        "x-stream-max-segment-size-bytes": 64 << 20,
    }
)
"""A week of events, 4 GiB at most; in segments of 64 MiB, because only whole ones are dropped."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """A durable exchange. `kind` is `topic` or `direct`."""

    name: str
    kind: str = "topic"


@dataclass(frozen=True, slots=True)
class Queue:
    """A durable queue and its `x-` arguments."""

    name: str
    arguments: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Binding:
    """`queue` gets what is published to `exchange` with a key that `routing_key` matches."""

    exchange: str
    queue: str
    routing_key: str


@dataclass(frozen=True, slots=True)
class Topology:
    """What has to be there, in the order in which it is declared."""

    exchanges: tuple[Exchange, ...]
    queues: tuple[Queue, ...]
    bindings: tuple[Binding, ...]


def topology(
    names: Names,
    modules: Iterable[str] = (),
    *,
    partitions: int = 1,
    module_deliveries: int = MODULE_DELIVERY_LIMIT,
) -> Topology:
    """Return everything the daemon needs, with queues for `modules` and so many partitions of results.

    `module_deliveries` is the delivery limit of the modules' queues.
    """
    dead, dead_bindings = _dead(names)
    queues = [*dead, _work(names, names.events_queue), _work(names, names.commands_queue)]
    bindings = [
        *dead_bindings,
        Binding(names.events, names.events_queue, EVERYTHING),
        Binding(names.commands, names.commands_queue, EVERYTHING),
    ]
    for partition in range(partitions):
        queues.append(_work(names, names.results_queue(partition)))
        bindings.append(
            Binding(names.results, names.results_queue(partition), names.reply_to(partition)),
        )
    for bucket, seconds in BUCKETS.items():
        queues.append(_bucket(names, bucket, seconds))
        bindings.append(Binding(names.retry, names.retry_queue(bucket), bucket))
    for module in modules:
        queues.append(_module(names, module, module_deliveries))
        bindings.append(Binding(names.actions, names.module_queue(module), module))
    return Topology(_exchanges(names), tuple(queues), tuple(bindings))


def module_topology(
    names: Names, modules: Iterable[str], *, module_deliveries: int = MODULE_DELIVERY_LIMIT
) -> Topology:
    """Return what modules need to run before any daemon did: their queues, the exchanges, the dead queues."""
    dead, dead_bindings = _dead(names)
    modules = tuple(modules)
    return Topology(
        _exchanges(names),
        (*dead, *(_module(names, module, module_deliveries) for module in modules)),
        (
            *dead_bindings,
            *(Binding(names.actions, names.module_queue(module), module) for module in modules),
        ),
    )


def journal_topology(names: Names) -> Topology:
    """Return the stream that keeps a copy of every event (journal.py), apart: not every broker has streams.

    It has the orders that begin and end runs too: those of all that may be repeated without harm.
    """
    orders = [Binding(names.commands, names.journal_queue, verb) for verb in ("start", "cancel", "terminate")]
    bindings = (Binding(names.events, names.journal_queue, EVERYTHING), *orders)
    return Topology(_exchanges(names), (Queue(names.journal_queue, JOURNAL),), bindings)


def _exchanges(names: Names) -> tuple[Exchange, ...]:
    topics = (
        names.dead,
        names.events,
        names.actions,
        names.results,
        names.commands,
        names.facts,
    )
    return (*map(Exchange, topics), Exchange(names.retry, "direct"))


def _quorum(**arguments: object) -> dict[str, Any]:
    named = {name.replace("_", "-"): value for name, value in arguments.items()}
    return {
        "x-queue-type": "quorum",
        "x-delivery-limit": DELIVERY_LIMIT,
        "x-overflow": "reject-publish",
        **named,
    }


def _module(names: Names, module: str, deliveries: int) -> Queue:
    return _work(names, names.module_queue(module), x_delivery_limit=deliveries)


def _work(names: Names, queue: str, **more: object) -> Queue:
    arguments = _quorum(
        x_dead_letter_exchange=names.dead,
        x_dead_letter_routing_key=queue,
        x_dead_letter_strategy="at-least-once",
        **more,
    )
    return Queue(queue, arguments)


def _bucket(names: Names, bucket: str, seconds: float) -> Queue:
    arguments = _quorum(
        x_message_ttl=round(seconds * 1000),
        x_max_length=MAX_NUDGES,
        x_dead_letter_exchange=names.commands,
        x_dead_letter_routing_key=WAKE,
        x_dead_letter_strategy="at-least-once",
    )
    return Queue(names.retry_queue(bucket), arguments)


def _dead(names: Names) -> tuple[tuple[Queue, ...], tuple[Binding, ...]]:
    queue = Queue(names.dead_queue, _quorum(x_max_length_bytes=DEAD_BYTES))
    poisoned = Queue(names.poisoned_queue, _quorum())
    return (queue, poisoned), (
        Binding(names.dead, names.dead_queue, EVERYTHING),
        Binding(names.dead, names.poisoned_queue, names.modules_dead),
    )
