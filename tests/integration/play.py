"""What the tests of the language are written with: workflows in a line or two, a scripted module, the end.

A play is a house whose daemon has the test's own workflows, all of namespace `shop`. When it is over nothing
may be left behind: no dead letter, no unconfirmed message, no timer, no subscription, no slot.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from textwrap import dedent, indent
from typing import Any

from resistor.catalog import Catalog, load_text
from resistor.daemon.main import Daemon
from resistor.engine.draft import Draft
from resistor.engine.facts import Fact, FactName
from resistor.engine.identity import run_id
from resistor.engine.limits import Limits
from resistor.engine.outbox import run_output
from resistor.engine.outputs import output_of
from resistor.engine.run import Run, RunStatus
from resistor.engine.workflow import Workflow
from resistor.messages.event import Event
from resistor.messages.result import Failure
from resistor.store.reading import RunFilter
from tests.integration.house import House
from tests.integration.outside import Outside
from tests.integration.worker import Script, Worker

LEFTOVERS = (
    *("outbox", "timers", "waiting", "holders", "queue", "leaving"),
    *("outside", "telling", "gates", "held", "releasing"),
)


def text_of(workflows: Mapping[str, str]) -> str:
    """A definition file: each workflow by its name, at version 1 where it does not say."""
    lines = ["shop:\n"]
    for name, workflow in workflows.items():
        body = dedent(workflow).strip("\n")
        version = "" if body.startswith(("-", "version", "[")) else "    version: 1\n"
        lines.append(f"  {name}:\n{version}{indent(body, '    ')}\n")
    return "".join(lines)


def catalog_of(**workflows: str) -> Catalog:
    return load_text(text_of(workflows).encode()).or_raise()


@dataclass(frozen=True)
class Ended:
    """A run that is over, as a reader sees it."""

    run: Run
    workflow: Workflow
    history: list[Fact]

    @property
    def status(self) -> RunStatus:
        return self.run.state.status

    @property
    def error(self) -> Failure:
        assert self.run.state.failure is not None, self.status
        return self.run.state.failure

    @property
    def output(self) -> Any:
        """The run's own output."""
        return _read(run_output(self._draft()))

    def gave(self, path: str) -> Any:
        """What a step handed on."""
        return _read(output_of(self._draft(), path))

    def step(self, path: str) -> str:
        """The status of a step."""
        return self.run.steps[path].status.value

    def facts(self, path: str | None = None) -> list[str]:
        """The facts of a step, or the run's own."""
        return [fact.name.value for fact in self.history if fact.step == path]

    def seconds(self, first: FactName, last: FactName, path: str | None = None) -> float:
        """How long it was from one fact of a step to another one."""
        at = {fact.name: fact.at for fact in self.history if fact.step == path}
        return at[last] - at[first]

    def _draft(self) -> Draft:
        return Draft(self.workflow, self.run, now=0.0, limits=Limits())


def _read(output: bytes | None) -> Any:
    return None if output is None else json.loads(output)


@dataclass
class Play:
    """A daemon with this test's workflows, module `m` with its script, and the outside."""

    house: House
    closing: AsyncExitStack
    workers: dict[str, Worker] = field(default_factory=dict)
    letters: int = 0  # dead letters that the test expects and leaves where they are

    @property
    def out(self) -> Outside:
        return self.house.outside

    @property
    def m(self) -> Worker:
        return self.workers["m"]

    async def begin(
        self, script: Mapping[str, Script] | None = None, *, settings: Any = None, **workflows: str
    ) -> Daemon:
        """Start a daemon with these workflows, and module `m` where it has a script."""
        daemon = await self.serve(catalog_of(**workflows), **(settings or {}))
        if script is not None:
            await self.work("m", script)
        return daemon

    async def serve(self, catalog: Catalog, **settings: Any) -> Daemon:
        """Start a daemon that serves to the end of the test."""
        return await self.closing.enter_async_context(self.house.daemon(catalog, **settings))

    async def work(self, module: str, script: Mapping[str, Script]) -> None:
        """Start a module."""
        self.workers[module] = Worker(self.out, script)
        await self.workers[module].start(module)

    async def start(self, name: str = "job", data: Any = None, *, id: str | None = None) -> str:  # noqa: A002
        """Publish an event; returns the id of the run that it starts."""
        event_id = await self.out.event(f"shop.{name}", {} if data is None else data, id=id)
        return run_of(name, event_id)

    async def play(self, name: str = "job", data: Any = None) -> Ended:
        """Publish an event, and wait for the end of its run."""
        return await self.ended(await self.start(name, data))

    async def ended(self, run: str) -> Ended:
        """Wait for the end of a run."""
        over = await self.house.ended(run)
        workflow = await self.house.daemons[-1]._definitions.of(over.origin)
        return Ended(over, workflow, await self.house.history(run))

    async def reaches(self, run: str, path: str, status: str) -> None:
        """Wait until a step of a run is so."""

        async def has() -> bool:
            found = await self.house.run(run)
            return found is not None and path in found.steps and found.steps[path].status == status

        await self.house.until(has)

    async def now(self) -> float:
        """The time that runs go by, in seconds since the epoch."""
        return (await self.house.store.load([])).now

    async def command(self, verb: str, run: str, **more: Any) -> None:
        """Tell a run something, as an operator does."""
        await self.out.publish("resistor.commands", verb, {"verb": verb, "run": run, **more})

    async def runs(self, name: str = "job", **wanted: Any) -> list[Run]:
        """The runs of a workflow, the latest first."""
        return await self.house.store.list_runs(RunFilter(namespace="shop", workflow=name, **wanted))

    async def holds(self) -> None:
        """Assert what is true when all runs are over."""
        if not await self.house.store.list_runs(RunFilter(statuses=(RunStatus.RUNNING,))):
            await self.house.until(self._is_clean)
        assert await self.out.depth("resistor.dead") == self.letters

    async def _is_clean(self) -> bool:
        return not await leftovers(self.house)


async def leftovers(house: House) -> list[str]:
    """Every key that a run must not leave behind."""
    keys = [key.decode() async for key in house.store._client.scan_iter(match="resistor:{*}:*", count=1000)]
    return [key for key in keys if key.partition("}:")[2].partition(":")[0] in LEFTOVERS]


def run_of(name: str, event_id: str) -> str:
    """The run that an event of namespace `shop` starts."""
    return run_id(Event(namespace="shop", name=name, data=b"", id=event_id), "")


@asynccontextmanager
async def playing(house: House) -> AsyncIterator[Play]:
    async with AsyncExitStack() as closing:
        play = Play(house, closing)
        yield play
        if house.daemons:
            await play.holds()
