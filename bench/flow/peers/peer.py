"""What the peers share: processes in the peers' environment, one that begins workflows, a count, and an end.

Called by the contenders beside this file, by way of `set_up`, which leaves nothing behind where it fails.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path

from redis.asyncio import Redis

from bench.flow.peers import tools
from bench.flow.peers.work.counting import ENDED
from bench.flow.peers.work.driving import OK
from bench.flow.peers.work.settings import AMQP_URL, KEEPS_RESULTS, REDIS_URL
from bench.flow.stage import Process, Stage

READY_SECONDS = 60.0
WORK = "bench.flow.peers.work"


class Peer:
    """Some other system, with a folder of its own."""

    def __init__(self, stage: Stage, name: str, python: Path) -> None:
        """Begin without any process; `python` has the peers' packages."""
        self.name = name
        self.stage = stage
        self.python = str(python)
        self.folder = Path(tempfile.mkdtemp(prefix="resistor-bench-"))
        self.environment = {REDIS_URL: stage.redis.url, "PYTHONUNBUFFERED": "1"}
        self._processes: list[Process] = []
        self._trees: dict[str, int] = {}
        self._driver: Driver | None = None
        self._drivers: list[int] = []
        self._redis = Redis.from_url(stage.redis.url)

    @property
    def trees(self) -> Mapping[str, int]:
        """What works for it."""
        return self._trees

    @property
    def drivers(self) -> Sequence[int]:
        """What only begins workflows."""
        return self._drivers

    async def use_rabbitmq(self, *, keeps_results: bool) -> None:
        """Work on a virtual host of its own, and on Redis where it keeps results; both are its cost."""
        self.environment[AMQP_URL] = await asyncio.to_thread(self.stage.rabbitmq.new_vhost)
        servers = self.stage.servers()
        self._trees["RabbitMQ"] = servers["RabbitMQ"]
        if keeps_results:
            self.environment[KEEPS_RESULTS] = "yes"
            self._trees["Redis"] = servers["Redis"]

    def work(self, name: str, *command: str, environment: Mapping[str, str] | None = None) -> Process:
        """Start a process that works for it."""
        process = self._start(name, command, environment or {}, talks=False)
        self._trees[name] = process.pid
        return process

    async def drive(self, module: str, *words: str, works_as: str = "") -> None:
        """Start what begins workflows, a module of `work`, and wait until it is ready.

        `works_as` is its name where it does the work, too.
        """
        command = (self.python, "-m", f"{WORK}.{module}", *words)
        process = self._start(works_as or "driver", command, {}, talks=True)
        if works_as:
            self._trees[works_as] = process.pid
        else:
            self._drivers.append(process.pid)
        self._driver = await Driver.of(process)

    def _start(
        self, name: str, command: Sequence[str], environment: Mapping[str, str], *, talks: bool
    ) -> Process:
        settings = {**self.environment, **environment}
        log = self.folder / f"{name.replace(' ', '-')}.log"
        process = Process(name, command, log=log, environment=settings, talks=talks)
        self._processes.append(process)
        return process

    def require_running(self) -> None:
        """Raise `RuntimeError` where a process has ended."""
        for process in self._processes:
            process.require_running()

    async def begin(self, count: int) -> None:
        """Let the driver begin so many."""
        if self._driver is None:
            raise RuntimeError(f"{self.name} has no driver")
        await self._driver.begin(count)

    async def ended(self) -> int:
        """Return how many have ended."""
        self.require_running()
        return int(await self._redis.get(ENDED) or 0)

    async def close(self) -> None:
        """End all processes, the last one first, and remove the folder."""
        await self._redis.aclose()
        if self._driver is not None:
            self._driver.close()
        for process in reversed(self._processes):
            await asyncio.to_thread(process.stop)
        shutil.rmtree(self.folder, ignore_errors=True)


class Driver:
    """Our end of work/driving.py."""

    def __init__(
        self, process: Process, answers: asyncio.StreamReader, transport: asyncio.ReadTransport
    ) -> None:
        """Take the process, and what reads from it."""
        self._process = process
        self._orders = process.pipes[0]
        self._answers = answers
        self._transport = transport

    @classmethod
    async def of(cls, process: Process) -> Driver:
        """Return the driver in a process that has just started, when it is ready."""
        answers = asyncio.StreamReader()
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(answers), process.pipes[1]
        )
        driver = cls(process, answers, transport)
        async with asyncio.timeout(READY_SECONDS):
            await driver._ok()
        return driver

    async def begin(self, count: int) -> None:
        """Begin so many, and return when the system has them."""
        self._orders.write(f"{count}\n".encode())
        await self._ok()

    def close(self) -> None:
        """Let it end: there is no more to begin."""
        self._orders.close()
        self._transport.close()

    async def _ok(self) -> None:
        if await self._answers.readline() != OK:
            await asyncio.sleep(0.2)
            self._process.require_running()
            raise RuntimeError(f"{self._process.name} did not answer as agreed")


async def set_up(stage: Stage, name: str, build: Callable[[Peer], Awaitable[None]]) -> Peer:
    """Return a new peer when `build` has started what it needs."""
    stage.clear()
    peer = Peer(stage, name, await asyncio.to_thread(tools.python))
    try:
        await build(peer)
    except BaseException:
        await peer.close()
        raise
    return peer
