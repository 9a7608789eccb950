"""The registered workflows, as everybody sees them."""

from __future__ import annotations

import asyncio

from resistor.ports import Registered, Registration
from resistor.store import RedisStore
from tests.contract.store.samples import KEYS

ONE = {"shop/a@1": ("sha256:1", b'{"one":[]}\n')}
TWO = {"shop/a@2": ("sha256:2", b'{"two":2}')}


async def test_a_registered_version_keeps_its_first_content(store: RedisStore) -> None:
    kept = {"shop/a@1": "sha256:1"}
    assert await store.catalogue.register_all(ONE, {}) == Registration(1, kept, frozenset({"shop/a@1"}))
    assert await store.catalogue.register_all(ONE, {}) == Registration(1, kept)
    changed = {"shop/a@1": ("sha256:x", b"{}")}
    assert await store.catalogue.register_all(changed, {}) == Registration(1, kept)
    assert await store.catalogue.source("shop/a@1") == b'{"one":[]}\n'
    assert await store.catalogue.source("shop/a@2") is None


async def test_all_is_registered_or_nothing(store: RedisStore) -> None:
    await store.catalogue.register_all(ONE, {"shop/a": (1,)})
    before = await store.catalogue.read()
    entries = {**TWO, "shop/a@1": ("sha256:x", b"{}"), "shop/b@1": ("sha256:b", b"{}")}
    registration = await store.catalogue.register_all(entries, {"shop/a": (1, 2), "shop/b": (1,)})
    assert registration.kept == {"shop/a@2": "sha256:2", "shop/a@1": "sha256:1", "shop/b@1": "sha256:b"}
    assert registration.added == frozenset()
    assert await store.catalogue.read() == before


async def test_the_last_registration_says_what_is_offered_of_what_it_names(store: RedisStore) -> None:
    await store.catalogue.register_all(ONE, {"shop/a": (1,), "shop/b": (4,)})
    await store.catalogue.register_all(TWO, {"shop/a": (2, 1)})
    assert await store.catalogue.read() == Registered(
        2,
        {"shop/a@1": b'{"one":[]}\n', "shop/a@2": b'{"two":2}'},
        {"shop/a": (1, 2), "shop/b": (4,)},
    )
    await store.catalogue.register_all({}, {"shop/a": (2,)})
    assert (await store.catalogue.read()).offers == {"shop/a": (2,), "shop/b": (4,)}


async def test_what_is_withdrawn_is_offered_no_more_and_kept(store: RedisStore) -> None:
    await store.catalogue.register_all({**ONE, **TWO}, {"shop/a": (1, 2)})
    for _ in range(2):
        assert (await store.catalogue.register_all({}, {"shop/a": ()})).revision == 2
    catalogue = await store.catalogue.read()
    assert catalogue.offers == {}
    assert catalogue.sources.keys() == {"shop/a@1", "shop/a@2"}


async def test_the_revision_moves_where_something_changes_and_only_there(store: RedisStore) -> None:
    assert await store.catalogue.revision() == 0
    assert await store.catalogue.read() == Registered(0, {}, {})
    for _ in range(3):
        await store.catalogue.register_all(ONE, {"shop/a": (1,)})
    assert await store.catalogue.revision() == 1
    await store.catalogue.register_all({**ONE, **TWO}, {"shop/a": (1,)})
    assert await store.catalogue.revision() == 2
    await store.catalogue.register_all(ONE, {"shop/a": (1, 2)})
    assert await store.catalogue.revision() == 3
    await store.catalogue.register_all({}, {})
    assert await store.catalogue.revision() == 3


async def test_of_two_that_register_other_content_at_once_one_wins_whole(
    store: RedisStore, redis_url: str
) -> None:
    other = RedisStore(redis_url, KEYS, timeout=5.0)

    async def register(client: RedisStore, digest: str) -> Registration:
        entries = {f"shop/w{number}@1": (digest, digest.encode()) for number in range(50)}
        return await client.catalogue.register_all(entries, {"shop/w0": (1,)})

    try:
        both = await asyncio.gather(register(store, "sha256:a"), register(other, "sha256:b"))
    finally:
        await other.close()
    assert [len(each.added) for each in both] in ([50, 0], [0, 50])
    assert len({digest for each in both for digest in each.kept.values()}) == 1
    assert len(set((await store.catalogue.read()).sources.values())) == 1
