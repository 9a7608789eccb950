"""Resistor as it is installed: `resistor serve` and `resistor module run`, and events from outside."""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from uuid import uuid4

from redis.asyncio import Redis

from bench.flow.contender import DOCUMENT_BYTES
from bench.flow.stage import Process, Stage
from resistor.bus import AmqpBus, Names
from resistor.dev.child import free_port
from resistor.engine.run import RunStatus
from resistor.messages import Envelope
from resistor.ports import Publish
from resistor.store import keys
from resistor.store.keys import Keys

AT_ONCE = 500  # events in one call of publish
HERE = Path(__file__).parent


class Resistor:
    """One daemon and one module process."""

    name = "Resistor"

    def __init__(self, stage: Stage, environment: Mapping[str, str]) -> None:
        """Start both; `environment` has settings that differ from the defaults."""
        self._stage = stage
        self._url = stage.rabbitmq.new_vhost()
        self._log = Path(tempfile.mkdtemp(prefix="resistor-bench-")) / "log"
        settings = {
            "RESISTOR_AMQP_URL": self._url,
            "RESISTOR_REDIS_URL": stage.redis.url,
            "RESISTOR_DEFINITIONS": str(HERE / "definitions"),
            "RESISTOR_TOKEN_KEYS": "k1:a secret of the benchmark that is long enough",
            "RESISTOR_HTTP": f"127.0.0.1:{free_port()}",
            **environment,
        }
        run = (sys.executable, "-m", "resistor")
        self.daemon = Process("daemon", (*run, "serve"), log=self._log, environment=settings)
        module = (*run, "module", "run", f"{HERE / 'steps.py'}:bench")
        self.module = Process("module", module, log=self._log, environment=settings)
        self._redis = Redis.from_url(stage.redis.url)
        tags = [Keys().tag(partition) for partition in range(Keys().partitions)]
        self._ended = [keys.by_status(tag, RunStatus.COMPLETED) for tag in tags]
        self._bus = AmqpBus(self._url, Names(), client_name="benchmark")
        self._data = json.dumps({"pad": "x" * (DOCUMENT_BYTES - len('{"pad": ""}'))}).encode()

    @property
    def trees(self) -> Mapping[str, int]:
        """The daemon, the module, and the servers."""
        return {"daemon": self.daemon.pid, "module": self.module.pid, **self._stage.servers()}

    @property
    def drivers(self) -> Sequence[int]:
        """None: this process publishes."""
        return ()

    async def ready(self) -> None:
        """Wait until both consume."""
        await self._bus.start(timeout=30.0)
        for queue in ("resistor.events", "resistor.results", "resistor.module.bench"):
            async with asyncio.timeout(30.0):
                while (found := await self._bus.inspect(queue)) is None or not found.consumers:
                    self.daemon.require_running()
                    self.module.require_running()
                    await asyncio.sleep(0.05)

    async def begin(self, count: int) -> None:
        """Publish so many events."""
        for start in range(0, count, AT_ONCE):
            events = [self._event() for _ in range(min(AT_ONCE, count - start))]
            await self._bus.publish(events)

    def _event(self) -> Publish:
        envelope = Envelope(body=self._data, message_id=uuid4().hex)
        return Publish(exchange="resistor.events", routing_key="bench.flow", envelope=envelope)

    async def ended(self) -> int:
        """Return how many runs have completed."""
        pipe = self._redis.pipeline(transaction=False)
        for index in self._ended:
            pipe.zcard(index)
        return sum(await pipe.execute())

    async def close(self) -> None:
        """End everything."""
        await self._bus.close()
        await self._redis.aclose()
        await asyncio.to_thread(self.module.stop)
        await asyncio.to_thread(self.daemon.stop)
        shutil.rmtree(self._log.parent, ignore_errors=True)


async def resistor(stage: Stage, environment: Mapping[str, str] | None = None) -> Resistor:
    """Start it, and return when it consumes."""
    stage.clear()
    contender = await asyncio.to_thread(Resistor, stage, environment or {})
    try:
        await contender.ready()
    except BaseException:
        await contender.close()
        raise
    return contender
