"""A store on a real Valkey or Redis, watched: no key stays for ever, no script reaches over two slots."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence

import msgspec
import pytest

from resistor.engine.run import RunState
from resistor.store import RedisStore
from resistor.store.keys import WITHOUT_TTL
from resistor.store.scripts import Argument, Script
from tests.contract.store.samples import KEYS
from tests.contract.store.twins import Twins, stop_the_clock

_OF_A_RUN = ("run", "history", "outbox")  # … which have a TTL once it is finished
_state = msgspec.json.Decoder(RunState).decode


@pytest.fixture
async def store(redis_url: str) -> AsyncIterator[RedisStore]:
    """A store in an empty Redis. At its end, every key has a TTL or a reason to have none (keys.py)."""
    store = RedisStore(redis_url, KEYS, timeout=5.0)
    yield store
    lasting = await keys_that_last(store)
    await store.close()
    assert not lasting, f"no TTL, and no reason for it: {sorted(lasting)}"


@pytest.fixture
async def twins(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Twins]:
    """A real store and one in memory, on one clock that stands still."""
    both = Twins(redis_url)
    stop_the_clock(monkeypatch, lambda: both.now)
    yield both
    await both.redis.close()


@pytest.fixture(autouse=True)
def one_slot(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse what Redis Cluster would: a script whose keys have different hash tags."""
    call = Script.call

    def watched(self: Script, keys: Sequence[str], arguments: Sequence[Argument]) -> tuple[Argument, ...]:
        tags = {re.findall(r"\{(.*?)\}", key)[0] for key in keys}
        assert len(tags) == 1, f"{self.name} reaches over {sorted(tags)}"
        return call(self, keys, arguments)

    monkeypatch.setattr(Script, "call", watched)


async def keys_that_last(store: RedisStore) -> set[str]:
    """Return the keys that have no TTL and no reason for it."""
    client = store._client
    found = set()
    for key in [key.decode() async for key in client.scan_iter()]:
        tag, _, rest = key.partition("}:")
        kind = rest.partition(":")[0] or key.removeprefix(f"{KEYS.prefix}:")
        excused = kind in WITHOUT_TTL
        if kind in _OF_A_RUN:
            excused = not await _is_finished(store, f"{tag}}}:run:{rest.partition(':')[2]}")
        if not excused and await client.ttl(key) < 0:
            found.add(key)
    return found


async def _is_finished(store: RedisStore, run_key: str) -> bool:
    """Tell whether this is a finished run, or none."""
    state = await store._client.hget(run_key, "state")
    try:
        return state is None or _state(state).status.is_final
    except msgspec.MsgspecError:  # a newer program's
        return False
