"""Takes a topology away again: for installations that were made for a test, and for nothing else.

Whatever is in the queues is lost. The daemon and the commands never do this.
"""

from __future__ import annotations

import aio_pika
from yarl import URL

from resistor.bus.topology import Topology
from resistor.bus.wire import CONNECT_SECONDS, losing


async def remove(url: URL, topology: Topology) -> None:
    """Delete the queues and exchanges of `topology`, as far as they are there. Raises `Lost`."""
    with losing():
        async with await aio_pika.connect(url, timeout=CONNECT_SECONDS) as connection:
            channel = await connection.channel()
            for queue in topology.queues:
                await channel.queue_delete(queue.name)
            for exchange in topology.exchanges:
                await channel.exchange_delete(exchange.name)
