"""A run that was committed here last may be committed again without a look, and no other."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest

from resistor.engine.run import EVERYTHING, Reads
from resistor.store import RedisStore
from resistor.testing.store import MemoryStore
from tests.contract.store.samples import KEYS, NOW, beginning, change, grown, whole


@pytest.fixture(params=["redis", "memory"])
async def pair(request: pytest.FixtureRequest, redis_url: str) -> AsyncIterator[tuple[Any, Any]]:
    """Two connections to one store."""
    if request.param == "memory":
        store = MemoryStore(lambda: NOW, KEYS)
        yield store, store.connect()
        return
    both = RedisStore(redis_url, KEYS, timeout=5.0), RedisStore(redis_url, KEYS, timeout=5.0)
    yield both
    for each in both:
        await each.close()


async def test_a_run_as_it_was_left_needs_no_look(pair: tuple[Any, Any]) -> None:
    mine, _ = pair
    assert await mine.commit([beginning("r1", id="c0")]) == [True]
    run = await whole(mine, "r1")
    for number in range(3):
        after = grown(run, o_charge=b"%d" % number)
        step = change(run, after, follows=f"c{number}", id=f"c{number + 1}")
        assert await mine.commit([step]) == [True]
        run = msgspec.structs.replace(after, revision=run.revision + 1)
    assert (await whole(mine, "r1")).parts["o:charge"] == b"2"


async def test_the_same_revision_by_another_commit_is_another_state(pair: tuple[Any, Any]) -> None:
    mine, others = pair
    assert await others.commit([beginning("r1", id="theirs")]) == [True]
    run = await whole(mine, "r1")
    after = grown(run, o_charge=b"1")
    assert await mine.commit([change(run, after, follows="mine", id="next")]) == [False]
    assert await mine.commit([change(run, after, id="next")]) == [True], "who does not say may"


async def test_who_looks_is_told_whose_commit_was_the_last_of_each_run(pair: tuple[Any, Any]) -> None:
    mine, others = pair
    await others.commit([beginning("r1", id="theirs"), beginning("r3", id="another")])
    for reads in (Reads(parts=frozenset({"o:charge"})), EVERYTHING):
        loaded = await mine.load([("r1", reads), ("nobody", reads), ("r3", reads)])
        assert loaded.commits == ("theirs", "", "another")


async def test_what_a_commit_goes_by_is_no_part_of_the_run(pair: tuple[Any, Any]) -> None:
    mine, _ = pair
    await mine.commit([beginning("r1")])
    assert all(":" in name for name in (await whole(mine, "r1")).parts)
