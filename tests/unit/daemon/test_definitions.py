"""What one daemon sees of the catalogue."""

from __future__ import annotations

import asyncio
from typing import Any

from resistor.catalog import load_text
from resistor.daemon.definitions import Definitions
from resistor.daemon.patience import Patience
from resistor.testing.store.memory_store import MemoryStore

CATALOG = load_text(b"shop: {job: {version: 1, steps: [{module: m, action: go}]}}").or_raise()


class Slow:
    """A catalogue whose answers take a turn of the loop."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def __getattr__(self, name: str) -> Any:
        async def call(*arguments: Any) -> Any:
            await asyncio.sleep(0)
            return await getattr(self._inner, name)(*arguments)

        return call


async def test_all_who_look_at_the_same_time_see_that_it_has_changed() -> None:
    """Whoever found nothing, and is told that nothing has changed, takes an event for one of nobody's."""
    store: Any = MemoryStore(lambda: 0.0)
    theirs, ours = Definitions(store, Patience()), Definitions(store, Patience())
    store.catalogue = Slow(store.catalogue)
    await theirs.register(CATALOG)
    first = asyncio.create_task(ours.refresh())
    await asyncio.sleep(0)
    assert all(await asyncio.gather(first, ours.refresh()))
    assert ours.is_known("shop", "job")
    assert await ours.refresh() is False
