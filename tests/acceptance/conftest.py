"""An installation of real processes on private servers."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest

from resistor.daemon.patience import Patience
from resistor.engine.facts import FactName
from resistor.engine.identity import run_id
from resistor.engine.run import EVERYTHING, Reads, Run
from resistor.messages.event import Event
from resistor.store import RedisStore
from tests.acceptance.processes import PATIENCE_SECONDS, Process
from tests.integration.outside import Outside

BLOCKING = (FactName.STEP_BLOCKED, FactName.STEP_UNBLOCKED)
"""What a module's queue that is not there yet, or no more, leaves in a history."""

DEFINITION = """
shop:
  three:
    version: 1
    steps:
      - {module: ledger, action: write, id: one}
      - {module: ledger, action: write, id: two, with: {n: "${input.n}"}}
      - {module: ledger, action: write, id: three, with: {n: "${steps.two.output.wrote}"}}
"""


def run_of(event_id: str) -> str:
    return run_id(Event(namespace="shop", name="three", data=b"", id=event_id), "")


@dataclass
class Site:
    """Where the processes live: servers, definitions, the ledger, and the outside."""

    directory: Path
    amqp_url: str
    redis_url: str
    outside: Outside
    store: RedisStore
    processes: list[Process] = field(default_factory=list)
    patience: Patience = field(default_factory=Patience)

    def environment(self, **more: str) -> dict[str, str]:
        return {
            "RESISTOR_AMQP_URL": self.amqp_url,
            "RESISTOR_REDIS_URL": self.redis_url,
            "RESISTOR_TOKEN_KEYS": "k1:a secret of the tests that is long",
            "RESISTOR_DEFINITIONS": str(self.directory / "definitions"),
            "RESISTOR_HTTP": "off",
            "RESISTOR_SWEEP_INTERVAL_SECONDS": "0.1",
            "RESISTOR_OUTBOX_GRACE_SECONDS": "1",
            "RESISTOR_LEASE_SECONDS": "2",
            "LEDGER": str(self.directory / "ledger"),
            **more,
        }

    async def start(self, *arguments: str, **environment: str) -> Process:
        process = await Process.start(*arguments, environment=self.environment(**environment))
        self.processes.append(process)
        return process

    async def daemon(self, **environment: str) -> Process:
        """A daemon that takes messages."""
        process = await self.start("serve", **environment)
        await process.says("taking messages")
        return process

    async def module(self) -> Process:
        """A process with the ledger module."""
        return await self.start("module", "run", "tests/acceptance/ledger_module.py:ledger")

    async def reopen(self) -> None:
        """Connect the outside again, after the broker was away."""
        self.outside = await Outside.open(self.amqp_url)
        await self.outside.start()

    async def use_redis(self, url: str) -> None:
        """Look into another Redis from now on, after a failover."""
        await self.store.close()
        self.store = RedisStore(url, timeout=5.0)

    async def publish(self, ids: list[str]) -> None:
        """Publish an event for each id; its data is the number in it."""
        await asyncio.gather(
            *(self.outside.event("shop.three", {"n": int(each.split("-")[1])}, id=each) for each in ids)
        )

    async def ended(self, event_id: str) -> Run:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                load = partial(self.store.load, [(run_of(event_id), EVERYTHING)])
                run = (await self.patience.with_store(load)).runs[0]
                if run is not None and run.state.status.is_final:
                    return run
                await asyncio.sleep(0.02)

    async def some_end(self, ids: list[str], *, at_least: int) -> None:
        """Wait until so many of these events' runs have ended, whichever they are."""
        load = partial(self.store.load, [(run_of(event_id), Reads()) for event_id in ids])
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                runs = (await self.patience.with_store(load)).runs
                if sum(run is not None and run.state.status.is_final for run in runs) >= at_least:
                    return
                await asyncio.sleep(0.02)

    async def take_away(self, name: str) -> int:
        """Take all messages out of a queue whose consumers are dead; returns how many there were.

        The broker gives a dead consumer's unacknowledged messages back in the same step in which it strikes
        the consumer off: when there is none left, all of them are there.
        """
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                queue = await self.outside.queue(name)
                if not queue.declaration_result.consumer_count:
                    return (await queue.purge()).message_count or 0
                await asyncio.sleep(0.02)

    def effects(self) -> Counter[str]:
        """How often each step was done, by its idempotency key."""
        ledger = self.directory / "ledger"
        lines = ledger.read_text().splitlines() if ledger.exists() else []
        return Counter(line.split()[3] for line in lines)

    async def holds(self, ids: list[str]) -> None:
        """Assert what is true after any fault: each event one run, each run one ending, each step done."""
        runs = [await self.ended(event_id) for event_id in ids]
        effects = self.effects()
        for event_id, run in zip(ids, runs, strict=True):
            assert run.state.status == "completed", run.state
            assert run.outputs["three"] == b'{"wrote":%d}' % int(event_id.split("-")[1])
            assert run.unconfirmed == frozenset()
            facts = await self.store.history(run.id)
            history = [(fact.name.value, fact.step) for fact in facts if fact.name not in BLOCKING]
            expected: list[tuple[str, str | None]] = [("run_started", None)]
            for step in ("one", "two", "three"):
                expected += [("step_scheduled", step), ("step_completed", step)]
            assert history == [*expected, ("run_completed", None)]
            for step in ("one", "two", "three"):
                assert effects[f"{run.id}:{step}"] >= 1
        assert len(effects) == 3 * len(ids), "something was done that no run asked for"
        assert await self.outside.depth("resistor.dead") == 0


@pytest.fixture
async def site(rabbitmq_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[Site]:
    (tmp_path / "definitions").mkdir()
    (tmp_path / "definitions" / "shop.yaml").write_text(DEFINITION)
    async with AsyncExitStack() as closing:
        store = RedisStore(redis_url, timeout=5.0)
        closing.push_async_callback(store.close)
        site = Site(tmp_path, rabbitmq_url, redis_url, await Outside.open(rabbitmq_url), store)
        await site.outside.start()
        try:
            yield site
        finally:
            await site.store.close()
            await site.outside.close()
            for process in site.processes:
                await process.kill()
