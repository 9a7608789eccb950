"""Makes a `Topology` exist on a broker, through aio-pika, on a connection of its own.

Called by the bus. A refused declaration closes its channel, and that must cost no message anything: so none
of it happens on the connections that consume and publish. Must never delete or change anything: what exists
with other arguments is reported, and everything else is declared all the same.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import aio_pika
import aiormq
from aio_pika.abc import AbstractChannel, AbstractConnection
from aiormq.exceptions import AMQPChannelError
from yarl import URL

from resistor.bus.connection import ANSWER_SECONDS
from resistor.bus.topology import Binding, Exchange, Queue, Topology
from resistor.bus.wire import CONNECT_SECONDS, losing
from resistor.errors import OperatorMistake

log = logging.getLogger(__name__)

_INEQUIVALENT = re.compile(r"inequivalent arg '([^']+)'[^:]*(?::\s*(.*))?", re.DOTALL)

_Call = Callable[[AbstractChannel], Awaitable[object]]


async def declare(url: URL, topology: Topology) -> None:
    """Declare everything in `topology` on the broker at `url`.

    A user who may not declare (403) is content where a thing exists already: whoever may has made it.
    Raises `OperatorMistake` with a line for each thing that exists with other arguments, or that is missing
    and may not be made, and `Lost`.
    """
    with losing():
        connection = await aio_pika.connect(url, timeout=CONNECT_SECONDS)
    async with connection:
        declarer = _Declarer(connection)
        for exchange in topology.exchanges:
            await declarer.exchange(exchange)
        bindings = list(topology.bindings)
        for queue in topology.queues:
            await declarer.queue(queue)
            # Bound at once: whoever sees a queue that is back takes it for one that gets messages.
            for binding in [each for each in bindings if each.queue == queue.name]:
                bindings.remove(binding)
                await declarer.binding(binding)
        for binding in bindings:
            await declarer.binding(binding)
    if declarer.problems:
        raise OperatorMistake("\n".join(declarer.problems))


@dataclass(frozen=True, slots=True)
class _Refusal:
    """What the broker said when it closed the channel over a declaration."""

    is_forbidden: bool
    text: str


class _Declarer:
    """One channel at a time: the broker closes it at each declaration that it refuses."""

    def __init__(self, connection: AbstractConnection) -> None:
        self._connection = connection
        self._channel: AbstractChannel | None = None
        self.problems: list[str] = []

    async def exchange(self, exchange: Exchange) -> None:
        refusal = await self._ask(
            lambda channel: channel.declare_exchange(exchange.name, exchange.kind, durable=True)
        )
        await self._settle(
            f"exchange {exchange.name!r}",
            refusal,
            lambda channel: channel.declare_exchange(exchange.name, passive=True),
        )

    async def queue(self, queue: Queue) -> None:
        refusal = await self._ask(
            lambda channel: channel.declare_queue(queue.name, durable=True, arguments=dict(queue.arguments))
        )
        await self._settle(
            f"queue {queue.name!r}",
            refusal,
            lambda channel: channel.declare_queue(queue.name, passive=True),
        )

    async def binding(self, binding: Binding) -> None:
        async def bind(channel: AbstractChannel) -> None:
            queue = await channel.get_queue(binding.queue, ensure=False)
            await queue.bind(binding.exchange, binding.routing_key)

        refusal = await self._ask(bind)
        if refusal is None:
            return
        what = f"binding of {binding.queue!r} to {binding.exchange!r} with {binding.routing_key!r}"
        if refusal.is_forbidden:
            # Nobody can ask whether a binding exists. Where it does not, publishes come back unroutable.
            log.info("%s: not ours to make", what, extra={"action": "declare_forbidden"})
        else:
            self.problems.append(f"{what}: {refusal.text}")

    async def _settle(self, what: str, refusal: _Refusal | None, is_there: _Call) -> None:
        if refusal is None:
            return
        if not refusal.is_forbidden:
            self.problems.append(_explain(what, refusal.text))
        elif await self._ask(is_there) is not None:
            self.problems.append(f"{what} is missing, and this user may not declare it: {refusal.text}")

    async def _ask(self, call: _Call) -> _Refusal | None:
        try:
            with losing():
                if self._channel is None or self._channel.is_closed:
                    self._channel = await self._connection.channel(publisher_confirms=False)
                async with asyncio.timeout(ANSWER_SECONDS):
                    await call(self._channel)
        except AMQPChannelError as error:
            self._channel = None
            return _Refusal(isinstance(error, aiormq.ChannelAccessRefused), str(error))
        return None


def _explain(what: str, text: str) -> str:
    """Turn RabbitMQ's PRECONDITION_FAILED into a line that says what to do."""
    found = _INEQUIVALENT.search(text)
    if not found:
        return f"{what} cannot be declared: {text}"
    argument, difference = found.groups()
    detail = f" ({difference.strip()})" if difference else ""
    if argument == "x-delivery-limit":
        detail += "; is RESISTOR_MODULE_DELIVERY_LIMIT the same everywhere?"
    return (
        f"{what} exists with another {argument}{detail}: "
        "delete it when it is empty, or set another RESISTOR_PREFIX"
    )
