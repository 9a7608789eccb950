"""The connection to Redis, with every default that matters said out loud.

redis-py retries on its own and then a script may run twice; here nothing is retried behind anybody's
back: what cannot be done raises `StoreUnreachable`, and the caller knows what may be repeated.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, TypeVar

from resistor.errors import OperatorMistake, StoreUnreachable
from resistor.store.client import BlockingConnectionPool, NoBackoff, Redis, Retry, exceptions
from resistor.store.pipes import Pipes
from resistor.store.scripts import ALL, Argument

MAX_CONNECTIONS = 20  # batches, the sweeper and readers; a call over that waits its turn
MOST_LOADS = 5  # of the scripts, for one batch
Result = TypeVar("Result")

_NOT_NOW = (
    "MISCONF",  # it cannot save: a full disk
    "NOREPLICAS",  # fewer than min-replicas-to-write
    "BUSY",  # a script of somebody's runs too long
    "MASTERDOWN",
    "TRYAGAIN",
    "NOAUTH",  # credentials that were changed: waited for, because messages are in hand
    "WRONGPASS",
    "NOPERM",
    "WAIT",  # WAIT and WAITAOF, where it has just become a replica or lost its append-only file
)
_AWAY = (
    exceptions.ConnectionError,  # refused, reset, closed
    exceptions.TimeoutError,
    exceptions.BusyLoadingError,
    exceptions.ReadOnlyError,  # a replica, or a primary that was demoted
    exceptions.OutOfMemoryError,
    exceptions.ClusterDownError,
    exceptions.AuthenticationError,
    exceptions.NoPermissionError,
    OSError,
)


class Client(Redis):
    """redis-py's client, with a faster way for pipelines."""

    def __init__(self, pool: BlockingConnectionPool, *, timeout: float) -> None:
        """Take where connections come from; `timeout`, in seconds, is for a reply."""
        super().__init__(connection_pool=pool)
        self.pipes = Pipes(pool, most=MAX_CONNECTIONS, timeout=timeout)

    async def give_up_idle(self) -> None:
        """Close the connections that nobody uses now, those of single commands too."""
        self.pipes.give_up_idle()
        await self.connection_pool.disconnect(inuse_connections=False)

    async def aclose(self, close_connection_pool: bool | None = None) -> None:
        """Close every connection that nobody uses now. Idempotent."""
        self.pipes.give_up_idle()
        await super().aclose(close_connection_pool)


def connect(url: str, *, timeout: float) -> Client:
    """Return a client for `url`; nothing is sent yet. `timeout`, in seconds, is for each reply.

    Raises `OperatorMistake` where the URL cannot be read.
    """
    try:
        pool = BlockingConnectionPool.from_url(
            url,
            max_connections=MAX_CONNECTIONS,
            timeout=timeout,
            socket_timeout=timeout,
            socket_connect_timeout=timeout,
            retry=Retry(NoBackoff(), 0),
            health_check_interval=0,
            decode_responses=False,
            protocol=3,
        )
    except ValueError as error:
        raise OperatorMistake(f"the Redis URL cannot be read: {error}") from None
    return Client(pool, timeout=timeout)


async def asked(call: Callable[[], Awaitable[Result]]) -> Result:
    """Await a call to Redis. Raises `StoreUnreachable` where Redis is away or cannot write now."""
    try:
        return await call()
    except (*_AWAY, exceptions.ResponseError) as error:
        if not is_away(error):
            raise
        raise StoreUnreachable(f"Redis cannot be reached: {error}") from error


def is_away(error: BaseException) -> bool:
    """Whether Redis is away, or cannot do now what it may do later: nobody's message is to blame."""
    return isinstance(error, _AWAY) or (
        isinstance(error, exceptions.ResponseError) and str(error).startswith(_NOT_NOW)
    )


async def pipelined(client: Client, commands: Sequence[Sequence[Argument]], *, last: int = 0) -> list[Any]:
    """Send all commands in one round trip and return their replies.

    Scripts that Redis does not know (it was restarted or flushed) are loaded, and only their calls are
    sent again, with the `last` commands, which must come behind all others. Raises `StoreUnreachable`; some
    commands may have been executed then.
    """
    try:
        replies = await asked(lambda: _send(client, commands))
    except StoreUnreachable:
        # One connection broke, so the idle ones are likely broken too: better to learn that once.
        await client.give_up_idle()
        raise
    for _ in range(MOST_LOADS):  # somebody may flush them again in between
        unknown = [n for n, reply in enumerate(replies) if isinstance(reply, exceptions.NoScriptError)]
        if not unknown:
            break
        await asked(lambda: _send(client, [("SCRIPT", "LOAD", script.text) for script in ALL]))
        unknown += range(len(commands) - last, len(commands))
        again = await asked(partial(_send, client, [commands[n] for n in unknown]))
        for position, reply in zip(unknown, again, strict=True):
            replies[position] = reply
    for reply in replies:
        if isinstance(reply, Exception) and is_away(reply):
            raise StoreUnreachable(f"Redis cannot do it now: {reply}") from reply
        if isinstance(reply, Exception):
            raise reply
    return replies


async def _send(client: Client, commands: Sequence[Sequence[Argument]]) -> list[Any]:
    return await client.pipes.send(commands)
