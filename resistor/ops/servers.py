"""Opens the store and the bus that the settings name, for one command.

Called by the command line; a test puts its own in their place.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from resistor.bus import AmqpBus, Names, one_shot
from resistor.config import Settings
from resistor.store import RedisStore
from resistor.store.keys import Keys

REACH_SECONDS = 3.0  # how long a command tries to reach a broker: a person waits too


@asynccontextmanager
async def open_store(settings: Settings) -> AsyncIterator[RedisStore]:
    """Open the store. Raises `StoreUnreachable` at the first call, where it is away."""
    keys = Keys(settings.broker.prefix, settings.store.partitions)
    store = RedisStore(settings.store.url, keys, timeout=settings.store.timeout_seconds)
    try:
        yield store
    finally:
        await store.close()


@asynccontextmanager
async def open_bus(settings: Settings) -> AsyncIterator[AmqpBus]:
    """Open the bus. Raises `BrokerUnreachable`."""
    names = Names(settings.broker.prefix)
    async with one_shot(
        settings.broker.url, names, client_name="resistor command", timeout=REACH_SECONDS
    ) as bus:
        yield bus
