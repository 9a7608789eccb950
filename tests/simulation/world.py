"""A simulated installation: two daemons as they are in production, a store and a broker in memory, modules.

    world = World(seed)
    world.run()         # on virtual time; faults for a while, and then none
    world.check()       # raises `Broken` with every law that does not hold, and the runs that broke it

Everything that happens follows from the seed.
"""

from __future__ import annotations

import asyncio
import json
import logging
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from resistor.bus import topology
from resistor.bus.names import Names
from resistor.config import Daemon as DaemonSettings
from resistor.config import Settings
from resistor.daemon.assembly import Surroundings, Works, assemble
from resistor.daemon.definitions import Definitions
from resistor.daemon.doubts import Doubts
from resistor.daemon.patience import Patience
from resistor.daemon.pausing import Pausing
from resistor.daemon.rules import Rules, Timing
from resistor.engine.identity import run_id
from resistor.engine.limits import Limits
from resistor.engine.run import Run
from resistor.messages.envelope import Envelope
from resistor.messages.event import Event
from resistor.ports import Publish
from resistor.telemetry import Telemetry
from resistor.testing.broker import MemoryBroker, MemoryBus
from resistor.testing.faults import Faults, Faulty, Odds
from resistor.testing.store.memory_store import MemoryStore
from resistor.testing.store.state import State
from resistor.testing.virtual_loop import VirtualLoop, run_virtually
from resistor.tokens import TokenKeys
from tests.simulation.journal import MemoryJournal
from tests.simulation.modules import Manners, Module
from tests.simulation.workflows import NAMES, catalog

CATALOG = catalog()
KEYS = TokenKeys((("k1", b"a secret of the simulation, long enough"),))
RUNS = 30
STORM_SECONDS = 120.0  # so long things go wrong
CALM_SECONDS = 600.0  # … and so long they have to come right


SETTINGS = Settings(daemon=DaemonSettings(sweep_interval_seconds=2.0))
ODDS = Odds()
MANNERS = Manners()


@dataclass
class Daemon:
    """One daemon: its loops, its faults, its clock, which may be wrong."""

    name: str
    faults: Faults
    bus: MemoryBus
    tasks: set[asyncio.Task[None]] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Weather:
    """What goes wrong."""

    odds: Odds = ODDS
    manners: Manners = MANNERS
    duplicates: float = 0.02
    lost: float = 0.005
    jumps: bool = True
    rollbacks: bool = False  # the store loses its last seconds now and then
    runs: int = RUNS


