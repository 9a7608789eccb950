"""Counts the workflows that have ended, in Redis, for about what a system call costs.

Called by every peer's last step. The server is told not to answer, so that nobody waits: what is measured is
the peer, not the count.
"""

from __future__ import annotations

import os
import socket
import threading
from urllib.parse import urlsplit

from bench.flow.peers.work.settings import REDIS_URL

ENDED = "bench:ended"

_connections: dict[int, socket.socket] = {}  # by process: a forked worker needs one of its own
_connecting = threading.Lock()


def count_one() -> None:
    """One more workflow has ended."""
    connection = _connections.get(os.getpid()) or _connect()
    connection.sendall(f"INCR {ENDED}\r\n".encode())


def _connect() -> socket.socket:
    with _connecting:
        found = _connections.get(os.getpid())
        if found is None:
            url = urlsplit(os.environ[REDIS_URL])
            found = socket.create_connection((str(url.hostname), url.port or 6379))
            found.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            found.sendall(b"CLIENT REPLY OFF\r\n")
            _connections[os.getpid()] = found
        return found
