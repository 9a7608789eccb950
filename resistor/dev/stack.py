"""Broker, store, daemon and modules in one process.

Wired as in production: the daemon and the modules reach broker and store by their URLs, through the same
clients, and nothing here is a shortcut between them.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from resistor.catalog import Catalog
from resistor.config import Settings
from resistor.daemon.main import Daemon
from resistor.dev.broker import Broker
from resistor.dev.child import free_port
from resistor.dev.valkey import Valkey
from resistor.sdk import Module
from resistor.sdk.runner import run_modules
from resistor.telemetry import Telemetry

PREFERRED_PORTS = {"amqp": 5673, "redis": 6380, "http": 8080}
"""What is taken if it is free, so that a command in the history of a shell works again: next to the
standard ports, never on them, where a server of the machine's own may be."""

LOOPBACK = "127.0.0.1"

DEV_KEYS = (("dev", b"known to everybody: for this machine only"),)
"""What signs tokens here. The same each time, so that kept data and its tokens go together."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to run. `data` is where Valkey keeps its data; None forgets it at the end."""

    settings: Settings
    catalog: Catalog
    modules: Sequence[Module] = ()
    data: Path | None = None


class Stack:
    """`async with Stack(plan) as stack:` and everything is up; at the end everything is down."""

    def __init__(self, plan: Plan) -> None:
        """Prepare; nothing runs yet."""
        self._plan = plan
        self._closing = AsyncExitStack()
        self.settings = plan.settings
        """The settings as they came to be: with the URLs of our own broker and store."""
        self.failed = asyncio.Event()
        """Set when the daemon or the modules ended by themselves."""

    async def __aenter__(self) -> Self:
        """Start all. Raises `ResistorError` where something cannot be had."""
        try:
            await self._start()
        except BaseException:
            await self._closing.aclose()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop all, in the reverse order."""
        await self._closing.aclose()

    async def _start(self) -> None:
        broker = Broker()
        is_first = await self._listen(broker)
        self._closing.push_async_callback(broker.stop)
        store = Valkey(self._plan.data, port("redis", is_first=is_first))
        await store.start()
        self._closing.push_async_callback(store.stop)
        http = port("http", is_first=is_first)
        self.settings = self._settings(broker.url, store.url, http)
        await self._start_daemon()
        if self._plan.modules:
            await self._start_modules()

    async def _listen(self, broker: Broker) -> bool:
        """Let the broker listen; returns whether it got the preferred port: then the others are ours too."""
        try:
            await broker.start(LOOPBACK, PREFERRED_PORTS["amqp"])
        except OSError:
            await broker.start(LOOPBACK, free_port())
            return False
        return True

    def _settings(self, amqp_url: str, redis_url: str, http_port: int) -> Settings:
        given = self._plan.settings
        http = given.http
        if "http.bind" not in given.sources and http.bind != "off":
            http = http.model_copy(update={"bind": f"{LOOPBACK}:{http_port}"})
        return given.model_copy(
            update={
                "broker": given.broker.model_copy(update={"url": amqp_url}),
                "store": given.store.model_copy(update={"url": redis_url}),
                "http": http,
                "tokens": given.tokens.model_copy(update={"keys": given.tokens.keys or DEV_KEYS}),
            }
        )

    async def _start_daemon(self) -> None:
        daemon = Daemon(self.settings, self._plan.catalog, Telemetry())
        stopping, ready = asyncio.Event(), asyncio.Event()
        task = asyncio.create_task(daemon.run(stopping, on_ready=ready.set), name="daemon")
        self._own(task, stopping)
        waiting = asyncio.create_task(ready.wait())
        await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        if task.done():
            await task

    async def _start_modules(self) -> None:
        stopping = asyncio.Event()
        broker = self.settings.broker
        running = run_modules(
            self._plan.modules,
            amqp_url=broker.url,
            prefix=broker.prefix,
            stopping=stopping,
            delivery_limit=broker.module_delivery_limit,
            users=broker.module_users,
            client=broker.client,
        )
        self._own(asyncio.create_task(running, name="modules"), stopping)

    def _own(self, task: asyncio.Task[None], stopping: asyncio.Event) -> None:
        """See to it that `task` is stopped and awaited at the end, and that its failure is noticed."""

        async def end() -> None:
            stopping.set()
            await task

        task.add_done_callback(lambda _: None if stopping.is_set() else self.failed.set())
        self._closing.push_async_callback(end)


def port(name: str, *, is_first: bool) -> int:
    """Return the preferred port of `name` if nobody has it, else one that is free.

    Only for the stack that has the broker's (`is_first`): two that start together would both find the others
    free, and then one's store would be the other's.
    """
    preferred = PREFERRED_PORTS[name]
    if not is_first:
        return free_port()
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, preferred))
        except OSError:
            return free_port()
    return preferred
