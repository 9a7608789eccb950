"""An installation that a test can hold in its hand: a daemon, its servers in memory, stubs for modules.

The daemon is the one that `resistor serve` runs: its consumers, its pipeline, the engine.

    installation.deploy(catalog)
    installation.publish(...)      # an event or a command, and all that follows at once
    installation.step()            # time passes up to the next moment in which anything happens
    installation.store.state       # what is kept
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from random import Random
from typing import Any, TypeVar

from resistor.bus import topology
from resistor.bus.names import Names
from resistor.catalog import Catalog
from resistor.config import Settings
from resistor.daemon.assembly import Surroundings, assemble
from resistor.daemon.definitions import Definitions
from resistor.daemon.doubts import Doubts
from resistor.daemon.patience import Patience
from resistor.daemon.pausing import Pausing
from resistor.daemon.rules import Rules, Timing
from resistor.engine.facts import Fact
from resistor.engine.limits import Limits
from resistor.ops.runs import Found
from resistor.ports import Bus, Publish, Store
from resistor.telemetry import Telemetry
from resistor.testing.broker import MemoryBroker, MemoryBus, MemoryLane
from resistor.testing.calls import Call
from resistor.testing.deploying import deployed
from resistor.testing.desks import Desks
from resistor.testing.housekeeping import Housekeeper
from resistor.testing.store.memory_store import MemoryStore
from resistor.testing.stubs import Stubs
from resistor.testing.virtual_loop import EPOCH, VirtualLoop
from resistor.tokens import TokenKeys

KEYS = TokenKeys((("test", b"a secret that only tests know, and nobody else"),))
NEVER_SECONDS = 1000 * 366 * 86400.0
TIMING = Timing(outbox_grace=10.0, idle_check=NEVER_SECONDS)
"""A run that only a message can move is not looked at: nothing is lost here."""

SETTINGS = Settings()
CANCEL_TIMES = 20
"""So often tasks are cancelled at the end: one of a dead daemon waits for ever again in its `finally`."""

Result = TypeVar("Result")


class Installation:
    """One daemon, and all that it lives on."""

    def __init__(self, stubs: Stubs, *, start: float = EPOCH, has_schedules: bool = False) -> None:
        """Set up servers. `start` is when it begins, in seconds since the epoch.

        `has_schedules`: workflows begin by their schedules, too.
        """
        self.loop = VirtualLoop(start)
        self._names = Names()
        self.store = MemoryStore(self.loop.clock)
        self.broker = self._make_broker()
        self.stubs = stubs
        self.calls: list[Call] = []
        self._events: list[Publish] = []
        self.complaints: list[BaseException] = []
        self.catalog = Catalog()
        self._has_schedules = has_schedules
        self._served: frozenset[str] = frozenset()
        self._drawn = Random(0)  # ids that nobody else has: each daemon's are others
        self._consuming: set[asyncio.Task[None]] = set()
        self._definitions: Definitions
        self._desks = Desks(MemoryBus(self.broker), self._names, stubs, self, _lose)
        self.house = self.loop.watch = Housekeeper(self.loop, self.store.state, is_scheduling=has_schedules)

    # ------------------------------------------------------------------------------- the test's side

    def deploy(self, catalog: Catalog) -> None:
        """Register these workflows, as a daemon does that starts with their files.

        Raises `VersionConflict` for a version that is there with other content.
        """
        self.broker.declare(topology(self._names, sorted(catalog.modules)))
        self._run(self._deploy(catalog))
        self.catalog = self._definitions.listening
        self.settle()

    def publish(self, message: Publish) -> None:
        """Publish an event or a command, and let everything happen that follows at once."""
        self.loop.call_soon(self.broker.route, message)
        self.settle()

    def settle(self) -> None:
        """Let everything happen that takes no time."""
        self.loop.settle()

    def step(self, *, until: float) -> bool:
        """Let time pass up to the next moment in which anything happens; returns whether there is one.

        `until`, in seconds since the beginning, is the last that counts. Schedules are not waited for.
        """
        self.house.is_scheduling = False
        try:
            return self.loop.step(until=until)
        finally:
            self.house.is_scheduling = self._has_schedules

    def rest(self, *, until: float) -> None:
        """Let time pass up to `until`, in seconds since the beginning."""
        self.loop.rest(until=until)

    @property
    def names(self) -> Names:
        """What exchanges and queues are called."""
        return self._names

    @property
    def events(self) -> list[Publish]:
        """What was published as an event, by the test and by runs."""
        return self._events

    @property
    def now(self) -> float:
        """The time, in seconds since the epoch."""
        return self.loop.clock()

    @property
    def elapsed(self) -> float:
        """The time since the beginning, in seconds."""
        return self.loop.time()

    def run_ids(self) -> list[str]:
        """Return every run, in the order in which they began."""
        return list(self.store.state.runs)

    def found(self, run_id: str) -> Found:
        """Return a run as it is now, whole, with the workflow that it is pinned to."""
        run = self.store.state.runs[run_id].run
        origin = run.origin
        return Found(run, self.catalog.get(origin.namespace, origin.workflow, origin.version))

    def facts(self, run_id: str) -> Sequence[Fact]:
        """Return a run's history."""
        return self.store.state.runs[run_id].facts

    def letters(self) -> list[Publish]:
        """Return the dead letters."""
        return [held.publish for held in self.broker.queues[self._names.dead].ready]

    def close(self) -> None:
        """End all of it. Idempotent."""
        if self.loop.is_closed():
            return
        self.loop.watch = None
        for _ in range(CANCEL_TIMES):
            tasks = self.loop.open_tasks
            for task in tasks:
                task.cancel()
            if not tasks:
                break
            self.settle()
        self.loop.close()

    def _run(self, work: Coroutine[Any, Any, Result]) -> Result:
        return self.loop.run_until_complete(work)

    # ------------------------------------------------------------------------------ what is heard of

    def called(self, call: Call) -> None:
        """Note a call."""
        self.calls.append(call)

    def complain(self, why: BaseException) -> None:
        """Note what is wrong with the test itself."""
        self.complaints.append(why)

    def _on_publish(self, message: Publish) -> None:
        if message.exchange == self._names.events:
            self._events.append(message)

    # ------------------------------------------------------------------------------ the daemon's side

    async def _deploy(self, catalog: Catalog) -> None:
        if self.house.works is None:
            self._definitions = await deployed(catalog, self.store)
        else:
            await self._definitions.register(catalog)
        for module in sorted(catalog.modules - self._served):
            self.loop.create_task(self._desks.serve(module))
        self._served |= catalog.modules
        if self.house.works is None:
            await self._begin_daemon()
        self.house.has_new_schedules = self._has_schedules

    def _make_broker(self) -> MemoryBroker:
        return MemoryBroker(
            self._names, topology(self._names, []), self.loop.call_later, on_publish=self._on_publish
        )

    async def _begin_daemon(self) -> None:
        """Start a daemon, as `resistor serve` does, but for what looks at the clock."""
        store, bus = self._connect()
        patience, telemetry = Patience(), Telemetry()
        rules = Rules(
            self._names,
            Limits(),
            self._timing(),
            patience,
            Pausing(store, patience),
            Doubts(store.watermark, telemetry, patience),
            clock=self.loop.clock,
            new_id=lambda: f"{self._drawn.getrandbits(128):032x}",
        )
        works = assemble(
            Surroundings(store, bus, telemetry), self._definitions, KEYS, rules, self._settings()
        )
        self.house.keep(works)
        works.results.begin(1)
        self._consuming = {self.loop.create_task(consumer.run()) for consumer in works.consumers}

    def _connect(self) -> tuple[Store, Bus]:
        """Return a daemon's connections to its servers."""
        return self.store.connect(), MemoryBus(self.broker)

    def _timing(self) -> Timing:
        return TIMING

    def _settings(self) -> Settings:
        return SETTINGS


async def _lose(lane: MemoryLane) -> None:
    lane.lose()
