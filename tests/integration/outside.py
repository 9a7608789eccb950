"""The outside world of the integration tests: plain aio-pika, by the contract alone."""

from __future__ import annotations

import asyncio
import json
from typing import Any, Self
from uuid import uuid4

import aio_pika
from aio_pika.abc import AbstractIncomingMessage, AbstractQueue

PATIENCE_SECONDS = 20.0  # for a message that must come; nothing waits this long when all is well


class Outside:
    """A starter, a module and an operator, on one connection."""

    def __init__(self, connection: aio_pika.abc.AbstractConnection) -> None:
        self._connection = connection
        self._exchanges: dict[str, aio_pika.abc.AbstractExchange] = {}

    @classmethod
    async def open(cls, url: str) -> Self:
        return cls(await aio_pika.connect(url))

    async def start(self) -> None:
        self._channel = await self._connection.channel(on_return_raises=True)
        await self._channel.set_qos(prefetch_count=1000)

    async def close(self) -> None:
        await self._connection.close()

    async def queue(self, name: str) -> AbstractQueue:
        return await self._channel.get_queue(name)

    async def depth(self, name: str) -> int:
        """How many messages are ready in a queue."""
        channel = await self._connection.channel()
        try:
            found = await channel.declare_queue(name, passive=True)
            return found.declaration_result.message_count or 0
        finally:
            await channel.close()

    async def publish(self, exchange: str, key: str, body: Any, **properties: Any) -> None:
        """Publish JSON, or bytes as they are."""
        target = self._exchanges.get(exchange)
        if target is None:
            target = self._exchanges[exchange] = await self._channel.get_exchange(exchange)
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        properties.setdefault("content_type", "application/json")
        message = aio_pika.Message(content, delivery_mode=aio_pika.DeliveryMode.PERSISTENT, **properties)
        await target.publish(message, routing_key=key)

    async def event(self, name: str, data: Any, *, id: str | None = None, **properties: Any) -> str:  # noqa: A002
        """Publish an event; returns its id."""
        event_id = id or uuid4().hex
        await self.publish("resistor.events", name, data, message_id=event_id, **properties)
        return event_id

    async def next(self, queue: str) -> AbstractIncomingMessage:
        """Take the next message of a queue, acknowledged."""
        found = await self.queue(queue)
        async with asyncio.timeout(PATIENCE_SECONDS):
            async with found.iterator() as messages:
                async for message in messages:
                    await message.ack()
                    return message
        raise AssertionError("unreachable")

    async def action(self, module: str) -> AbstractIncomingMessage:
        """Take a module's next action."""
        return await self.next(f"resistor.module.{module}")

    async def answer(self, action: AbstractIncomingMessage, body: Any, **changes: Any) -> None:
        """Send a result to an action, as a module does."""
        headers = {"resistor-token": action.headers["resistor-token"]}
        headers.update(changes.pop("headers", {}))
        await self.publish(
            "resistor.results",
            action.reply_to or "",
            body,
            headers={name: value for name, value in headers.items() if value is not None},
            correlation_id=action.correlation_id,
            **changes,
        )

    async def complete(self, action: AbstractIncomingMessage, output: Any = None) -> None:
        """Answer that the action is done."""
        await self.answer(action, {"status": "completed", "output": output})

    async def dead(self) -> AbstractIncomingMessage:
        """Take the next dead letter."""
        return await self.next("resistor.dead")


def header_of(message: AbstractIncomingMessage, name: str) -> str:
    """Give a header that must be text."""
    value = message.headers[name]
    assert isinstance(value, str)
    return value


def body_of(message: AbstractIncomingMessage) -> Any:
    return json.loads(message.body)


__all__ = ["Outside", "body_of", "header_of"]
