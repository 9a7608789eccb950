"""Resistor as it is installed: `resistor serve` and `resistor module run`, and events from outside.

A contender of bench/flow, and what bench/growth measures.
"""

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
from resistor.ports import Outcome, Publish
from resistor.store import keys
from resistor.store.keys import Keys

AT_ONCE = 500  # events in one call of publish
POLL_SECONDS = 0.02
READY_SECONDS = 30.0
HERE = Path(__file__).parent
DEFINITIONS = (HERE / "definitions",)
DOCUMENT = json.dumps({"pad": "x" * (DOCUMENT_BYTES - len('{"pad": ""}'))}).encode()


class Resistor:
    """One daemon and one module process."""

    name = "Resistor"

    def __init__(
        self, stage: Stage, environment: Mapping[str, str], definitions: Sequence[Path] = DEFINITIONS
    ) -> None:
        """Prepare; nothing runs yet. `environment` has settings that differ from the defaults."""
        self._stage = stage
        url = stage.rabbitmq.new_vhost()
        self._log = Path(tempfile.mkdtemp(prefix="resistor-bench-")) / "log"
        self._settings = {
            "RESISTOR_AMQP_URL": url,
            "RESISTOR_REDIS_URL": stage.redis.url,
            "RESISTOR_DEFINITIONS": ":".join(map(str, definitions)),
            "RESISTOR_TOKEN_KEYS": "k1:a secret of the benchmark that is long enough",
            "RESISTOR_HTTP": f"127.0.0.1:{free_port()}",
            "PYTHONDONTWRITEBYTECODE": "",  # what is installed is not compiled at each start
            **environment,
        }
        self._processes: dict[str, Process] = {}
        self._tags = [Keys().tag(partition) for partition in range(Keys().partitions)]
        self._bus = AmqpBus(url, Names(), client_name="benchmark")
        self.redis = Redis.from_url(stage.redis.url)

    @property
    def trees(self) -> Mapping[str, int]:
        """The daemon, the module, and the servers."""
        own = {name: process.pid for name, process in self._processes.items()}
        return {**own, **self._stage.servers()}

    @property
    def drivers(self) -> Sequence[int]:
        """None: this process publishes."""
        return ()

    async def connect(self) -> None:
        """Reach the broker, to publish and to ask it."""
        await self._bus.start(timeout=READY_SECONDS)

    async def serve(self) -> None:
        """Start the daemon, and return when it consumes."""
        await self._start("daemon", "serve")
        await self._consumed("daemon", "resistor.events", "resistor.results")

    async def work(self) -> None:
        """Start the module, and return when it consumes."""
        await self._start("module", "module", "run", f"{HERE / 'steps.py'}:bench")
        await self._consumed("module", "resistor.module.bench")

    async def stop(self, name: str) -> None:
        """End one of the two, in order, and return when the broker knows."""
        await asyncio.to_thread(self._processes.pop(name).stop)

    async def _start(self, name: str, *words: str) -> None:
        command = (sys.executable, "-m", "resistor", *words)
        self._processes[name] = await asyncio.to_thread(
            Process, name, command, log=self._log, environment=self._settings
        )

    async def _consumed(self, name: str, *queues: str) -> None:
        for queue in queues:
            async with asyncio.timeout(READY_SECONDS):
                while (found := await self._bus.inspect(queue)) is None or not found.consumers:
                    self._processes[name].require_running()
                    await asyncio.sleep(POLL_SECONDS)

    async def begin(self, count: int) -> None:
        """Publish so many events."""
        await self.publish("flow", DOCUMENT, count)

    async def publish(self, event: str, data: bytes, count: int) -> None:
        """Publish an event so many times. Raises `RuntimeError` where the broker has not taken one."""
        for start in range(0, count, AT_ONCE):
            events = [_event(event, data) for _ in range(min(AT_ONCE, count - start))]
            for outcome in await self._bus.publish(events):
                if outcome is not Outcome.CONFIRMED:
                    raise RuntimeError(f"an event was not taken: {outcome}")

    async def ended(self) -> int:
        """Return how many runs have completed."""
        return await self.count(RunStatus.COMPLETED)

    async def count(self, status: RunStatus) -> int:
        """Return how many runs are there of a status. Raises `RuntimeError` where a process has ended."""
        for process in self._processes.values():
            process.require_running()
        pipe = self.redis.pipeline(transaction=False)
        for tag in self._tags:
            pipe.zcard(keys.by_status(tag, status))
        return sum(await pipe.execute())

    def last_words(self) -> str:
        """Return the end of what both have logged."""
        return next((process.last_words() for process in self._processes.values()), "nothing runs")

    async def close(self) -> None:
        """End everything."""
        await self._bus.close()
        await self.redis.aclose()
        for name in ("module", "daemon"):
            if name in self._processes:
                await self.stop(name)
        shutil.rmtree(self._log.parent, ignore_errors=True)


async def resistor(
    stage: Stage, environment: Mapping[str, str] | None = None, definitions: Sequence[Path] = DEFINITIONS
) -> Resistor:
    """Start it, and return when it consumes."""
    stage.clear()
    contender = await asyncio.to_thread(Resistor, stage, environment or {}, definitions)
    try:
        await contender.connect()
        await asyncio.gather(contender.serve(), contender.work())
    except BaseException:
        await contender.close()
        raise
    return contender


def _event(name: str, data: bytes) -> Publish:
    envelope = Envelope(body=data, message_id=uuid4().hex)
    return Publish(exchange="resistor.events", routing_key=f"bench.{name}", envelope=envelope)
