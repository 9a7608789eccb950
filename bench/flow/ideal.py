"""The floor as a contender: floor.py's daemon and module, each a process."""

from __future__ import annotations

import asyncio
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from uuid import uuid4

from redis.asyncio import Redis

from bench.flow import floor
from bench.flow.contender import DOCUMENT_BYTES
from bench.flow.stage import Process, Stage

MOST_UNCONFIRMED = 1_000
PAD = "x" * (DOCUMENT_BYTES - 70)


class Ideal:
    """The ideal loop."""

    name = "ideal loop"

    def __init__(self, stage: Stage) -> None:
        """Start both processes."""
        self._stage = stage
        self._url = stage.rabbitmq.new_vhost()
        self._log = Path(tempfile.mkdtemp(prefix="resistor-bench-")) / "log"
        run = (sys.executable, "-m", "bench.flow.floor")
        urls = (self._url, stage.redis.url)
        self.daemon = Process("daemon", (*run, "daemon", *urls), log=self._log, environment={})
        self.module = Process("module", (*run, "module", self._url), log=self._log, environment={})
        self._redis = Redis.from_url(stage.redis.url)
        self._confirmed = 0

    @property
    def trees(self) -> Mapping[str, int]:
        """The daemon, the module, and the servers."""
        return {"daemon": self.daemon.pid, "module": self.module.pid, **self._stage.servers()}

    @property
    def drivers(self) -> Sequence[int]:
        """None: this process publishes."""
        return ()

    async def ready(self) -> None:
        """Connect; what is published before the others consume waits in its queue."""
        self._amqp = await floor.connect(self._url)
        self._amqp.on_confirm = self._confirm

    def _confirm(self, tag: int, multiple: bool) -> None:
        self._confirmed = max(self._confirmed, tag)

    async def begin(self, count: int) -> None:
        """Publish so many documents."""
        for number in range(count):
            self._amqp.publish(floor.EVENTS, floor.encode(floor.Document(uuid4().hex, 0, PAD)))
            if number % 100 == 99:
                await asyncio.sleep(0)
                while self._amqp.sent - self._confirmed > MOST_UNCONFIRMED:  # noqa: ASYNC110 - confirms come by callback
                    await asyncio.sleep(0.001)
        await asyncio.sleep(0)

    async def ended(self) -> int:
        """Return how many workflows have ended."""
        return int(await self._redis.get(floor.DONE) or 0)

    async def close(self) -> None:
        """End everything."""
        await self._redis.aclose()
        await asyncio.to_thread(self.module.stop)
        await asyncio.to_thread(self.daemon.stop)
        shutil.rmtree(self._log.parent, ignore_errors=True)


async def ideal(stage: Stage) -> Ideal:
    """Start it."""
    stage.clear()
    contender = await asyncio.to_thread(Ideal, stage)
    try:
        await contender.ready()
    except BaseException:
        await contender.close()
        raise
    return contender
