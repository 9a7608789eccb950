"""The broker itself: listening on loopback, stopping, and looking in without a network.

Used by `resistor dev` and by tests.
"""

from __future__ import annotations

import asyncio
import ipaddress

from resistor.dev.broker.connection import Connection
from resistor.dev.broker.topology import Topology

_GOODBYE_S = 1.0  # how long `stop` waits for clients to answer before it drops them


class Broker:
    """An AMQP broker in this process. `async with Broker() as broker: broker.url`.

    Its queues live as long as it runs: a stopped and started broker is a new one.
    """

    def __init__(self) -> None:
        """Prepare; nothing listens before `start`."""
        self._host = "127.0.0.1"
        self._port = 0
        self._server: asyncio.Server | None = None
        self._topology = Topology()
        self._connections: set[Connection] = set()

    @property
    def port(self) -> int:
        """The port it listens on; 0 before `start`."""
        return self._port

    @property
    def url(self) -> str:
        """The AMQP URL for clients; valid after `start`."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"amqp://guest:guest@{host}:{self._port}/"

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Listen; `port` 0 takes a free one. Idempotent.

        Raises ValueError for a host that is not loopback, OSError when the port is taken.
        """
        _check_loopback(host)
        if self._server is not None:
            return
        loop = asyncio.get_running_loop()
        self._topology = Topology()
        topology, connections = self._topology, self._connections
        self._server = await loop.create_server(lambda: Connection(topology, connections), host, port)
        self._host, self._port = host, self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Close every connection in order and forget all queues. Idempotent."""
        server, self._server = self._server, None
        if server is None:
            return
        server.close()
        for connection in list(self._connections):
            connection.say_goodbye()
        await self._wait_for_connections()
        for connection in list(self._connections):
            connection.abort()
        await self._wait_for_connections()
        await server.wait_closed()
        self._topology.close()

    async def __aenter__(self) -> Broker:
        """Start on a free port of 127.0.0.1."""
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop."""
        await self.stop()

    def queue_depth(self, name: str) -> int:
        """Tell how many messages are ready in a queue. Raises KeyError when there is no such queue."""
        return self._topology.depths()[name][0]

    def queue_unacked(self, name: str) -> int:
        """Tell how many messages of a queue wait for their acknowledgement. Raises KeyError likewise."""
        return self._topology.depths()[name][1]

    def queue_names(self) -> list[str]:
        """Give the names of all queues, sorted."""
        return sorted(self._topology.depths())

    def drop_connections(self) -> None:
        """Cut every client off without a word, as a broken network would."""
        for connection in list(self._connections):
            connection.abort()

    async def _wait_for_connections(self) -> None:
        if futures := [connection.closed for connection in self._connections]:
            await asyncio.wait(futures, timeout=_GOODBYE_S)


def _check_loopback(host: str) -> None:
    try:
        loopback = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = False
    if not loopback:
        raise ValueError(f"the dev broker listens on loopback only, not on {host!r}")
