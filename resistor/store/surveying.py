"""Going through everything, page by page: `ports.Survey` on Redis, and what an audit looks at besides.

Called by the daemon after the store went back in time, and by `resistor doctor --audit`; never on a message's
way. Reads with SCAN, so that no other call waits for it: what is there all the while is found, what comes or
goes meanwhile may be.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any, NamedTuple

from resistor.engine.run import Run, RunStatus
from resistor.store import keys as names
from resistor.store.connection import Client, pipelined
from resistor.store.keys import Keys
from resistor.store.records import HEAD, named, run_from_fields

AT_ONCE = 500  # members or keys in one look
_OPEN = tuple(status for status in RunStatus if not status.is_final)


class Due(NamedTuple):
    """A run's entry in what is due: when to look at it, in seconds since the epoch."""

    run: str
    at: float


class Place(NamedTuple):
    """A run's place in a set of slots, or in a topic's listeners: the key, its member there, the run."""

    key: str
    member: str
    run: str


class RedisSurvey:
    """Pages of what one installation has."""

    def __init__(self, client: Client, keys: Keys) -> None:
        """Take the connection, and how keys are called."""
        self._client = client
        self._keys = keys

    async def open_runs(self) -> AsyncIterator[Sequence[Run]]:
        """Give every open run, without its parts."""
        for tag in self._tags():
            for status in _OPEN:
                async for page in self._members(names.by_status(tag, status)):
                    yield await self._heads([run_id for run_id, _ in page])

    async def slot_runs(self) -> AsyncIterator[Sequence[str]]:
        """Give every run that has a slot or waits for one."""
        async for page in self.slots():
            yield [place.run for place in page]

    async def dues(self) -> AsyncIterator[Sequence[Due]]:
        """Give every run that is to be looked at, with when."""
        for tag in self._tags():
            async for page in self._members(names.due(tag)):
                yield [Due(run_id, at / 1000) for run_id, at in page]

    async def slots(self) -> AsyncIterator[Sequence[Place]]:
        """Give every place in a set of slots: who has one, who waits for one, whose was taken away."""
        for kind in ("holders", "queue", "leaving"):
            async for key in self._keys_of(kind):
                async for page in self._members(key):
                    yield [Place(key, run_id, run_id) for run_id, _ in page]

    async def listeners(self) -> AsyncIterator[Sequence[Place]]:
        """Give everyone who listens."""
        async for key in self._keys_of("waiting"):
            async for page in self._members(key):
                yield [Place(key, member, member.partition(" ")[0]) for member, _ in page]

    async def due_of(self, run_ids: Sequence[str]) -> Sequence[float | None]:
        """Return when each of these runs is to be looked at."""
        commands = [("ZSCORE", names.due(self._keys.tag_of(run_id)), run_id) for run_id in run_ids]
        return [
            None if score is None else float(score) / 1000
            for score in await pipelined(self._client, commands)
        ]

    async def statuses(self, run_ids: Sequence[str]) -> Sequence[Run | None]:
        """Return these runs without their parts, None for those that there are not."""
        return await self._read(run_ids)

    async def remove(self, places: Sequence[Place]) -> None:
        """Take runs out of these places."""
        await pipelined(self._client, [("ZREM", place.key, place.member) for place in places])

    async def make_due(self, run_ids: Sequence[str]) -> None:
        """Have these runs looked at now."""
        await pipelined(
            self._client, [("ZADD", names.due(self._keys.tag_of(run_id)), 0, run_id) for run_id in run_ids]
        )

    # ---------------------------------------------------------------------------------------- inside

    def _tags(self) -> list[str]:
        return [self._keys.tag(partition) for partition in range(self._keys.partitions)]

    async def _heads(self, run_ids: Sequence[str]) -> list[Run]:
        return [run for run in await self._read(run_ids) if run is not None]

    async def _read(self, run_ids: Sequence[str]) -> list[Run | None]:
        commands = [("HMGET", names.run(self._keys.tag_of(run_id), run_id), *HEAD) for run_id in run_ids]
        replies = await pipelined(self._client, commands) if commands else []
        pairs = zip(run_ids, replies, strict=True)
        return [run_from_fields(run_id, named(HEAD, values)) for run_id, values in pairs]

    async def _members(self, key: str) -> AsyncIterator[list[tuple[str, float]]]:
        """Give the members of a sorted set with their scores."""
        cursor = "0"
        while True:
            [[position, flat]] = await pipelined(self._client, [("ZSCAN", key, cursor, "COUNT", AT_ONCE)])
            if flat:
                yield [(member.decode(), float(score)) for member, score in _pairs(flat)]
            cursor = _text(position)
            if cursor == "0":
                return

    async def _keys_of(self, kind: str) -> AsyncIterator[str]:
        # A prefix has no sign that means something in a pattern.
        pattern = f"{self._keys.prefix}:{{*}}:{kind}:*"
        cursor = "0"
        while True:
            command = ("SCAN", cursor, "MATCH", pattern, "COUNT", AT_ONCE)
            [[position, found]] = await pipelined(self._client, [command])
            for key in found:
                yield _text(key)
            cursor = _text(position)
            if cursor == "0":
                return


def _pairs(flat: Sequence[Any]) -> list[tuple[bytes, Any]]:
    """Read members and scores as RESP2 (flat) or RESP3 (pairs) gives them."""
    if isinstance(flat[0], list | tuple):
        return [(member, score) for member, score in flat]
    return list(zip(flat[0::2], flat[1::2], strict=True))


def _text(value: bytes | str | int) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
