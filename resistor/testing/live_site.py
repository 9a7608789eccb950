"""Real servers for a test: RabbitMQ and Redis of somebody's staging, with a prefix that is the test's alone.

A daemon works on them in this process, all of it as `resistor serve` has it, and stubs are its modules. What
others have on the same servers is left alone, other tests included: every exchange, queue and key is under
the prefix, and goes when the site is closed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from typing import Any, TypeVar
from uuid import uuid4

from resistor.bus import AmqpBus, topology
from resistor.bus.consuming import QueueLane
from resistor.bus.names import EVERYTHING, Names
from resistor.bus.topology import Binding, Queue, Topology
from resistor.catalog import Catalog
from resistor.config import Settings
from resistor.daemon.assembly import Surroundings, Works, assemble
from resistor.daemon.definitions import Definitions
from resistor.daemon.doubts import Doubts
from resistor.daemon.patience import Patience
from resistor.daemon.pausing import Pausing
from resistor.daemon.rules import Rules, Timing
from resistor.engine.limits import Limits
from resistor.ops.servers import REACH_SECONDS
from resistor.ports import Publish
from resistor.store import RedisStore
from resistor.store.keys import Keys
from resistor.telemetry import Telemetry
from resistor.testing.desks import Desks, Told
from resistor.testing.stubs import Stubs
from resistor.tokens import TokenKeys

PREFETCH = 200
SEEN_ARGUMENTS = {"x-queue-type": "classic", "x-expires": 3_600_000}

Result = TypeVar("Result")


class LiveSite:
    """Connections, a daemon, and modules."""

    def __init__(self, settings: Settings, stubs: Stubs, told: Told) -> None:
        """Take where the servers are, and what modules do; the settings' own prefix is not touched."""
        self.names = Names(f"test-{uuid4().hex[:12]}")
        self.catalog = Catalog()
        self.events: list[Publish] = []
        self.letters: list[Publish] = []
        keys = Keys(self.names.prefix, settings.store.partitions)
        self.store = RedisStore(settings.store.url, keys, timeout=settings.store.timeout_seconds)
        self.bus = AmqpBus(
            settings.broker.url, self.names, client_name="resistor test", client=settings.broker.client
        )
        self._settings = settings
        self._modules: frozenset[str] = frozenset()
        self._definitions = Definitions(self.store, Patience())
        self._desks = Desks(self.bus, self.names, stubs, told, _close_lane)
        self._loop = asyncio.new_event_loop()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._closing = AsyncExitStack()

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Do something on the site's loop."""
        return self._loop.run_until_complete(work)

    def open(self) -> None:
        """Connect, and start the daemon. Raises `BrokerUnreachable`, `StoreUnreachable`."""
        try:
            self.run(self._open())
        except BaseException:
            self.close()
            raise

    def deploy(self, catalog: Catalog) -> None:
        """Register these workflows. Raises `VersionConflict`."""
        self.run(self._deploy(catalog))
        self.catalog = self._definitions.listening

    def close(self) -> None:
        """Stop, and take everything away that was made. Idempotent."""
        if self._loop.is_closed():
            return
        try:
            self.run(self._closing.aclose())
        finally:
            self._loop.close()

    async def _open(self) -> None:
        self._closing.push_async_callback(self.store.close)
        self._closing.push_async_callback(self.bus.close)
        await self.store.ping()
        await self.bus.start(timeout=REACH_SECONDS)
        self._closing.push_async_callback(self._remove)
        await self.bus.declare(self._topology())
        works, stopping = self._assembled(), asyncio.Event()
        self._closing.push_async_callback(self._stop, works, stopping)
        self._tasks |= works.start(stopping)
        self._begin(self._collect(self._seen_queue, self.events))
        self._begin(self._collect(self.names.dead_queue, self.letters))

    def _assembled(self) -> Works:
        settings, patience, telemetry = self._settings, Patience(), Telemetry()
        rules = Rules(
            self.names,
            Limits(payload_bytes=settings.limits.payload_bytes),
            Timing(settings.daemon.outbox_grace_seconds, settings.daemon.idle_check_seconds),
            patience,
            Pausing(self.store, patience),
            Doubts(self.store.watermark, telemetry, patience),
        )
        keys = TokenKeys((("test", uuid4().bytes + uuid4().bytes),))
        return assemble(
            Surroundings(self.store, self.bus, telemetry), self._definitions, keys, rules, settings
        )

    async def _deploy(self, catalog: Catalog) -> None:
        fresh = sorted(catalog.modules - self._modules)
        if fresh:
            self._modules |= catalog.modules
            await self.bus.declare(self._topology())
        await self._definitions.register(catalog)
        for module in fresh:
            self._begin(self._desks.serve(module))

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        self._tasks.add(asyncio.create_task(work))

    async def _collect(self, queue: str, into: list[Publish]) -> None:
        """Take every message of a queue."""
        lane = self.bus.lane(queue, prefetch=PREFETCH)
        while True:
            deliveries = await lane.take(PREFETCH)
            into += [
                Publish(exchange=each.exchange, routing_key=each.routing_key, envelope=each.envelope)
                for each in deliveries
            ]
            await lane.ack(deliveries)

    async def _stop(self, works: Works, stopping: asyncio.Event) -> None:
        stopping.set()
        works.stop()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _remove(self) -> None:
        await self.bus.remove(self._topology())
        await self.store.remove_all()

    def _topology(self) -> Topology:
        """Return the whole installation, and a queue that sees every event."""
        there = topology(self.names, sorted(self._modules))
        return Topology(
            there.exchanges,
            (*there.queues, Queue(self._seen_queue, SEEN_ARGUMENTS)),
            (*there.bindings, Binding(self.names.events, self._seen_queue, EVERYTHING)),
        )

    @property
    def _seen_queue(self) -> str:
        return f"{self.names.prefix}.seen"


async def _close_lane(lane: QueueLane) -> None:
    await lane.close()
