"""Networks and brokers that fail under load: nothing confirmed is missing, and what is held comes again.

Both clients speak to a real RabbitMQ through a proxy that misbehaves, with a heartbeat of a second.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from yarl import URL

from chaos.proxy import Mode, Proxy
from resistor.bus import AmqpBus, Names, one_shot, topology
from resistor.ports import Delivery, Outcome
from tests.contract.bus.post import PATIENCE_S, letter, until
from tests.servers import RabbitMQ

BATCH = 20
PADDING = b" " * 500
PREFETCH = 100
MOST_HELD = 30


class Traffic:
    """Three publishers, and a consumer that keeps some of what it gets; and what has become of it all."""

    def __init__(self, bus: AmqpBus, names: Names, vhost: str) -> None:
        self.vhost = vhost
        self._names = names
        self._lane = bus.lane(names.events_queue, prefetch=PREFETCH)
        self._is_ending = False
        self._held: dict[bytes, Delivery] = {}
        self.bus = bus
        self.confirmed: set[bytes] = set()
        self.arrived: set[bytes] = set()
        self.came_again: set[bytes] = set()

    async def publish(self, name: int) -> None:
        """Publish batches, one after another, until it is to end."""
        numbers = itertools.count()
        while not self._is_ending:
            batch = [b"%d/%d%b" % (name, next(numbers), PADDING) for _ in range(BATCH)]
            outcomes = await self.bus.publish([letter(self._names.events, "a.b", body) for body in batch])
            assert set(outcomes) == {Outcome.CONFIRMED}
            self.confirmed.update(batch)

    async def consume(self) -> None:
        """Acknowledge all but `MOST_HELD`; when it is to end, these too."""
        while True:
            taken = await self._lane.take(PREFETCH)
            self.arrived.update(each.envelope.body for each in taken)
            for each in taken:
                kept = self._held.pop(each.envelope.body, None)
                if kept is not None and kept.generation != each.generation:
                    self.came_again.add(each.envelope.body)
            now = [
                each for each in taken if self._is_ending or len(self._held_of(each.generation)) >= MOST_HELD
            ]
            self._held.update({each.envelope.body: each for each in taken if each not in now})
            await self._lane.ack(now)

    def _held_of(self, generation: int) -> list[Delivery]:
        return [each for each in self._held.values() if each.generation == generation]

    async def goes_on(self, count: int = 200) -> None:
        """Return when so many more have been confirmed, and something is held."""
        enough = len(self.confirmed) + count
        await until(lambda: len(self.confirmed) >= enough and self._held)

    @asynccontextmanager
    async def coming_again(self) -> AsyncIterator[None]:
        """At the end, return when all that is held now has come again, and more is confirmed."""
        held = set(self._held)
        assert held
        self.came_again.clear()
        yield
        await until(lambda: held <= self.came_again)
        await self.goes_on()

    async def end(self) -> None:
        """Stop publishing; return when all that was confirmed has arrived, and nothing is held any more."""
        self._is_ending = True
        latest = max(each.generation for each in self._held.values())
        last = self._held_of(latest)
        await self._lane.ack(last)
        for each in last:
            del self._held[each.envelope.body]
        await until(lambda: self.confirmed <= self.arrived and not self._held)


@asynccontextmanager
async def under_way(rabbitmq: RabbitMQ, names: Names) -> AsyncIterator[tuple[Traffic, Proxy]]:
    """Traffic through a proxy; at the end nothing may be missing."""
    url = URL(rabbitmq.new_vhost())
    async with Proxy(rabbitmq.port) as proxy:
        through = str(url.with_port(proxy.port))
        async with AmqpBus(through, names, client_name="test", heartbeat_seconds=1) as bus:
            await bus.declare(topology(names))
            traffic = Traffic(bus, names, url.path.removeprefix("/"))
            async with asyncio.TaskGroup() as tasks:
                publishers = [tasks.create_task(traffic.publish(name)) for name in range(3)]
                consumer = tasks.create_task(traffic.consume())
                await traffic.goes_on()
                yield traffic, proxy
                ending = tasks.create_task(traffic.end())
                await asyncio.wait(publishers)
                await ending
                consumer.cancel()
    async with one_shot(str(url), names, client_name="afterwards") as bus:
        async with asyncio.timeout(PATIENCE_S):  # the broker may keep a silent connection for a while
            while (info := await bus.inspect(names.events_queue)) is not None and info.consumers:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        assert info is not None
        assert info.messages <= PREFETCH  # RabbitMQ forgets acknowledgements that came last before a Close


async def test_connections_that_are_reset_in_mid_stream(rabbitmq: RabbitMQ, names: Names) -> None:
    async with under_way(rabbitmq, names) as (traffic, proxy):
        for _ in range(3):
            async with traffic.coming_again():
                proxy.reset()


@pytest.mark.parametrize("mode", ["swallow", "one way"])
async def test_a_network_that_is_silent_for_longer_than_the_heartbeat(
    mode: Mode, rabbitmq: RabbitMQ, names: Names, client: str
) -> None:
    if (mode, client) == ("one way", "aiormq"):
        pytest.skip("it takes aiormq twice as long, and is the same to it")
    async with under_way(rabbitmq, names) as (traffic, proxy), traffic.coming_again():
        proxy.set(mode)
        await until(lambda: not traffic.bus.connected)
        proxy.set("pass")


async def test_a_network_that_takes_a_few_bytes_at_a_time(rabbitmq: RabbitMQ, names: Names) -> None:
    async with under_way(rabbitmq, names) as (traffic, proxy):
        proxy.set("trickle")
        await traffic.goes_on()
        async with traffic.coming_again():
            proxy.reset()


async def test_a_broker_that_is_killed_and_started_again(fresh_rabbitmq: RabbitMQ, names: Names) -> None:
    async with under_way(fresh_rabbitmq, names) as (traffic, _), traffic.coming_again():
        await asyncio.to_thread(fresh_rabbitmq.kill)
        await until(lambda: not traffic.bus.connected)
        await asyncio.to_thread(fresh_rabbitmq.start)


async def test_connections_that_an_operator_closes(rabbitmq: RabbitMQ, names: Names) -> None:
    async with under_way(rabbitmq, names) as (traffic, _), traffic.coming_again():
        there = ("--vhost", traffic.vhost)
        await asyncio.to_thread(rabbitmq.ctl, "close_all_connections", *there, "an operator's whim")


async def test_an_alarm_while_publishing(rabbitmq: RabbitMQ, names: Names) -> None:
    async with under_way(rabbitmq, names) as (traffic, _):
        await asyncio.to_thread(rabbitmq.ctl, "set_vm_memory_high_watermark", "absolute", "1MB")
        try:
            await until(lambda: traffic.bus.blocked)
            await until(lambda: traffic.confirmed <= traffic.arrived)
            assert "blocked" in await asyncio.to_thread(rabbitmq.ctl, "list_connections", "state")
            assert traffic.bus.connected
        finally:
            await asyncio.to_thread(rabbitmq.ctl, "set_vm_memory_high_watermark", "0.4")
        await until(lambda: not traffic.bus.blocked)
        await traffic.goes_on()
    assert not traffic.came_again
