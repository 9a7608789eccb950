"""Runs that use the whole language, and what must be true of them after any crash."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from resistor.engine.identity import child_run_id, run_id
from resistor.engine.run import EVERYTHING
from resistor.messages.event import Event
from resistor.store import RedisStore
from tests.acceptance.conftest import Site
from tests.acceptance.processes import PATIENCE_SECONDS

DEFINITION = """
lang:
  each:
    version: 1
    steps:
      - for: {in: "${input.numbers}", concurrency: 10}
        do: [{module: ledger, action: write, with: {n: "${item}"}}]
  heard:
    version: 1
    steps:
      - listen: {event: paid, key: {event: event.data.n, run: input.n}, buffer: 1h}
      - {module: ledger, action: write}
  parent:
    version: 1
    steps:
      - {id: kid, run: {workflow: kid}}
      - {module: ledger, action: write, with: {n: "${steps.kid.output.wrote}"}}
  kid:
    version: 1
    steps: [{module: ledger, action: write}]
  single:
    version: 1
    concurrency: {key: the only one}
    steps: [{module: ledger, action: write}]
  pause:
    version: 1
    steps: [{wait: 100ms}, {module: ledger, action: write}]
  flaky:
    version: 1
    steps: [{module: ledger, action: write_at_second_try}]
"""

LEFTOVERS = ("outbox", "timers", "waiting", "holders", "queue", "leaving", "outside", "held")


@dataclass(frozen=True)
class Case:
    """One run: its workflow, its event's id, and the number in it."""

    workflow: str
    n: int

    @property
    def run(self) -> str:
        event = Event(namespace="lang", name=self.workflow, data=b"", id=f"{self.workflow}-{self.n}")
        return run_id(event, "")

    @property
    def kid(self) -> str:
        return child_run_id(self.run, "kid", 1)

    @property
    def runs(self) -> list[str]:
        return [self.run, self.kid] if self.workflow == "parent" else [self.run]

    @property
    def effects(self) -> set[str]:
        """What the module must have done, by idempotency key."""
        match self.workflow:
            case "each":
                return {f"{self.run}:for/{number}/write" for number in range(20)}
            case "flaky":
                return {f"{self.run}:write_at_second_try"}
            case _:
                return {f"{run}:write" for run in self.runs}

    async def publish(self, site: Site) -> None:
        """Publish its event; what it listens for comes before."""
        if self.workflow == "heard":
            await site.outside.event("lang.paid", {"n": self.n}, id=f"paid-{self.n}")
        data = {"n": self.n, "numbers": list(range(20))}
        await site.outside.event(f"lang.{self.workflow}", data, id=f"{self.workflow}-{self.n}")


async def over(site: Site, run: str) -> None:
    """Wait for the end of a run."""
    found = None
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while found is None or not found.state.status.is_final:
                found = (await site.store.load([(run, EVERYTHING)])).runs[0]
                await asyncio.sleep(0.02)
    except TimeoutError:
        logs = "\n".join(process.log[-2000:] for process in site.processes)
        raise AssertionError(f"it does not end: {found}\n{logs}") from None


async def holds(site: Site, cases: list[Case], *, is_swept: bool = True) -> None:
    """Assert that each run ended once, did all it had to do and nothing else, and left nothing behind.

    Where nobody sweeps, what a dead daemon had not marked as confirmed stays unmarked.
    """
    for case in cases:
        for run_id_ in case.runs:
            await over(site, run_id_)
            await _ended_once(site, run_id_)
    if is_swept:
        await _nothing_is_left(site.store)
    assert set(site.effects()) == set[str]().union(*(case.effects for case in cases))
    assert await site.outside.depth("resistor.dead") == 0


async def _ended_once(site: Site, run: str) -> None:
    found = (await site.store.load([(run, EVERYTHING)])).runs[0]
    assert found is not None
    assert found.state.status == "completed", found.state
    history = [(fact.name.value, fact.step) for fact in await site.store.history(run)]
    assert history.count(("run_started", None)) == 1
    assert [name for name, _ in history].count("run_completed") == 1
    assert history[-1] == ("run_completed", None)
    completed = [step for name, step in history if name == "step_completed"]
    assert len(completed) == len(set(completed)), "a step completed twice"


async def _nothing_is_left(store: RedisStore) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while await _leftovers(store):  # noqa: ASYNC110 - what moves is in other processes
            await asyncio.sleep(0.02)


async def _leftovers(store: RedisStore) -> list[bytes]:
    keys = [key async for key in store._client.scan_iter(match="resistor:{*}:*", count=1000)]
    return [key for key in keys if key.decode().partition("}:")[2].partition(":")[0] in LEFTOVERS]
