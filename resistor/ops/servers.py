"""Opens the store and the bus that the settings name, for one command.

Called by the command line; a test puts its own in their place. Each server's client takes 0.2 s to import
and most commands need only one, so they are imported here, when they are opened.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from resistor.config import Settings

if TYPE_CHECKING:
    from resistor.bus import AmqpBus
    from resistor.store import RedisStore

REACH_SECONDS = 3.0  # how long a command tries to reach a broker: a person waits too


@asynccontextmanager
async def open_store(settings: Settings) -> AsyncIterator[RedisStore]:
    """Open the store. Raises `StoreUnreachable` at the first call, where it is away."""
    from resistor.store import Durability, RedisStore  # noqa: PLC0415 - see above
    from resistor.store.keys import Keys  # noqa: PLC0415

    keys = Keys(settings.broker.prefix, settings.store.partitions)
    durability = Durability(replicas=settings.store.replicas)
    store = RedisStore(
        settings.store.url, keys, timeout=settings.store.timeout_seconds, durability=durability
    )
    try:
        yield store
    finally:
        await store.close()


@asynccontextmanager
async def open_bus(settings: Settings) -> AsyncIterator[AmqpBus]:
    """Open the bus. Raises `BrokerUnreachable`."""
    from resistor.bus import Names, one_shot  # noqa: PLC0415 - see above

    names = Names(settings.broker.prefix)
    async with one_shot(
        settings.broker.url, names, client_name="resistor command", timeout=REACH_SECONDS
    ) as bus:
        yield bus
