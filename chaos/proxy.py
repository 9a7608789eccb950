"""A TCP proxy in front of a server, which can misbehave as networks do. No root, no firewall.

pass        bytes go through
swallow     connections stay open and nothing arrives, in both directions
one way     nothing comes back
slow        every piece is a fifth of a second late
trickle     one to seven bytes at a time
refuse      new connections are closed at once
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Iterator
from typing import Literal, Self

Mode = Literal["pass", "swallow", "one way", "slow", "trickle", "refuse"]

PIECE_BYTES = 65_536
SLOW_SECONDS = 0.2


class Proxy:
    """Listens on a port of its own, and connects to `port` on this machine."""

    def __init__(self, port: int) -> None:
        """Take the server's port."""
        self._target = port
        self.mode: Mode = "pass"
        self._open: set[asyncio.StreamWriter] = set()
        self._moved = asyncio.Event()

    async def __aenter__(self) -> Self:
        """Begin to listen."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close everything."""
        self._server.close()
        self.reset()

    def set(self, mode: Mode) -> None:
        """Behave so from now on."""
        self.mode = mode
        self._moved.set()
        self._moved = asyncio.Event()

    def reset(self) -> None:
        """Break every connection, without a word."""
        for writer in list(self._open):
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.mode == "refuse":
            writer.transport.abort()
            return
        try:
            there, back = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            writer.transport.abort()
            return
        self._open |= {writer, back}
        try:
            await asyncio.gather(
                self._copy(reader, back, is_answer=False), self._copy(there, writer, is_answer=True)
            )
        finally:
            self._open -= {writer, back}
            for each in (writer, back):
                each.transport.abort()

    async def _copy(
        self, source: asyncio.StreamReader, target: asyncio.StreamWriter, *, is_answer: bool
    ) -> None:
        with contextlib.suppress(OSError):
            while piece := await source.read(PIECE_BYTES):
                if self.mode == "slow":
                    await asyncio.sleep(SLOW_SECONDS)
                while self.mode == "swallow" or (self.mode == "one way" and is_answer):
                    await self._moved.wait()
                for part in _trickling(piece) if self.mode == "trickle" else (piece,):
                    target.write(part)
                    await target.drain()
        target.transport.abort()


def _trickling(piece: bytes) -> Iterator[bytes]:
    position = 0
    while position < len(piece):
        end = position + random.randint(1, 7)
        yield piece[position:end]
        position = end
