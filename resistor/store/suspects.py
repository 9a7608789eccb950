"""Messages that a daemon may have died of: `ports.Suspects` on Redis.

A set for each message, of the attempts at it: adding the same one twice, because Redis was away in between,
counts once. Called by the daemon, and only for messages that were delivered several times before.
"""

from __future__ import annotations

from collections.abc import Sequence

from resistor.store.connection import Client, pipelined
from resistor.store.keys import Keys

REMEMBERED_SECONDS = 86400
"""From the last attempt on: a daemon that dies again and again is not started less often than that."""


class RedisSuspects:
    """The suspects of one installation."""

    def __init__(self, client: Client, keys: Keys) -> None:
        """Take the connection, and how keys are called."""
        self._client = client
        self._keys = keys

    async def begun(self, fingerprints: Sequence[str]) -> Sequence[int]:
        """Return how often each was begun since it was finished last."""
        commands = [("SCARD", self._keys.begun(each)) for each in fingerprints]
        return [int(count) for count in await pipelined(self._client, commands)]

    async def begin(self, fingerprint: str, attempt: str) -> int:
        """Note that `attempt` begins; returns how often it was begun by now, this time included."""
        key = self._keys.begun(fingerprint)
        replies = await pipelined(
            self._client, [("SADD", key, attempt), ("EXPIRE", key, REMEMBERED_SECONDS), ("SCARD", key)]
        )
        return int(replies[-1])

    async def finish(self, fingerprint: str) -> None:
        """Forget all of it."""
        await pipelined(self._client, [("DEL", self._keys.begun(fingerprint))])
