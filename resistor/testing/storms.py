"""An installation on which things go wrong: daemons die, servers refuse, messages come twice, late, or not.

Everything follows from a seed, so what was seen once can be seen again. Nothing that RabbitMQ has confirmed
or Redis has written is lost: that is what they promise. All the rest may be, at any moment, and must make no
difference to how a run ends.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import partial
from random import Random
from typing import Any

from resistor.bus import topology
from resistor.config import Daemon as DaemonSettings
from resistor.config import Settings
from resistor.daemon.rules import Timing
from resistor.ports import Bus, Outcome, Publish, Store
from resistor.testing.broker import MemoryBroker, MemoryBus
from resistor.testing.faults import CrashAfter, Faults, Faulty, Odds
from resistor.testing.installation import NEVER_SECONDS, Installation
from resistor.testing.stubs import Stubs

CALM_SECONDS = 2.0  # until what a storm has delayed is made good, before the next thing happens
SOON = 0.05  # seconds: what is late comes so late at most
ODDS = Odds(refuse=0.03, fail_after=0.03, hang=0.02, crash=0.01, longest_hang=SOON)
TIMING = Timing(outbox_grace=0.2, idle_check=NEVER_SECONDS)
SETTINGS = Settings(daemon=DaemonSettings(lease_seconds=0.3))


@dataclass(frozen=True, slots=True)
class Crash:
    """A daemon dies right after its `number`-th commit, or publish. 0: it never does."""

    point: str
    number: int

    def __str__(self) -> str:
        """Name it."""
        return f"a crash after {self.point} {self.number}"


@dataclass(frozen=True, slots=True)
class Storm:
    """Anything may go wrong, as `seed` has it."""

    seed: int
    duplicates: float = 0.1
    late: float = 0.1
    lost: float = 0.05

    def __str__(self) -> str:
        """Name it."""
        return f"seed {self.seed}"


Weather = Crash | Storm


class StormyInstallation(Installation):
    """One daemon after the other, as they die."""

    def __init__(self, weather: Weather, stubs: Stubs, *, start: float, has_schedules: bool = False) -> None:
        """Set up servers, of which `weather` says what goes wrong."""
        self.weather = weather
        self.script: list[str] = []
        self.draw = Random(weather.seed if isinstance(weather, Storm) else 0)
        self._owed = 0.0
        self._graves: list[object] = []  # a task that nobody holds on to is collected, with a complaint
        self._faults: Faults | None = None
        self._daemon_bus: MemoryBus | None = None
        super().__init__(stubs, start=start, has_schedules=has_schedules)

    def publish(self, message: Publish) -> None:
        """Publish an event or a command, perhaps twice; and give what follows time to be made good."""
        if isinstance(self.weather, Storm) and self.draw.random() < self.weather.duplicates:
            self.loop.call_later(self.draw.uniform(0.0, SOON), self.broker.route, message)
        super().publish(message)
        super().rest(until=self.elapsed + CALM_SECONDS)
        self._owed += CALM_SECONDS

    def rest(self, *, until: float) -> None:
        """Let time pass up to `until`; what has passed to calm down counts as a part of it."""
        owed, self._owed = self._owed, 0.0
        super().rest(until=max(until - owed, self.elapsed))

    def step(self, *, until: float) -> bool:
        """Let time pass as in calm; it pays what was owed."""
        before = self.elapsed
        is_more = super().step(until=until)
        self._owed = max(0.0, self._owed - (self.elapsed - before))
        return is_more

    def calm_down(self) -> None:
        """Let everything be made good that is on its way still."""
        super().rest(until=self.elapsed + CALM_SECONDS)

    def _make_broker(self) -> MemoryBroker:
        if isinstance(self.weather, Crash):
            return super()._make_broker()
        there = topology(self.names, [])
        return _StormyBroker(self, self.names, there, self.loop.call_later, on_publish=self._on_publish)

    def _connect(self) -> tuple[Store, Bus]:
        self._daemon_bus = MemoryBus(self.broker)
        self._faults = self._next_faults()
        store: Any = Faulty(self.store.connect(), self._faults)
        bus: Any = Faulty(self._daemon_bus, self._faults, may_fail=False)
        return store, bus

    def _next_faults(self) -> Faults:
        """Return the next daemon's: the first one's crash is no other's."""
        if isinstance(self.weather, Storm):
            return Faults(self.draw, ODDS, self._bury, self.script)
        is_first = not self.script
        return CrashAfter(
            self.draw,
            ODDS,
            self._bury,
            self.script,
            point=self.weather.point,
            number=self.weather.number if is_first else 0,
        )

    @property
    def passes(self) -> Counter[str]:
        """How often each call was made by the last daemon, where nothing but a crash may go wrong."""
        return self._faults.passes if isinstance(self._faults, CrashAfter) else Counter()

    def _bury(self) -> None:
        """A daemon is dead: what it had in hand goes back, and another one begins."""
        self._graves.append((self.house.works, self.house.turn, self._consuming, self._faults))
        if self._daemon_bus is not None:
            self._daemon_bus.die()
        self._beginning = self.loop.create_task(self._begin_daemon())

    def _timing(self) -> Timing:
        return TIMING

    def _settings(self) -> Settings:
        return SETTINGS


class _StormyBroker(MemoryBroker):
    """Messages of daemons and modules come twice, late, or not at all; those are not confirmed."""

    def __init__(self, installation: StormyInstallation, *there: Any, **more: Any) -> None:
        super().__init__(*there, **more)
        assert isinstance(installation.weather, Storm)  # noqa: S101 - else nothing is tampered with
        self._storm = installation.weather
        self._draw = installation.draw
        self._script = installation.script

    def publish(self, message: Publish) -> Outcome:
        """Take a message, or do not."""
        storm, drawn = self._storm, self._draw.random()
        if (drawn := drawn - storm.lost) < 0:
            self._script.append(f"lost, and not confirmed: {message.routing_key}")
            return Outcome.REFUSED
        if (drawn := drawn - storm.late) < 0:
            self._script.append(f"late: {message.routing_key}")
            self._later(self._draw.uniform(0.0, SOON), partial(_route, self, message))
            return Outcome.CONFIRMED
        if drawn - storm.duplicates < 0:
            self._script.append(f"twice: {message.routing_key}")
            self._later(self._draw.uniform(0.0, SOON), partial(_route, self, message))
        return self.route(message)


def _route(broker: MemoryBroker, message: Publish) -> None:
    broker.route(message)
