"""A whole installation of real processes on private servers, each behind a proxy, kept running.

Two daemons and two modules have a slot each: whatever ends a process, another one takes its place.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from chaos.proxy import Proxy
from resistor.dev import valkey
from resistor.store import RedisStore
from tests.servers import RabbitMQ, RedisServer, find_rabbitmq

HERE = Path(__file__).parent
DAEMONS = 2
MODULES = 2


@dataclass
class Slot:
    """A process that is started again whenever it ends. `crash` arms the next one's crash point."""

    name: str
    arguments: tuple[str, ...]
    environment: dict[str, str]
    log: Path
    crash: str | None = None
    process: asyncio.subprocess.Process | None = None
    starts: int = 0
    exits: Counter[int] = field(default_factory=Counter)

    async def run(self) -> None:
        """Keep it running for ever."""
        while True:
            environment = {**os.environ, **self.environment}
            if self.crash is not None:
                environment["RESISTOR_CRASH"], self.crash = self.crash, None
            with self.log.open("ab") as log:
                self.process = await asyncio.create_subprocess_exec(
                    sys.executable, "-m", *self.arguments, env=environment, stdout=log, stderr=log
                )
            self.starts += 1
            code = await self.process.wait()
            self.exits[code] += 1
            await asyncio.sleep(0.05)

    def signal(self, number: signal.Signals) -> bool:
        """Send a signal; returns whether there was a process to take it."""
        if self.process is None or self.process.returncode is not None:
            return False
        self.process.send_signal(number)
        return True


@dataclass
class Site:
    """The installation. `rabbitmq_proxy` and `redis_proxy` are what the processes connect to."""

    directory: Path
    rabbitmq: RabbitMQ
    redis: RedisServer
    rabbitmq_proxy: Proxy
    redis_proxy: Proxy
    store: RedisStore
    daemons: list[Slot] = field(default_factory=list)
    modules: list[Slot] = field(default_factory=list)
    began_at: float = field(default_factory=time.time)

    @property
    def module_ledger(self) -> Path:
        """What the modules did."""
        return self.directory / "modules.jsonl"

    @property
    def event_ledger(self) -> Path:
        """Which events the broker has confirmed."""
        return self.directory / "events.jsonl"

    def environment(self) -> dict[str, str]:
        """What every process is told."""
        return {
            "RESISTOR_AMQP_URL": f"amqp://guest:guest@127.0.0.1:{self.rabbitmq_proxy.port}/",
            "RESISTOR_REDIS_URL": f"redis://127.0.0.1:{self.redis_proxy.port}/0",
            "RESISTOR_TOKEN_KEYS": "k1:a secret of the chaos that is long enough",
            "RESISTOR_DEFINITIONS": str(HERE / "definitions"),
            "RESISTOR_HTTP": "off",
            "RESISTOR_LOG_LEVEL": "warning",
            "RESISTOR_HEARTBEAT_SECONDS": "5",
            "RESISTOR_OUTBOX_GRACE_SECONDS": "3",
            "RESISTOR_LEASE_SECONDS": "5",
            "CHAOS_LEDGER": str(self.module_ledger),
            "PYTHONPATH": str(HERE.parent),
        }

    def prepare(self, *, without: str | None) -> None:
        """Make the slots. `without` names a mechanism that the daemons do not have."""
        serve = ("resistor", "serve") if without is None else ("chaos.without", without, "serve")
        run = ("resistor", "module", "run", f"{HERE / 'workload.py'}:work")
        for number in range(DAEMONS):
            self.daemons.append(self._slot(f"daemon-{number}", serve))
        for number in range(MODULES):
            self.modules.append(self._slot(f"module-{number}", run))

    async def declared(self) -> None:
        """Wait until the queues are there."""
        async with asyncio.timeout(60.0):
            while "resistor.module.work" not in self.rabbitmq.ctl("list_queues", "name"):  # noqa: ASYNC110
                await asyncio.sleep(0.5)  # it is another process's event

    def _slot(self, name: str, arguments: tuple[str, ...]) -> Slot:
        return Slot(name, arguments, self.environment(), self.directory / f"{name}.log")


@asynccontextmanager
async def installed(*, without: str | None = None) -> AsyncIterator[Site]:
    """Install, keep everything running, and end all of it. The ledgers stay until then."""
    async with AsyncExitStack() as closing:
        directory = Path(closing.enter_context(tempfile.TemporaryDirectory(prefix="resistor-chaos-")))
        rabbitmq, redis = RabbitMQ(find_rabbitmq()), RedisServer(valkey.find_binary())
        closing.callback(rabbitmq.close)
        closing.callback(redis.close)
        await asyncio.to_thread(rabbitmq.start)
        await asyncio.to_thread(redis.start)
        rabbitmq_proxy = await closing.enter_async_context(Proxy(rabbitmq.port))
        redis_proxy = await closing.enter_async_context(Proxy(redis.port))
        store = RedisStore(redis.url, timeout=30.0)
        closing.push_async_callback(store.close)
        site = Site(directory, rabbitmq, redis, rabbitmq_proxy, redis_proxy, store)
        site.prepare(without=without)
        keeping = [asyncio.create_task(slot.run()) for slot in (*site.daemons, *site.modules)]
        closing.push_async_callback(_end, site, keeping)
        yield site


async def _end(site: Site, keeping: list[asyncio.Task[None]]) -> None:
    for task in keeping:
        task.cancel()
    await asyncio.gather(*keeping, return_exceptions=True)
    for slot in (*site.daemons, *site.modules):
        slot.signal(signal.SIGCONT)
        slot.signal(signal.SIGKILL)
        if slot.process is not None:
            await slot.process.wait()
