"""Two stores that are told the same: the real one, and the one in memory that must say what it says.

Time passes only when a test says so, for both. The scripts read a key where they would ask the server for the
time, and what has a TTL in Redis comes nearer to its end by what has passed: nothing waits, and what falls
due to the microsecond is compared like anything else.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from hashlib import sha1
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from resistor.store import RedisStore, connection, pauses
from resistor.store import keys as names
from resistor.store.client import Redis
from resistor.store.reading import scored
from resistor.store.scripts import ALL, Argument
from resistor.store.topics import RedisTopics
from resistor.testing.store import MemoryStore
from tests.contract.store.samples import KEYS

BEGINNING = 1_700_000_000.25  # parts of a second must not matter
PAGE = 2  # waiters in one answer
_CLOCK = "clock"  # the key that has the time
_ASK = ("HMGET", _CLOCK, "seconds", "microseconds")
_ADVANCE = """
redis.call('HSET', 'clock', 'seconds', ARGV[1], 'microseconds', ARGV[2])
for _, key in ipairs(redis.call('KEYS', '*')) do
  local left = redis.call('PTTL', key)
  if left >= 0 then
    -- Both TTLs and steps are whole seconds, so a fraction is what really passed.
    redis.call('EXPIRE', key, math.ceil(left / 1000) - ARGV[3])
  end
end
"""


class Step(msgspec.Struct, frozen=True):
    """A call that both are to answer alike: `actor` is a store's attribute, empty for the store itself."""

    actor: str
    name: str
    arguments: tuple[Any, ...] = ()
    options: dict[str, Any] = {}

    async def __call__(self, store: Any) -> Any:
        """Call it."""
        actor = getattr(store, self.actor) if self.actor else store
        return await getattr(actor, self.name)(*self.arguments, **self.options)


class Pass(msgspec.Struct, frozen=True):
    """So many seconds pass, a whole number of them."""

    seconds: int


class Twins:
    """The two, and their time."""

    def __init__(self, url: str) -> None:
        """Take the URL of a Redis that nobody else uses."""
        self.now = BEGINNING
        self.redis = RedisStore(url, KEYS, timeout=5.0)
        self.redis.topics = RedisTopics(self.redis._client, KEYS, self.redis.watermark, page=PAGE)
        self.memory = MemoryStore(lambda: self.now, KEYS, page=PAGE)

    async def begin(self) -> None:
        """Forget everything: hypothesis tries many sequences in one test."""
        await self.redis._client.flushall()
        self.memory.restore(MemoryStore(lambda: self.now).snapshot())
        self.now = BEGINNING
        await self.wait(0)

    async def wait(self, seconds: int) -> None:
        """Let time pass for both."""
        self.now += seconds
        whole, fraction = divmod(self.now, 1)
        await self.redis._client.eval(_ADVANCE, 0, int(whole), round(fraction * 1_000_000), seconds)

    async def both(self, call: Callable[[Any], Awaitable[Any]]) -> Any:
        """Ask both; returns what they agree on."""
        said, modelled = await call(self.redis), await call(self.memory)
        assert plain(modelled) == plain(said), f"{call}: in memory {modelled}, in Redis {said}"
        return said

    async def follow(self, steps: Sequence[Step | Pass], look: Sequence[Step]) -> None:
        """Take each step, and after it look at what can be seen."""
        await self.begin()
        for step in steps:
            if isinstance(step, Pass):
                await self.wait(step.seconds)
            else:
                await self.both(step)
            for each in look:
                await self.both(each)
            await self.compare_due()

    async def compare_due(self) -> None:
        """Compare when runs and gates are looked at, and when runs are forgotten."""
        kept = self.memory.snapshot()
        kinds = (names.due, kept.due), (names.gates, kept.gates_due), (names.expiring, kept.expiring)
        pipe = self.redis._client.pipeline(transaction=False)
        for kind, _ in kinds:
            for partition in range(KEYS.partitions):
                pipe.zrange(kind(KEYS.tag(partition)), 0, -1, withscores=True)
        replies = await pipe.execute()
        for position, (kind, expected) in enumerate(kinds):
            own = replies[position * KEYS.partitions : (position + 1) * KEYS.partitions]
            found = {member.decode(): score for reply in own for member, score in scored(reply)}
            assert expected == found, kind.__name__


def plain(reply: Any) -> Any:
    """Return a reply without what is nobody's promise: whether a sequence is a list or a tuple."""
    if isinstance(reply, list | tuple):
        return [plain(each) for each in reply]
    return reply


def stop_the_clock(monkeypatch: pytest.MonkeyPatch, now: Callable[[], float]) -> None:
    """Let every script and command read the time from where `Twins` write it."""
    for script in ALL:
        text = script.text.replace("redis.call('TIME')", f"redis.call{_ASK}")
        digest = sha1(text.encode(), usedforsecurity=False).hexdigest()
        monkeypatch.setattr(script, "text", text)
        monkeypatch.setitem(script.__dict__, "digest", digest)
    send = connection._send

    async def asking(client: Redis, commands: Sequence[Sequence[Argument]]) -> list[Any]:
        return await send(client, [_ASK if command == ("TIME",) else command for command in commands])

    monkeypatch.setattr(connection, "_send", asking)
    monkeypatch.setattr(pauses, "time", SimpleNamespace(time=now))
