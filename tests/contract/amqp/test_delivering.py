"""What a consumer gets, gives back and leaves behind. Runs on the dev broker and on RabbitMQ."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiormq.abc import AbstractChannel, AbstractConnection, DeliveredMessage
from aiormq.exceptions import ChannelAccessRefused, ChannelPreconditionFailed
from pamqp import commands
from pamqp.commands import Basic

from tests.contract.amqp.conftest import PATIENCE_S, Inbox, arguments
from tests.contract.amqp.raw import RawClient

Connect = Callable[..., Awaitable[RawClient]]
KINDS = pytest.mark.parametrize("kind", ["classic", "quorum"])


async def declare(channel: AbstractChannel, kind: str = "quorum", count: int = 0, **more: object) -> None:
    """Declare queue `q` and publish the numbers from 0 into it."""
    await channel.queue_declare("q", durable=True, arguments=arguments(kind, **more))
    for number in range(count):
        await channel.basic_publish(b"%d" % number, routing_key="q", mandatory=True)


async def ready(channel: AbstractChannel) -> int | None:
    """Count what is ready in queue `q`."""
    return (await channel.queue_declare("q", passive=True)).message_count


def bodies(messages: list[DeliveredMessage]) -> list[int]:
    """Read the numbers."""
    return [int(message.body) for message in messages]


def tag(message: DeliveredMessage) -> int:
    """The delivery tag of a message."""
    assert message.delivery_tag is not None
    return message.delivery_tag


@KINDS
async def test_a_consumer_gets_no_more_than_its_prefetch(channel: AbstractChannel, kind: str) -> None:
    await declare(channel, kind, 5)
    inbox = Inbox()
    await channel.basic_qos(prefetch_count=2)
    await channel.basic_consume("q", inbox.put)
    first, second = await inbox.take(2)
    assert await ready(channel) == 3
    assert inbox.empty
    await channel.basic_ack(tag(first))
    assert bodies([second, *await inbox.take(1)]) == [1, 2]


@KINDS
async def test_one_acknowledgement_can_cover_several_messages(channel: AbstractChannel, kind: str) -> None:
    await declare(channel, kind, 6)
    inbox = Inbox()
    await channel.basic_qos(prefetch_count=3)
    await channel.basic_consume("q", inbox.put)
    messages = await inbox.take(3)
    await channel.basic_ack(tag(messages[1]), multiple=True)
    assert bodies(await inbox.take(2)) == [3, 4]
    await channel.basic_ack(0, multiple=True)
    assert bodies(await inbox.take(1)) == [5]


async def test_each_consumer_has_a_prefetch_of_its_own(channel: AbstractChannel) -> None:
    await declare(channel, "quorum", 3)
    one, two = Inbox(), Inbox()
    await channel.basic_qos(prefetch_count=1)
    await channel.basic_consume("q", one.put)
    await channel.basic_qos(prefetch_count=2)
    await channel.basic_consume("q", two.put)
    assert bodies([await one.one(), *await two.take(2)]) == [0, 1, 2]


@KINDS
async def test_a_lost_connection_gives_everything_back_in_order(
    channel: AbstractChannel, raw_client: Connect, kind: str
) -> None:
    await declare(channel, kind, 6)
    lost = await raw_client()
    lost.send(Basic.Qos(prefetch_count=4))
    lost.send(Basic.Consume(queue="q", consumer_tag="c"))
    await lost.wait_for(Basic.QosOk)
    await lost.wait_for(Basic.ConsumeOk)
    for _ in range(4):
        await lost.wait_for(Basic.Deliver)
    lost.cut()
    await until_ready(channel, 6)  # else the two that were never out would come first
    inbox = Inbox()
    await channel.basic_consume("q", inbox.put)
    messages = await inbox.take(6)
    assert bodies(messages) == [0, 1, 2, 3, 4, 5]
    assert [message.redelivered for message in messages] == [True] * 4 + [False] * 2


async def until_ready(channel: AbstractChannel, count: int) -> None:
    """Ask the broker until so many messages are ready."""
    async with asyncio.timeout(PATIENCE_S):
        while await ready(channel) != count:
            pass


@KINDS
async def test_a_closed_channel_gives_back_what_it_fetched(connection: AbstractConnection, kind: str) -> None:
    channel, other = await connection.channel(), await connection.channel()
    await declare(channel, kind, 2)
    await other.basic_get("q")
    await other.close()
    await until_ready(channel, 2)
    message = await channel.basic_get("q", no_ack=True)
    assert (message.body, message.redelivered) == (b"0", True)


async def test_a_classic_queue_puts_messages_back_where_they_were(channel: AbstractChannel) -> None:
    await declare(channel, "classic", 4)
    messages = [await channel.basic_get("q") for _ in range(3)]
    for number in (2, 0):
        await channel.basic_nack(tag(messages[number]))
    await until_ready(channel, 3)
    assert bodies([await channel.basic_get("q") for _ in range(3)]) == [0, 2, 3]


async def test_a_quorum_queue_without_a_limit_puts_messages_back_at_the_end(channel: AbstractChannel) -> None:
    await declare(channel, "quorum", 4)
    messages = [await channel.basic_get("q") for _ in range(3)]
    for number in (2, 0):
        await channel.basic_nack(tag(messages[number]))
    await until_ready(channel, 3)
    assert bodies([await channel.basic_get("q") for _ in range(3)]) == [3, 2, 0]


async def test_a_quorum_queue_with_a_limit_redelivers_at_once(channel: AbstractChannel) -> None:
    await declare(channel, "quorum", 4, delivery_limit=5)
    messages = [await channel.basic_get("q") for _ in range(3)]
    for number in (2, 0):
        await channel.basic_nack(tag(messages[number]))
    await until_ready(channel, 3)
    assert bodies([await channel.basic_get("q") for _ in range(3)]) == [2, 0, 3]


async def test_a_message_beyond_its_delivery_limit_dies(channel: AbstractChannel) -> None:
    await declare(channel, "quorum", 1, delivery_limit=2, dlx="", dlrk="dead")
    await channel.queue_declare("dead", durable=True)
    inbox, dead = Inbox(), Inbox()
    await channel.basic_consume("dead", dead.put, no_ack=True)
    await channel.basic_consume("q", inbox.put)
    counts = []
    for _ in range(3):
        message = await inbox.one()
        counts.append((message.header.properties.headers or {}).get("x-delivery-count"))
        await channel.basic_nack(tag(message), requeue=True)
    assert counts == [None, 1, 2]
    headers: dict[str, Any] = dict((await dead.one()).header.properties.headers or {})
    assert headers["x-first-death-reason"] == "delivery_limit"
    assert headers["x-death"][0] | {"time": None} == {
        "reason": "delivery_limit",
        "queue": "q",
        "count": 1,
        "exchange": "",
        "routing-keys": ["q"],
        "time": None,
    }
    assert "x-delivery-count" not in headers


async def test_a_lost_channel_counts_as_a_delivery(connection: AbstractConnection) -> None:
    channel = await connection.channel()
    await declare(channel, "quorum", 1, delivery_limit=1, dlx="", dlrk="dead")
    await channel.queue_declare("dead", durable=True)
    dead = Inbox()
    await channel.basic_consume("dead", dead.put, no_ack=True)
    for _ in range(2):
        other, inbox = await connection.channel(), Inbox()
        await other.basic_consume("q", inbox.put)
        await inbox.one()
        await other.close()
    assert (await dead.one()).body == b"0"


@KINDS
async def test_a_rejected_message_goes_to_the_dead_letter_exchange(
    channel: AbstractChannel, kind: str
) -> None:
    await declare(channel, kind, 3, dlx="amq.topic")
    await channel.queue_declare("dead")
    await channel.queue_bind("dead", "amq.topic", "q")  # with its own routing key: the queue names no other
    dead = Inbox()
    await channel.basic_consume("dead", dead.put, no_ack=True)
    messages = [await channel.basic_get("q") for _ in range(3)]
    await channel.basic_reject(tag(messages[0]), requeue=False)
    await channel.basic_nack(tag(messages[2]), multiple=True, requeue=False)
    arrived = await dead.take(3)
    assert bodies(arrived) == [0, 1, 2]
    assert [(m.exchange, m.routing_key, m.redelivered) for m in arrived] == [("amq.topic", "q", False)] * 3
    assert {(m.header.properties.headers or {})["x-first-death-reason"] for m in arrived} == {"rejected"}


async def test_without_a_dead_letter_exchange_a_rejected_message_is_gone(channel: AbstractChannel) -> None:
    await declare(channel, "classic", 1)
    await channel.basic_reject(tag(await channel.basic_get("q")), requeue=False)
    assert (await channel.queue_delete("q")).message_count == 0


async def test_fetching_tells_how_many_are_left_and_when_there_is_nothing(channel: AbstractChannel) -> None:
    await declare(channel, "classic", 2)
    left = [(await channel.basic_get("q", no_ack=True)).delivery for _ in range(3)]
    assert [reply.message_count for reply in left[:2] if isinstance(reply, Basic.GetOk)] == [1, 0]
    assert isinstance(left[2], Basic.GetEmpty)


@pytest.mark.parametrize(("number", "multiple"), [(99, False), (99, True), (0, False)])
async def test_acknowledging_what_was_never_delivered_closes_the_channel(
    channel: AbstractChannel, number: int, multiple: bool
) -> None:
    await declare(channel, "classic")
    await channel.basic_ack(number, multiple=multiple)
    with pytest.raises(ChannelPreconditionFailed, match=f"unknown delivery tag {number}"):
        await ready(channel)


async def test_acknowledging_twice_closes_the_channel_and_gives_the_rest_back(
    connection: AbstractConnection,
) -> None:
    channel, other = await connection.channel(), await connection.channel()
    await declare(other, "classic", 2)
    first = await channel.basic_get("q")
    await channel.basic_get("q")
    await channel.basic_ack(tag(first))
    await channel.basic_ack(tag(first))
    with pytest.raises(ChannelPreconditionFailed, match="unknown delivery tag 1"):
        await ready(channel)
    await until_ready(other, 1)


async def test_recovering_redelivers_everything(channel: AbstractChannel) -> None:
    await declare(channel, "classic", 2)
    inbox = Inbox()
    await channel.basic_consume("q", inbox.put)
    await inbox.take(2)
    await channel.basic_recover(requeue=True)
    again = await inbox.take(2)
    assert bodies(again) == [0, 1]
    assert all(message.redelivered for message in again)


async def test_a_cancelled_consumer_gets_nothing_more_but_may_acknowledge(channel: AbstractChannel) -> None:
    await declare(channel, "quorum", 1)
    inbox = Inbox()
    consumer_tag = (await channel.basic_consume("q", inbox.put)).consumer_tag or ""
    message = await inbox.one()
    await channel.basic_cancel(consumer_tag)
    await channel.basic_publish(b"1", routing_key="q")
    await channel.basic_ack(tag(message))
    assert await ready(channel) == 1
    assert inbox.empty


async def test_purging_drops_what_is_ready_and_nothing_else(channel: AbstractChannel) -> None:
    await declare(channel, "classic", 3)
    message = await channel.basic_get("q")
    assert (await channel.queue_purge("q")).message_count == 2
    await channel.basic_nack(tag(message))
    await until_ready(channel, 1)


async def test_deleting_a_queue_tells_its_consumers(channel: AbstractChannel, raw_client: Connect) -> None:
    await declare(channel)
    client = await raw_client()
    client.send(Basic.Consume(queue="q", consumer_tag="c"))
    await client.wait_for(Basic.ConsumeOk)
    await channel.queue_delete("q")
    assert (await client.wait_for(Basic.Cancel)).consumer_tag == "c"


async def test_a_client_that_did_not_ask_is_not_told(channel: AbstractChannel, raw_client: Connect) -> None:
    await declare(channel, "classic")
    client = await raw_client(cancel_notify=False)
    client.send(Basic.Consume(queue="q", consumer_tag="c"))
    await client.wait_for(Basic.ConsumeOk)
    await channel.queue_delete("q")
    client.send(Basic.Qos(prefetch_count=1))
    await client.wait_for(Basic.QosOk)  # and no basic.cancel before it


async def test_messages_of_a_deleted_queue_can_still_be_acknowledged(channel: AbstractChannel) -> None:
    await declare(channel, "classic", 2)
    first, second = [await channel.basic_get("q") for _ in range(2)]
    await channel.queue_delete("q")
    await channel.basic_ack(tag(first))
    await channel.basic_nack(tag(second), requeue=True)
    await declare(channel, "classic")
    assert await ready(channel) == 0


async def test_an_exclusive_consumer_wants_to_be_alone(connection: AbstractConnection) -> None:
    channel, other = await connection.channel(), await connection.channel()
    await declare(channel, "classic")
    await channel.basic_consume("q", Inbox().put, exclusive=True)
    with pytest.raises(ChannelAccessRefused, match="exclusive use"):
        await other.basic_consume("q", Inbox().put)


async def test_an_auto_delete_queue_goes_with_its_last_consumer(
    connection: AbstractConnection, raw_client: Connect
) -> None:
    channel = await connection.channel(on_return_raises=True)
    await channel.queue_declare("q", auto_delete=True)
    consumer_tag = (await channel.basic_consume("q", Inbox().put)).consumer_tag or ""
    await channel.basic_cancel(consumer_tag)
    client = await raw_client()
    client.send(commands.Queue.Declare(queue="q", passive=True))
    assert (await client.wait_for(commands.Channel.Close)).reply_code == 404
