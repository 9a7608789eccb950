"""What the AMQP suite stands on: a connection, a confirming channel, an inbox, a client of raw frames.

Collected by pytest. Everything here goes through public client libraries or plain sockets, so that the suite
says the same of the dev broker and of RabbitMQ.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import aiormq
import pytest
from aiormq.abc import AbstractChannel, AbstractConnection, DeliveredMessage

from tests.conftest import AmqpBroker
from tests.contract.amqp.raw import RawClient

PATIENCE_S = 15.0  # for what should come at once, on a busy machine


class Inbox:
    """What consumers were delivered, in order of arrival."""

    def __init__(self) -> None:
        """Begin empty."""
        self._messages: asyncio.Queue[DeliveredMessage] = asyncio.Queue()

    async def put(self, message: DeliveredMessage) -> None:
        """Be the callback of a consumer."""
        await self._messages.put(message)

    async def take(self, count: int) -> list[DeliveredMessage]:
        """Wait for so many messages."""
        async with asyncio.timeout(PATIENCE_S):
            return [await self._messages.get() for _ in range(count)]

    async def one(self) -> DeliveredMessage:
        """Wait for one message."""
        return (await self.take(1))[0]

    @property
    def empty(self) -> bool:
        """Whether nothing waits."""
        return self._messages.empty()


@pytest.fixture
async def connection(amqp_broker: AmqpBroker) -> AsyncIterator[AbstractConnection]:
    """A connection through aiormq."""
    connection = await aiormq.connect(amqp_broker.amqp_url)
    try:
        yield connection
    finally:
        await connection.close()


@pytest.fixture
async def channel(connection: AbstractConnection) -> AbstractChannel:
    """A channel with publisher confirms."""
    return await connection.channel(on_return_raises=True)


@pytest.fixture
async def raw_client(amqp_broker: AmqpBroker) -> AsyncIterator[Callable[..., Awaitable[RawClient]]]:
    """Give a function that logs a raw client in; see `RawClient.connect` for its arguments."""
    async with AsyncExitStack() as stack:

        async def connect(**wishes: Any) -> RawClient:
            client = await RawClient.connect(amqp_broker.amqp_url, **wishes)
            stack.push_async_callback(client.close)
            return client

        yield connect


def arguments(kind: str, **more: object) -> dict[str, Any]:
    """Give queue arguments: `ttl=5` stands for `x-message-ttl`, other names for `x-…` with dashes."""
    short = {"ttl": "x-message-ttl", "dlx": "x-dead-letter-exchange", "dlrk": "x-dead-letter-routing-key"}
    named = {short.get(name, f"x-{name.replace('_', '-')}"): value for name, value in more.items()}
    return {"x-queue-type": kind, **named}
