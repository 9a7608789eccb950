"""A command line whose store and bus are in memory."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner, Result

from resistor.bus import Names, Topology
from resistor.bus.bus import QueueInfo
from resistor.engine.facts import Fact
from resistor.engine.run import Reads, Run
from resistor.engine.workflow import Workflow
from resistor.errors import BrokerUnreachable, OperatorMistake, StoreUnreachable
from resistor.ops import servers
from resistor.ops.cli.root import command_line
from resistor.ports import GateView, Loaded, Outcome, Pause, Publish, Registered, ScheduleState
from resistor.store import StoreHealth
from resistor.store.reading import RunFilter
from tests.unit.ops.samples import COMPLETED, FAILED, HISTORY, KEY, RUN, RUNNING, START, WORKFLOW

HEALTHY = StoreHealth(
    version="8.1",
    is_persistent=True,
    fsync="everysec",
    eviction="noeviction",
    is_primary=True,
)


@dataclass
class FakeCatalogue:
    """The registered workflows."""

    sources: dict[str, bytes] = field(default_factory=lambda: {KEY: WORKFLOW.source})
    offers: dict[str, tuple[int, ...]] = field(default_factory=lambda: {"shop/order.placed": (3,)})

    async def read(self) -> Registered:
        """Return all of them."""
        return Registered(1, self.sources, self.offers)

    async def source(self, key: str) -> bytes | None:
        """Return one version."""
        return self.sources.get(key)

    def keep(self, workflow: Workflow) -> None:
        """Register a version, and offer it to new runs."""
        name = f"{workflow.namespace}/{workflow.name}"
        self.sources[f"{name}@{workflow.version}"] = workflow.source
        self.offers[name] = (*self.offers.get(name, ()), workflow.version)


@dataclass
class FakeSchedules:
    """What begins by itself."""

    states: dict[str, ScheduleState] = field(default_factory=dict)

    async def read_all(self) -> list[ScheduleState]:
        """Return every schedule."""
        return list(self.states.values())

    async def pause(self, name: str, *, is_paused: bool) -> ScheduleState | None:
        """Pause one, or let it go on."""
        self.states[name] = msgspec.structs.replace(self.states[name], is_paused=is_paused)
        return self.states[name]


@dataclass
class FakePauses:
    """The modules that are paused, and how many actions wait for each."""

    modules: dict[str, Pause] = field(default_factory=dict)
    waiting: dict[str, int] = field(default_factory=dict)

    async def paused(self) -> dict[str, Pause]:
        """Return them."""
        return dict(self.modules)

    async def pause(self, module: str, why: str) -> Pause:
        """Pause one."""
        self.modules[module] = Pause(why, START)
        return self.modules[module]

    async def resume(self, module: str) -> bool:
        """Let one go on."""
        return self.modules.pop(module, None) is not None

    async def held(self, modules: Sequence[str]) -> list[int]:
        """Return how many wait for each."""
        return [self.waiting.get(module, 0) for module in modules]


@dataclass
class FakeGates:
    """The limits of modules."""

    views: dict[str, GateView] = field(default_factory=dict)

    async def look(self, gates: Sequence[str]) -> list[GateView]:
        """Return how full these are."""
        return [self.views.get(gate, GateView(0, 0)) for gate in gates]


@dataclass
class FakeStore:
    """What commands read of a store."""

    runs: list[Run] = field(default_factory=lambda: [FAILED, RUNNING, COMPLETED])
    catalogue: FakeCatalogue = field(default_factory=FakeCatalogue)
    schedules: FakeSchedules = field(default_factory=FakeSchedules)
    pauses: FakePauses = field(default_factory=FakePauses)
    gates: FakeGates = field(default_factory=FakeGates)
    state: StoreHealth = HEALTHY
    is_away: bool = False
    asked: list[RunFilter] = field(default_factory=list)

    async def load(self, wanted: Sequence[tuple[str, Reads]]) -> Loaded:
        """Return the runs of these ids."""
        self.reach()
        by_id = {run.id: run for run in self.runs}
        return Loaded(START, tuple(by_id.get(run_id) for run_id, _ in wanted), commits=("",) * len(wanted))

    async def history(self, run_id: str, *, start: int = 0) -> list[Fact]:
        """Return what happened in the one run that has a history."""
        return list(HISTORY[start:]) if run_id == RUN else []

    async def list_runs(self, wanted: RunFilter) -> list[Run]:
        """Return those of these statuses, and remember what was asked for."""
        self.reach()
        self.asked.append(wanted)
        return [run for run in self.runs if not wanted.statuses or run.state.status in wanted.statuses]

    async def health(self) -> StoreHealth:
        """Return what the test says."""
        self.reach()
        return self.state

    async def generated_token_secret(self) -> bytes:
        """Return the one key."""
        return b"generated-generated"

    def reach(self) -> None:
        """Raise where the store is away."""
        if self.is_away:
            raise StoreUnreachable("Redis cannot be reached: refused")


@dataclass
class FakeBus:
    """What commands ask of a bus."""

    queues: dict[str, QueueInfo | None] = field(default_factory=dict)
    outcome: Outcome = Outcome.CONFIRMED
    mismatch: str | None = None
    is_away: bool = False
    blocked: bool = False
    names: Names = field(default_factory=Names)
    published: list[Publish] = field(default_factory=list)
    declared: list[Topology] = field(default_factory=list)

    async def publish(self, messages: Sequence[Publish]) -> Sequence[Outcome]:
        """Keep what is published."""
        self.published += messages
        return [self.outcome] * len(messages)

    async def declare(self, topology: Topology) -> None:
        """Keep what is declared."""
        self.declared.append(topology)
        if self.mismatch:
            raise OperatorMistake(self.mismatch)

    async def inspect(self, queue: str) -> QueueInfo | None:
        """Return what the test says; a queue with one consumer where it says nothing."""
        return self.queues.get(queue, QueueInfo(messages=0, consumers=1))

    async def count_results_queues(self, at_least: int = 1) -> int:
        """Return what the test says: as many as there should be, and those that it names."""
        return max(at_least, sum(self.names.has_results(queue) for queue in self.queues))


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> FakeStore:
    """Give the store that commands open."""
    fake = FakeStore()

    @asynccontextmanager
    async def open_store(_: Any) -> AsyncIterator[FakeStore]:
        yield fake

    monkeypatch.setattr(servers, "open_store", open_store)
    return fake


@pytest.fixture
def bus(monkeypatch: pytest.MonkeyPatch) -> FakeBus:
    """Give the bus that commands open."""
    fake = FakeBus()

    @asynccontextmanager
    async def open_bus(_: Any) -> AsyncIterator[FakeBus]:
        if fake.is_away:
            raise BrokerUnreachable("the broker at amqp://localhost cannot be reached: refused")
        yield fake

    monkeypatch.setattr(servers, "open_bus", open_bus)
    return fake


@pytest.fixture(autouse=True)
def nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Let local time be UTC, and no setting or definition be that of whoever runs the tests."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    for name in ("RESISTOR_CONFIG", "RESISTOR_DEFINITIONS", "RESISTOR_TOKEN_KEYS"):
        monkeypatch.delenv(name, raising=False)
    yield
    monkeypatch.undo()
    time.tzset()


Call = Callable[..., Result]


@pytest.fixture
def call(store: FakeStore, bus: FakeBus) -> Call:
    """Give what calls the command line; what it raises and should not is the test's failure."""

    def invoke(*arguments: str, code: int = 0, typed: str | None = None) -> Result:
        result = CliRunner().invoke(command_line(), arguments, input=typed, prog_name="resistor")
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == code, result.output
        return result

    return invoke


def lines_of(text: str) -> list[Any]:
    """Read JSON lines."""
    return [json.loads(line) for line in text.splitlines()]
