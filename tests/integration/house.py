"""A whole daemon in this process, and the servers that it lives on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from resistor.catalog import Catalog, load_text
from resistor.config import Broker, Definitions, Http, Settings, Store, Tokens
from resistor.config import Daemon as DaemonSettings
from resistor.daemon.main import Daemon
from resistor.engine.facts import Fact
from resistor.engine.run import EVERYTHING, Run
from resistor.store import RedisStore
from resistor.store.keys import Keys
from resistor.telemetry import Telemetry
from tests.integration.outside import PATIENCE_SECONDS, Outside

WORKFLOWS = b"""
shop:
  order.placed:
    version: 1
    input: {type: object, properties: {amount: {type: integer, minimum: 1}}}
    steps:
      - {module: payments, action: charge, metadata: {a: [1, {}]}}
      - {module: parcel, action: ship, with: {receipt: "${steps.charge.output.receipt}"}}
"""

NO_FILES = Path("no such directory")  # what changes in the project's own definitions is nothing to a test
TOKEN_KEYS = (("k1", b"a secret of the tests, long enough"),)


@dataclass
class House:
    """One daemon, the servers that it lives on, and the outside."""

    amqp_url: str
    redis_url: str
    outside: Outside
    store: RedisStore
    telemetry: Telemetry = field(default_factory=Telemetry)
    daemons: list[Daemon] = field(default_factory=list)

    async def run(self, run_id: str) -> Run | None:
        return (await self.store.load([(run_id, EVERYTHING)])).runs[0]

    async def history(self, run_id: str) -> list[Fact]:
        return await self.store.history(run_id)

    async def until(self, holds: Callable[[], Awaitable[bool]]) -> None:
        """Wait until `holds`; looks again after every turn of the loop that something may have moved."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not await holds():  # noqa: ASYNC110 - what moves is in a server: it sets no event of ours
                await asyncio.sleep(0.005)

    async def ended(self, run_id: str) -> Run:
        """Wait for the end of a run."""
        found: list[Run] = []

        async def is_over() -> bool:
            run = await self.run(run_id)
            if run is not None and run.state.status.is_final:
                found.append(run)
            return bool(found)

        await self.until(is_over)
        return found[0]

    async def marked(self, run_id: str) -> None:
        """Wait until the store knows that all that the run has let out is confirmed."""
        key = f"{self.store._keys.tag_of(run_id)}:outbox:{run_id}"

        async def is_empty() -> bool:
            return not await self.store._client.exists(key)

        await self.until(is_empty)

    async def counted(self, counter: str, key: tuple[str, ...], count: int) -> None:
        """Wait until a counter has reached a number."""

        async def has() -> bool:
            return bool(getattr(self.telemetry.counters, counter)[key] >= count)

        await self.until(has)

    @asynccontextmanager
    async def daemon(self, catalog: Catalog | None = None, **settings: Any) -> AsyncIterator[Daemon]:
        """A further daemon; it drains at the end."""
        daemon = Daemon(
            self._settings(**settings), catalog or load_text(WORKFLOWS).or_raise(), self.telemetry
        )
        self.daemons.append(daemon)
        stopping, ready = asyncio.Event(), asyncio.Event()
        task = asyncio.create_task(daemon.run(stopping, on_ready=ready.set))
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await asyncio.wait(
                    {task, asyncio.ensure_future(ready.wait())}, return_when=asyncio.FIRST_COMPLETED
                )
            if task.done():
                await task
            yield daemon
        finally:
            stopping.set()
            await task

    def _settings(
        self, *, definitions: Path | None = None, users: Mapping[str, str] | None = None, **settings: Any
    ) -> Settings:
        return Settings(
            definitions=Definitions(paths=(definitions or NO_FILES,)),
            broker=Broker(url=self.amqp_url, module_users=users or {}),
            store=Store(url=self.redis_url, timeout_seconds=5.0, partitions=4),
            tokens=Tokens(keys=TOKEN_KEYS),
            http=Http(bind="off"),
            daemon=DaemonSettings(**{"sweep_interval_seconds": 0.05, **settings}),
        )


@asynccontextmanager
async def house_on(amqp_url: str, redis_url: str) -> AsyncIterator[House]:
    async with AsyncExitStack() as closing:
        outside = await Outside.open(amqp_url)
        closing.push_async_callback(outside.close)
        await outside.start()
        store = RedisStore(redis_url, Keys(partitions=4), timeout=5.0)
        closing.push_async_callback(store.close)
        yield House(amqp_url, redis_url, outside, store)
