"""`ports.Store` on Redis: every call is one round trip for its whole batch."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from resistor.engine.facts import Fact
from resistor.engine.run import Reads, Run
from resistor.ports import Change, Loaded, Published, Released
from resistor.store import keys as names
from resistor.store.catalogue import RedisCatalogue
from resistor.store.connection import asked, connect, pipelined
from resistor.store.forgetting import forget_expired
from resistor.store.gates import RedisGates
from resistor.store.health import StoreHealth, examine
from resistor.store.keys import Keys
from resistor.store.loading import load
from resistor.store.pauses import RedisPauses
from resistor.store.reading import RunFilter, list_runs, read_history, scored
from resistor.store.schedules import RedisSchedules
from resistor.store.scripts import CLAIM_DUE, PUBLISHED, RELEASE, Argument
from resistor.store.slots import RedisSlots
from resistor.store.surveying import RedisSurvey
from resistor.store.suspects import RedisSuspects
from resistor.store.topics import RedisTopics
from resistor.store.watermark import Durability, RedisWatermark
from resistor.store.writing import commit_command

NOT_WAITED_FOR = Durability()


class RedisStore:
    """Everything in one Redis. Safe to share between tasks; nothing is sent before the first call."""

    def __init__(
        self,
        url: str,
        keys: Keys | None = None,
        *,
        timeout: float = 2.0,
        durability: Durability = NOT_WAITED_FOR,
    ) -> None:
        """Take a `redis://` or `rediss://` URL; `timeout`, in seconds, is for each round trip."""
        self._client = connect(url, timeout=timeout)
        self._keys = keys or Keys()
        self.watermark = RedisWatermark(self._client, self._keys, durability)
        self.topics = RedisTopics(self._client, self._keys, self.watermark)
        self.slots = RedisSlots(self._client, self._keys)
        self.gates = RedisGates(self._client, self._keys)
        self.pauses = RedisPauses(self._client, self._keys)
        self.schedules = RedisSchedules(self._client, self._keys)
        self.survey = RedisSurvey(self._client, self._keys)
        self.catalogue = RedisCatalogue(self._client, self._keys)
        self.suspects = RedisSuspects(self._client, self._keys)

    async def close(self) -> None:
        """Close the connections. Idempotent."""
        await self._client.aclose()
        await self._client.connection_pool.disconnect()

    async def remove_all(self) -> None:
        """Drop every key of the prefix. Only for an installation that was made for a test."""
        async for key in self._client.scan_iter(match=f"{self._keys.prefix}:*", count=1_000):
            await self._client.unlink(key)

    # ---------------------------------------------------------------------------- the daemon's side

    async def load(self, wanted: Sequence[tuple[str, Reads]]) -> Loaded:
        """Read these runs, or the named parts of them."""
        return await load(self._client, self._keys, wanted)

    async def commit(self, changes: Sequence[Change]) -> Sequence[bool]:
        """Write each change whole, or not at all where its run is at another revision.

        Without changes it still waits for what writes are to wait for: what this batch has read, and will let
        out, may have been written by somebody who waited in vain.
        """
        if not changes and not self.watermark.durability.waits:
            return []
        replies = await self.watermark.guarded([commit_command(self._keys, change) for change in changes])
        return [revision != 0 for revision in replies]

    async def published(self, confirmed: Sequence[Published]) -> None:
        """Take confirmed outgoing messages out of the outbox."""
        await pipelined(self._client, [self._published(each) for each in confirmed])

    async def claim_due(self, *, limit: int, lease: float) -> Sequence[str]:
        """Return due runs of every partition, `limit` at most of each, and lease them."""
        tags = [self._keys.tag(partition) for partition in range(self._keys.partitions)]
        commands = [CLAIM_DUE.call([names.due(tag)], [limit, lease]) for tag in tags]
        replies = await pipelined(self._client, commands)
        return [run_id.decode() for ids in replies for run_id in ids]

    async def next_due_in(self) -> float | None:
        """Return in how many seconds the next run is due, of every partition; None where none ever is."""
        tags = [self._keys.tag(partition) for partition in range(self._keys.partitions)]
        firsts = [("ZRANGE", names.due(tag), 0, 0, "WITHSCORES") for tag in tags]
        (seconds, microseconds), *replies = await pipelined(self._client, [("TIME",), *firsts])
        scores = [at for reply in replies for _, at in scored(reply)]
        now = int(seconds) + int(microseconds) / 1_000_000
        return max(min(scores) / 1000 - now, 0.0) if scores else None

    async def release(self, released: Sequence[Released]) -> None:
        """Say when claimed runs that were left as they are are due again; drop what is no run."""
        await pipelined(self._client, [self._release(each) for each in released])

    async def forget_expired(self) -> int:
        """Drop the finished runs whose time to be kept is over; returns how many."""
        return await forget_expired(self._client, self._keys)

    async def generated_token_secret(self, known: bytes | None = None) -> bytes:
        """Return the signing secret that this installation shares, made by whoever asks first.

        `known` is what it was before the store lost it.
        """
        [_, secret] = await pipelined(
            self._client,
            [
                ("SET", self._keys.token_key, known or secrets.token_hex(32), "NX"),
                ("GET", self._keys.token_key),
            ],
        )
        return bytes(secret)

    # -------------------------------------------------------------------------------- people's side

    async def history(self, run_id: str, *, start: int = 0) -> list[Fact]:
        """Return a run's facts from position `start` on."""
        return await read_history(self._client, self._keys, run_id, start=start)

    async def list_runs(self, wanted: RunFilter) -> list[Run]:
        """Return runs, the latest first, without steps and payloads."""
        return await list_runs(self._client, self._keys, wanted)

    async def ping(self) -> None:
        """Return if Redis answers. Raises `StoreUnreachable`."""
        await asked(self._client.ping)

    async def health(self) -> StoreHealth:
        """Return what an operator should know about this Redis."""
        return await examine(self._client, self.watermark.durability)

    # -------------------------------------------------------------------------------------- commands

    def _published(self, each: Published) -> tuple[Argument, ...]:
        return PUBLISHED.call(self._run_keys(each.run), [*_when(each), *each.names])

    def _release(self, each: Released) -> tuple[Argument, ...]:
        return RELEASE.call(self._run_keys(each.run), [*_when(each), each.looked_at])

    def _run_keys(self, run_id: str) -> list[str]:
        """Return the keys that say when a run is looked at (look_again.lua)."""
        tag = self._keys.tag_of(run_id)
        return [names.run(tag, run_id), names.outbox(tag, run_id), names.timers(tag, run_id), names.due(tag)]


def _when(each: Published | Released) -> tuple[Argument, ...]:
    """Return which run it is, and when to look at it again."""
    return (each.run, each.revision, each.due_at, each.unconfirmed_due_at, int(each.is_final))
