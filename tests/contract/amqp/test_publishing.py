"""What a publisher is told. Runs on the dev broker and on RabbitMQ."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from aiormq.abc import AbstractChannel
from aiormq.exceptions import (
    ChannelNotFoundEntity,
    ChannelPreconditionFailed,
    DeliveryError,
    PublishError,
)
from pamqp import body, commands, header
from pamqp.commands import Basic

from tests.contract.amqp.conftest import Inbox, arguments
from tests.contract.amqp.raw import RawClient

Connect = Callable[..., Awaitable[RawClient]]


async def test_every_publication_is_confirmed(channel: AbstractChannel) -> None:
    await channel.queue_declare("q")
    confirms = await asyncio.gather(*(channel.basic_publish(b"", routing_key="q") for _ in range(500)))
    assert all(isinstance(confirm, Basic.Ack) for confirm in confirms)
    assert (await channel.queue_declare("q", passive=True)).message_count == 500


async def test_confirms_come_in_order_and_cover_each_tag(raw_client: Connect) -> None:
    client = await raw_client()
    client.send(commands.Queue.Declare(queue="q"))
    client.send(commands.Confirm.Select())
    await client.wait_for(commands.Queue.DeclareOk)
    await client.wait_for(commands.Confirm.SelectOk)
    for _ in range(100):
        client.publish(b"x", "q")
    highest = 0
    while highest < 100:
        ack = await client.wait_for(Basic.Ack)
        assert ack.delivery_tag == highest + 1 or (ack.multiple and ack.delivery_tag > highest)
        highest = ack.delivery_tag


async def test_an_unroutable_mandatory_message_comes_back(channel: AbstractChannel) -> None:
    with pytest.raises(PublishError) as returned:
        await channel.basic_publish(b"lost", routing_key="nowhere", mandatory=True)
    message, reply = returned.value.message, returned.value.frame
    assert message is not None
    assert isinstance(reply, Basic.Return)
    assert (message.body, reply.reply_code, reply.reply_text) == (b"lost", 312, "NO_ROUTE")
    assert (reply.exchange, reply.routing_key) == ("", "nowhere")


async def test_the_return_comes_before_the_confirm(raw_client: Connect) -> None:
    client = await raw_client()
    client.send(commands.Confirm.Select())
    await client.wait_for(commands.Confirm.SelectOk)
    client.publish(b"lost", "nowhere", mandatory=True)
    await client.wait_for(Basic.Return)
    assert (await client.wait_for(Basic.Ack)).delivery_tag == 1


async def test_an_unroutable_message_that_nobody_insists_on_is_confirmed_and_gone(
    channel: AbstractChannel,
) -> None:
    assert isinstance(await channel.basic_publish(b"", routing_key="nowhere", mandatory=False), Basic.Ack)


async def test_publishing_to_a_missing_exchange_closes_the_channel(channel: AbstractChannel) -> None:
    with pytest.raises(ChannelNotFoundEntity, match="no exchange 'nope'"):
        await channel.basic_publish(b"", exchange="nope", routing_key="q")
    assert channel.is_closed


@pytest.mark.parametrize("expiration", ["abc", "-1", "1.5", "315360000001"])
async def test_an_expiration_that_is_no_time_closes_the_channel(
    channel: AbstractChannel, expiration: str
) -> None:
    with pytest.raises(ChannelPreconditionFailed, match="invalid expiration"):
        await channel.basic_publish(b"", routing_key="q", properties=Basic.Properties(expiration=expiration))


async def test_nobody_publishes_under_another_name(channel: AbstractChannel) -> None:
    with pytest.raises(ChannelPreconditionFailed, match="user_id property set to 'bob'"):
        await channel.basic_publish(b"", routing_key="q", properties=Basic.Properties(user_id="bob"))


async def test_a_full_classic_queue_refuses(channel: AbstractChannel) -> None:
    await channel.queue_declare("q", arguments=arguments("classic", max_length=2, overflow="reject-publish"))
    for _ in range(2):
        await channel.basic_publish(b"", routing_key="q")
    with pytest.raises(DeliveryError):
        await channel.basic_publish(b"", routing_key="q")
    assert (await channel.queue_declare("q", passive=True)).message_count == 2


async def test_a_full_quorum_queue_refuses_and_accepts_again_when_there_is_room(
    channel: AbstractChannel,
) -> None:
    limits = arguments("quorum", max_length=2, overflow="reject-publish")
    await channel.queue_declare("q", durable=True, arguments=limits)
    assert await _publish_until(channel, refused=True) >= 2  # its limit is soft
    await channel.queue_purge("q")
    await _publish_until(channel, refused=False)


async def _publish_until(channel: AbstractChannel, *, refused: bool) -> int:
    """Publish until the queue answers so; gives how often it answered otherwise."""
    for others in range(1000):
        try:
            await channel.basic_publish(b"", routing_key="q")
        except DeliveryError:
            if refused:
                return others
        else:
            if not refused:
                return others
    raise AssertionError("the queue never changed its mind")


async def test_a_full_queue_drops_its_oldest_by_default(channel: AbstractChannel) -> None:
    limits = arguments("classic", max_length=2, dlx="", dlrk="dead")
    await channel.queue_declare("q", arguments=limits)
    await channel.queue_declare("dead")
    inbox = Inbox()
    await channel.basic_consume("dead", inbox.put, no_ack=True)
    for number in range(3):
        await channel.basic_publish(b"%d" % number, routing_key="q")
    dropped = await inbox.one()
    assert dropped.body == b"0"
    assert (dropped.header.properties.headers or {})["x-first-death-reason"] == "maxlen"
    assert (await channel.queue_declare("q", passive=True)).message_count == 2


@pytest.mark.parametrize("size", [0, 1, 131_064, 131_065, 1_048_576])
async def test_a_body_of_any_size_arrives_whole(channel: AbstractChannel, size: int) -> None:
    content = bytes(range(256)) * (size // 256 + 1)
    await channel.queue_declare("q")
    inbox = Inbox()
    await channel.basic_consume("q", inbox.put, no_ack=True)
    await channel.basic_publish(content[:size], routing_key="q")
    assert (await inbox.one()).body == content[:size]


async def test_a_large_body_comes_in_frames_no_larger_than_agreed(raw_client: Connect) -> None:
    client = await raw_client(frame_max=4096)
    client.send(commands.Queue.Declare(queue="q"))
    await client.wait_for(commands.Queue.DeclareOk)
    client.send(Basic.Consume(queue="q", no_ack=True))
    await client.wait_for(Basic.ConsumeOk)
    client.send(Basic.Publish(routing_key="q"))
    client.send(header.ContentHeader(body_size=10_000, properties=Basic.Properties()))
    for size in (4088, 4088, 1824):
        client.send(body.ContentBody(b"x" * size))
    await client.wait_for(Basic.Deliver)
    received = 0
    while received < 10_000:
        size, piece = await client.read()
        assert size <= 4096 - 8
        received += size if isinstance(piece, body.ContentBody) else 0
    assert received == 10_000


async def test_properties_arrive_as_they_were_sent(channel: AbstractChannel) -> None:
    sent = Basic.Properties(
        content_type="application/json",
        content_encoding="identity",
        headers={
            "text": "ä",
            "yes": True,
            "numbers": [0, -1, 300, 70_000, 2**40],
            "half": 0.5,
            "price": Decimal("9.99"),
            "nothing": None,
            "when": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
            "table": {"inner": {"x": "y"}},
            "bytes": bytearray(b"\xff\x00"),
        },
        delivery_mode=2,
        priority=3,
        correlation_id="c",
        reply_to="r",
        expiration="60000",
        message_id="m",
        timestamp=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        message_type="t",
        user_id="guest",
        app_id="resistor",
    )
    await channel.queue_declare("q")
    inbox = Inbox()
    await channel.basic_consume("q", inbox.put, no_ack=True)
    await channel.basic_publish(b"", routing_key="q", properties=sent)
    received = (await inbox.one()).header.properties
    assert dict(received) == dict(sent)