class World:
    """One simulation."""

    def __init__(self, seed: int, weather: Weather | None = None) -> None:
        """Draw everything from `seed`."""
        self.seed = seed
        self.weather = weather or Weather()
        self.draw = Random(seed)
        self.published: dict[str, str] = {}
        self.script: list[str] = []
        self.counts: Counter[str] = Counter()
        self.daemons: list[Daemon] = []
        self.rolled_back: set[str] = set()
        self.telemetry = Telemetry()
        self.on_daemon: Callable[[Works], None] = lambda works: None
        self._born = 0
        self._tampering = True

    def run(self) -> None:
        """Let it happen, in no time."""
        random.seed(self.seed)  # tenacity draws its jitter there
        level = logging.root.manager.disable
        logging.disable(logging.CRITICAL)
        try:
            run_virtually(self._play())
        finally:
            logging.disable(level)

    async def _play(self) -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        self.loop = loop
        self.store = MemoryStore(loop.clock)
        names = Names()
        self.broker = MemoryBroker(names, topology(names, sorted(CATALOG.modules)), loop.call_later)
        self._tamper()
        self.journal = MemoryJournal(loop.clock)
        module = Module("m", self.broker, loop, self.draw, self.weather.manners)
        self.modules = [module]
        background = [asyncio.create_task(module.run())]
        await self._definitions(self.store).register(CATALOG)
        for _ in range(2):
            await self._begin_daemon()
        background.append(asyncio.create_task(self._start_runs()))
        background.append(asyncio.create_task(self._jump_clocks()))
        background.append(asyncio.create_task(self._roll_back()))
        await asyncio.sleep(STORM_SECONDS)
        await self._calm()
        await asyncio.sleep(CALM_SECONDS)
        self.failed = [task for daemon in self.daemons for task in daemon.tasks if task.done()]

    async def _calm(self) -> None:
        """From now on nothing goes wrong any more."""
        self._tampering = False
        for module in self.modules:
            module.is_good = True
        for daemon in self.daemons:
            daemon.faults.is_over = True
            self.counts.update(daemon.faults.counts)
        for n in range(self.weather.runs):
            self._publish("arrived", f"late-{n}", {"n": n})

    # ----------------------------------------------------------------------------------------- daemons

    async def _begin_daemon(self) -> None:
        """Start a daemon, as `resistor serve` does."""
        self._born += 1
        name = f"daemon {self._born}"
        bus = MemoryBus(self.broker)
        daemon = Daemon(name, Faults(self.draw, self.weather.odds, lambda: self._bury(daemon)), bus)
        daemon.faults.script = self.script
        daemon.faults.is_over = not self._tampering
        self.daemons.append(daemon)
        works = await self._works(daemon)
        self.on_daemon(works)
        daemon.tasks = works.start(asyncio.Event())

    async def _works(self, daemon: Daemon) -> Works:
        store: Any = Faulty(self.store.connect(), daemon.faults)
        bus: Any = Faulty(daemon.bus, daemon.faults, may_fail=False)
        patience = Patience()
        pausing = Pausing(store, patience)
        skew = self.draw.choice([0.0, 0.0, 3600.0, -3600.0]) if self.weather.jumps else 0.0
        rules = Rules(
            Names(),
            Limits(),
            Timing(outbox_grace=10.0, idle_check=600.0),
            patience,
            pausing,
            Doubts(store.watermark, self.telemetry, patience),
            clock=lambda: self.loop.clock() + skew,
            new_id=lambda: f"{self.draw.getrandbits(128):032x}",
        )
        definitions = self._definitions(store)
        await definitions.refresh()
        around = Surroundings(store, bus, self.telemetry, journal=self.journal)
        return assemble(around, definitions, KEYS, rules, SETTINGS)

    def _definitions(self, store: Any) -> Definitions:
        return Definitions(store, Patience())

    def _bury(self, daemon: Daemon) -> None:
        """A daemon has died: what it had in hand goes back, and another one is started."""
        for task in daemon.tasks:
            task.cancel()
        daemon.bus.die()
        self.counts.update(daemon.faults.counts)
        self.daemons.remove(daemon)
        self.loop.call_later(self.draw.uniform(0.5, 5.0), self._replace)

    def _replace(self) -> None:
        task = self.loop.create_task(self._begin_daemon())
        self._keep = task  # a task that nobody holds may be collected

    async def _jump_clocks(self) -> None:
        """Freeze a daemon beyond its leases now and then: then it goes on as if nothing had been."""
        while self._tampering and self.weather.jumps:
            await asyncio.sleep(self.draw.uniform(20.0, 60.0))
            if self.daemons:
                daemon = self.draw.choice(self.daemons)
                self.script.append(f"{self.loop.time():.1f} {daemon.name} freezes")
                daemon.faults.counts["frozen"] += 1
                daemon.faults.frozen_until = self.loop.time() + self.draw.uniform(5.0, 60.0)

    async def _roll_back(self) -> None:
        """Let the store lose what it was told in the last seconds, now and then."""
        while self._tampering and self.weather.rollbacks:
            await asyncio.sleep(self.draw.uniform(5.0, 40.0))
            kept = self.store.snapshot()
            await asyncio.sleep(self.draw.uniform(0.1, 10.0))
            if self._tampering:
                self.script.append(f"{self.loop.time():.1f} the store goes back")
                self.counts["rolled back"] += 1
                self.rolled_back |= self._changed_since(kept)
                self.store.restore(kept)

    def _changed_since(self, kept: State) -> set[str]:
        """The runs that a rollback takes something from."""
        now = self.store.state.runs
        return {
            run_id
            for run_id, each in now.items()
            if run_id not in kept.runs or kept.runs[run_id].run.revision != each.run.revision
        }

    # ------------------------------------------------------------------------------------------ events

    async def _start_runs(self) -> None:
        for n in range(self.weather.runs):
            await asyncio.sleep(self.draw.uniform(0.0, 0.8 * STORM_SECONDS / self.weather.runs))
            name = self.draw.choice(NAMES)
            event_id = f"event-{n}"
            self.published[event_id] = name
            for _ in range(self.draw.choice([1, 1, 2])):
                self._publish(name, event_id, {"n": n})
            if self.draw.random() < 0.7:
                self._publish("arrived", f"arrived-{n}", {"n": n})

    def _publish(self, name: str, event_id: str, data: dict[str, Any]) -> None:
        envelope = Envelope(body=json.dumps(data).encode(), message_id=event_id)
        event = Publish(exchange=Names().events, routing_key=f"sim.{name}", envelope=envelope)
        self.journal.keep(event)
        self.broker.publish(event)

    def _tamper(self) -> None:
        """Let the broker deliver some messages twice, out of order, and lose a few after their confirm.

        Not events: they are the starter's, and nobody else knows of them. Nor commands, for the same reason.
        """
        names, publish = Names(), self.broker.publish
        losable = (names.actions, names.results)

        def tampered(message: Publish) -> Any:
            if self._tampering and self.draw.random() < self.weather.duplicates:
                self.counts["duplicated"] += 1
                self.loop.call_later(self.draw.uniform(0.0, 20.0), publish, message)
            if self._tampering and message.exchange in losable and self.draw.random() < self.weather.lost:
                self.counts["lost"] += 1
                return "confirmed"
            return publish(message)

        self.broker.publish = tampered  # type: ignore[method-assign]

    # --------------------------------------------------------------------------------------- the runs

    def run_ids(self) -> dict[str, str]:
        """The run of each event that a starter's ledger has."""
        return {
            run_id(Event(namespace="sim", name=name, data=b"", id=event_id), ""): event_id
            for event_id, name in self.published.items()
        }

    def runs(self) -> list[Run]:
        """Every run that there is, whole."""
        return [kept.run for _, kept in sorted(self.store.state.runs.items())]
