"""Pipelines of commands, packed and read by hiredis, over connections that redis-py has opened.

redis-py knows how to connect (TLS, users, databases, Unix sockets), and that stays its affair. Its packing,
in Python, and its reading, a coroutine a reply, were a third of the daemon's work; so from then on a
connection's transport is ours. One pipeline at a time on a connection, so that one which waits (WAIT) holds
up nobody else.

Called by connection.py. Must never try anything again: what a broken connection means is for those who asked.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import hiredis

from resistor.store.client import BlockingConnectionPool, exceptions
from resistor.store.scripts import Argument

_NOT_YET = object()
_KINDS = {
    "NOSCRIPT": exceptions.NoScriptError,
    "LOADING": exceptions.BusyLoadingError,
    "READONLY": exceptions.ReadOnlyError,
    "OOM": exceptions.OutOfMemoryError,
    "CLUSTERDOWN": exceptions.ClusterDownError,
    "NOAUTH": exceptions.AuthenticationError,
    "WRONGPASS": exceptions.AuthenticationError,
    "NOPERM": exceptions.NoPermissionError,
}


class Pipes:
    """The connections of one process to one Redis; a pipeline over the limit waits its turn."""

    def __init__(self, pool: BlockingConnectionPool, *, most: int, timeout: float) -> None:
        """Open connections as `pool` would, `most` at once; `timeout`, in seconds, is for a reply."""
        self._pool = pool
        self._timeout = timeout
        self._room = asyncio.Semaphore(most)
        self._idle: list[_Pipe] = []

    async def send(self, commands: Sequence[Sequence[Argument]]) -> list[Any]:
        """Send all commands and return their replies, errors among them.

        Raises redis-py's errors, and OSError, where the connection breaks: then some commands may have been
        executed.
        """
        if not commands:
            return []
        async with self._room:
            pipe = self._idle.pop() if self._idle else await self._open()
            try:
                replies = await pipe.send(commands, self._timeout)
            except BaseException:
                pipe.abort()
                raise
            self._idle.append(pipe)
            return replies

    def give_up_idle(self) -> None:
        """Close the connections that nobody uses."""
        idle, self._idle = self._idle, []
        for pipe in idle:
            pipe.abort()

    async def _open(self) -> _Pipe:
        connection: Any = self._pool.make_connection()  # type: ignore[no-untyped-call]
        await connection.connect()
        writer, connection._writer, connection._reader = connection._writer, None, None
        return _Pipe(writer, self._lost)

    def _lost(self, pipe: _Pipe) -> None:
        if pipe in self._idle:
            self._idle.remove(pipe)


class _Pipe(asyncio.Protocol):
    """One connection."""

    def __init__(self, writer: asyncio.StreamWriter, when_lost: Callable[[_Pipe], None]) -> None:
        self._writer = writer  # it closes the transport when it is forgotten
        self._transport = writer.transport
        self._when_lost = when_lost
        self._loop = asyncio.get_running_loop()
        self._reader = hiredis.Reader(
            protocolError=exceptions.InvalidResponse, replyError=_error, notEnoughData=_NOT_YET
        )
        self._replies: list[Any] = []
        self._wanted = 0
        self._waiting: asyncio.Future[None] | None = None
        self._transport.set_protocol(self)

    async def send(self, commands: Sequence[Sequence[Argument]], timeout: float) -> list[Any]:
        if self._transport.is_closing():
            raise exceptions.ConnectionError("the connection was closed")
        pack = hiredis.pack_command
        self._replies, self._wanted = [], len(commands)
        self._waiting = waiting = self._loop.create_future()
        self._watch = self._loop.call_later(timeout, self._overdue, timeout, 0)
        try:
            packed = [pack((*command,)) for command in commands]  # type: ignore[arg-type]  # a stub's slip
            self._transport.write(b"".join(packed))
            await waiting
        finally:
            self._watch.cancel()
            self._waiting = None
        return self._replies

    def data_received(self, data: bytes) -> None:
        reader, replies = self._reader, self._replies
        try:
            reader.feed(data)
            while (reply := reader.gets()) is not _NOT_YET:
                if not isinstance(reply, hiredis.PushNotification):
                    replies.append(reply)
        except exceptions.RedisError as error:
            self._fail(error)
            self.abort()
            return
        if len(replies) >= self._wanted and self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    def _overdue(self, timeout: float, before: int) -> None:
        """Give up where no reply has come since the last look."""
        count = len(self._replies)
        if count == before:
            self._fail(exceptions.TimeoutError(f"no reply within {timeout:g} s"))
        else:
            self._watch = self._loop.call_later(timeout, self._overdue, timeout, count)

    def connection_lost(self, error: Exception | None) -> None:
        self._fail(exceptions.ConnectionError(str(error) if error else "the connection was closed"))
        self._when_lost(self)

    def abort(self) -> None:
        self._transport.abort()

    def _fail(self, error: Exception) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(error)


def _error(text: str) -> Exception:
    code, _, message = text.partition(" ")
    kind: type[Exception] = _KINDS.get(code, exceptions.ResponseError)
    return kind(message if code == "ERR" else text)
