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
from resistor.store.reading import scored
from resistor.store.scripts import ALL, Argument
from resistor.store.topics import RedisTopics
from resistor.testing.store import MemoryStore
from tests.contract.store.samples import KEYS

BEGINNING = 1_700_000_000.25  # parts of a second must not matter
PAGE = 2  # waiters in one answer
GATES = ("m limit", "m rate")  # that tests may use
LOOK_EVERY = 10  # steps: what is wrong shows later as well, and looking takes most of the time
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

    async def follow(
        self, steps: Sequence[Step | Pass], look: Sequence[Step], *, look_every: int = LOOK_EVERY
    ) -> None:
        """Take each step, and look at what can be seen, between them and at the end."""
        await self.begin()
        for position, step in enumerate(steps, start=1):
            await self.take(step)
            if position % look_every == 0 or position == len(steps):
                await self.look(look)

    async def take(self, step: Step | Pass) -> None:
        """Let both do the same."""
        if isinstance(step, Pass):
            await self.wait(step.seconds)
        else:
            await self.both(step)

    async def look(self, look: Sequence[Step]) -> None:
        """Compare what these say, and what is due when."""
        for each in look:
            await self.both(each)
        await self.compare_due()

    async def compare_due(self) -> None:
        """Compare what is looked at when, and when runs are forgotten."""
        kept = self.memory.snapshot()
        pairs = [(KEYS.schedules_due, kept.schedules_due), (names.releasing(KEYS.modules), kept.releasing)]
        for kind, scores in (
            (names.due, kept.due),
            (names.gates, kept.gates_due),
            (names.expiring, kept.expiring),
        ):
            for partition in range(KEYS.partitions):
                here = {name: at for name, at in scores.items() if self._partition(name) == partition}
                pairs.append((kind(KEYS.tag(partition)), here))
        pipe = self.redis._client.pipeline(transaction=False)
        for key, _ in pairs:
            pipe.zrange(key, 0, -1, withscores=True)
        for (key, expected), reply in zip(pairs, await pipe.execute(), strict=True):
            assert expected == {member.decode(): score for member, score in scored(reply)}, key

    def _partition(self, name: str) -> int:
        """Return where a run, its entry in `expiring`, or a gate is."""
        return KEYS.partition(name if name in GATES else name.partition(" ")[0])


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

    async def asking(client: connection.Client, commands: Sequence[Sequence[Argument]]) -> list[Any]:
        return await send(client, [_ASK if command == ("TIME",) else command for command in commands])

    monkeypatch.setattr(connection, "_send", asking)
    monkeypatch.setattr(pauses, "time", SimpleNamespace(time=now))
