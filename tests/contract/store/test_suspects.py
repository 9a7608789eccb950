"""What is noted of messages that a daemon may have died of."""

from __future__ import annotations

from resistor.store import RedisStore
from resistor.store.suspects import REMEMBERED_SECONDS


async def test_an_attempt_counts_once_and_a_finished_message_is_forgotten(store: RedisStore) -> None:
    suspects = store.suspects
    assert await suspects.begin("one", "a") == 1
    assert await suspects.begin("one", "a") == 1  # the reply was lost, and it was asked again
    assert await suspects.begin("one", "b") == 2
    assert await suspects.begin("other", "a") == 1
    assert list(await suspects.begun(["other", "one", "third"])) == [1, 2, 0]
    await suspects.finish("one")
    await suspects.finish("one")
    assert list(await suspects.begun(["other", "one"])) == [1, 0]


async def test_what_was_never_finished_is_forgotten_after_a_day(store: RedisStore) -> None:
    await store.suspects.begin("one", "a")
    left = await store._client.ttl(store._keys.begun("one"))
    assert REMEMBERED_SECONDS - 60 < left <= REMEMBERED_SECONDS
