"""What closes a channel or a connection, and what does not. Runs on the dev broker and on RabbitMQ."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

import aiormq
import pytest
from aiormq.abc import AbstractChannel, AbstractConnection
from aiormq.exceptions import (
    ChannelAccessRefused,
    ChannelLockedResource,
    ChannelNotFoundEntity,
    ChannelPreconditionFailed,
    ProbableAuthenticationError,
)
from pamqp import commands
from pamqp.base import Frame
from pamqp.heartbeat import Heartbeat

from tests.conftest import AmqpBroker
from tests.contract.amqp.conftest import Inbox, arguments
from tests.contract.amqp.raw import RawClient

Connect = Callable[..., Awaitable[RawClient]]
Act = Callable[[AbstractChannel], Awaitable[object]]

MISSING: dict[str, Act] = {
    "declaring a queue passively": lambda channel: channel.queue_declare("nope", passive=True),
    "declaring an exchange passively": lambda channel: channel.exchange_declare(
        exchange="nope", passive=True
    ),
    "consuming": lambda channel: channel.basic_consume("nope", Inbox().put),
    "fetching": lambda channel: channel.basic_get("nope"),
    "purging": lambda channel: channel.queue_purge("nope"),
    "binding a queue": lambda channel: channel.queue_bind("nope", "amq.topic", "x"),
    "binding to an exchange": lambda channel: channel.queue_bind("q", "nope", "x"),
    "naming no queue": lambda channel: channel.queue_bind("", "amq.topic", "x"),
}
HARMLESS: dict[str, Act] = {
    "deleting a queue": lambda channel: channel.queue_delete("nope"),
    "deleting an exchange": lambda channel: channel.exchange_delete("nope"),
    "unbinding": lambda channel: channel.queue_unbind("q", "amq.topic", "x"),
    "unbinding from an exchange": lambda channel: channel.queue_unbind("q", "nope", "x"),
    "cancelling": lambda channel: channel.basic_cancel("nope"),
}
FORBIDDEN: dict[str, Act] = {
    "a queue called amq.": lambda channel: channel.queue_declare("amq.mine"),
    "an exchange called amq.": lambda channel: channel.exchange_declare(exchange="amq.mine"),
    "declaring the default exchange": lambda channel: channel.exchange_declare(exchange=""),
    "binding to the default exchange": lambda channel: channel.queue_bind("q", "", "x"),
    "deleting amq.topic": lambda channel: channel.exchange_delete("amq.topic"),
}
OTHERWISE: dict[str, dict[str, Any]] = {
    "not durable": {"durable": False},
    "auto-delete": {"auto_delete": True},
    "another type": {"arguments": arguments("quorum")},
    "a time to live": {"arguments": {"x-message-ttl": 5}},
    "a dead letter exchange": {"arguments": {"x-dead-letter-exchange": ""}},
    "a length": {"arguments": {"x-max-length": 5}},
}
NONSENSE: dict[str, dict[str, Any]] = {
    "a time that is text": {"x-message-ttl": "5"},
    "a negative time": {"x-message-ttl": -5},
    "expiring at once": {"x-expires": 0},
    "an unknown type": {"x-queue-type": "nope"},
    "an unknown overflow": {"x-overflow": "nope"},
    "a routing key for no exchange": {"x-dead-letter-routing-key": "x"},
    "a delivery limit on a classic queue": {"x-delivery-limit": 3},
    "priorities on a quorum queue": {"x-queue-type": "quorum", "x-max-priority": 3},
}


@pytest.fixture(autouse=True)
async def q(connection: AbstractConnection) -> None:
    """Queue `q`, durable and classic."""
    channel = await connection.channel()
    await channel.queue_declare("q", durable=True)
    await channel.close()


@pytest.mark.parametrize("act", MISSING.values(), ids=MISSING)
async def test_what_needs_something_that_is_missing_closes_the_channel_with_404(
    channel: AbstractChannel, act: Act
) -> None:
    with pytest.raises(ChannelNotFoundEntity):
        await act(channel)
    assert channel.is_closed


@pytest.mark.parametrize("act", HARMLESS.values(), ids=HARMLESS)
async def test_removing_what_is_not_there_is_fine(channel: AbstractChannel, act: Act) -> None:
    await act(channel)
    await channel.queue_declare("q", passive=True)


@pytest.mark.parametrize("act", FORBIDDEN.values(), ids=FORBIDDEN)
async def test_what_belongs_to_the_broker_is_refused_with_403(channel: AbstractChannel, act: Act) -> None:
    with pytest.raises(ChannelAccessRefused):
        await act(channel)


@pytest.mark.parametrize("other", OTHERWISE.values(), ids=OTHERWISE)
async def test_declaring_a_queue_otherwise_closes_the_channel_with_406(
    channel: AbstractChannel, other: dict[str, Any]
) -> None:
    wishes: dict[str, Any] = {"durable": True, **other}
    with pytest.raises(ChannelPreconditionFailed, match="inequivalent arg"):
        await channel.queue_declare("q", **wishes)


@pytest.mark.parametrize("nonsense", NONSENSE.values(), ids=NONSENSE)
async def test_arguments_that_cannot_be_close_the_channel_with_406(
    channel: AbstractChannel, nonsense: dict[str, Any]
) -> None:
    with pytest.raises(ChannelPreconditionFailed, match="invalid arg"):
        await channel.queue_declare("new", durable=True, arguments=nonsense)


@pytest.mark.parametrize("wish", ["durable", "exclusive", "auto_delete"])
async def test_a_quorum_queue_is_durable_and_for_all(channel: AbstractChannel, wish: str) -> None:
    flags: dict[str, Any] = {"durable": True} | {wish: wish != "durable"}
    with pytest.raises(ChannelPreconditionFailed, match="invalid property"):
        await channel.queue_declare("new", arguments=arguments("quorum"), **flags)


async def test_an_exchange_of_another_type_closes_the_channel_with_406(channel: AbstractChannel) -> None:
    with pytest.raises(ChannelPreconditionFailed, match="inequivalent arg 'type'"):
        await channel.exchange_declare(exchange="amq.topic", exchange_type="fanout", durable=True)


async def test_declaring_the_same_again_is_fine(channel: AbstractChannel) -> None:
    for _ in range(2):
        await channel.queue_declare("new", durable=True, arguments=arguments("quorum", delivery_limit=3))
        await channel.exchange_declare(exchange="new", exchange_type="topic", durable=True)


async def test_a_passive_declaration_counts_messages_and_consumers(channel: AbstractChannel) -> None:
    for _ in range(3):
        await channel.basic_publish(b"", routing_key="q")
    await channel.basic_qos(prefetch_count=1)
    inbox = Inbox()
    await channel.basic_consume("q", inbox.put)
    await inbox.one()
    state = await channel.queue_declare("q", passive=True)
    assert (state.message_count, state.consumer_count) == (2, 1)


async def test_a_queue_that_is_in_use_or_not_empty_can_be_kept(connection: AbstractConnection) -> None:
    channel = await connection.channel()
    await channel.basic_publish(b"", routing_key="q")
    with pytest.raises(ChannelPreconditionFailed, match="not empty"):
        await channel.queue_delete("q", if_empty=True)
    channel = await connection.channel()
    await channel.basic_consume("q", Inbox().put)
    with pytest.raises(ChannelPreconditionFailed, match="in use"):
        await channel.queue_delete("q", if_unused=True)


async def test_a_server_named_queue_is_the_one_that_empty_names_mean(channel: AbstractChannel) -> None:
    name = (await channel.queue_declare("", exclusive=True)).queue or ""
    assert name.startswith("amq.gen-")
    await channel.queue_bind("", "amq.topic", "x")
    await channel.basic_publish(b"found", exchange="amq.topic", routing_key="x", mandatory=True)
    assert (await channel.basic_get(name, no_ack=True)).body == b"found"


async def test_an_exclusive_queue_is_its_connections_own_and_goes_with_it(
    amqp_broker: AmqpBroker, connection: AbstractConnection
) -> None:
    owner = await aiormq.connect(amqp_broker.amqp_url)
    await (await owner.channel()).queue_declare("mine", exclusive=True)
    with pytest.raises(ChannelLockedResource, match="locked queue 'mine'"):
        await (await connection.channel()).queue_declare("mine", passive=True)
    await owner.close()
    with pytest.raises(ChannelNotFoundEntity):
        await (await connection.channel()).queue_declare("mine", passive=True)


async def test_reserved_fields_may_be_empty(raw_client: Connect) -> None:
    """As Node's amqplib leaves them; other libraries write a zero."""
    client = await raw_client()
    client.write(b"\x01\x00\x02\x00\x00\x00\x05\x00\x14\x00\x0a\x00\xce")  # channel.open on channel 2
    await client.wait_for(commands.Channel.OpenOk)


async def test_one_closed_channel_leaves_the_others_alone(connection: AbstractConnection) -> None:
    good, bad = await connection.channel(), await connection.channel()
    with pytest.raises(ChannelNotFoundEntity):
        await bad.queue_declare("nope", passive=True)
    await good.queue_declare("q", passive=True)


async def test_a_wrong_password_is_refused(amqp_broker: AmqpBroker) -> None:
    with pytest.raises(ProbableAuthenticationError, match="ACCESS_REFUSED"):
        await aiormq.connect(amqp_broker.amqp_url.replace("guest:guest", "guest:wrong"))


@pytest.mark.parametrize(
    ("frame", "channel", "code"),
    [
        (commands.Exchange.Declare(exchange="x", exchange_type="direct"), 2, 504),
        (commands.Channel.Open(), 1, 504),
        (commands.Basic.Qos(prefetch_size=5), 1, 540),
    ],
    ids=["a channel that is not open", "opening a channel twice", "a prefetch in bytes"],
)
async def test_what_breaks_the_protocol_closes_the_connection(
    raw_client: Connect, frame: Frame, channel: int, code: int
) -> None:
    client = await raw_client()
    client.send(frame, channel)
    assert (await client.wait_for(commands.Connection.Close)).reply_code == code
    client.send(commands.Connection.CloseOk(), 0)
    assert await client.ended() == b""


async def test_an_unknown_exchange_type_closes_the_connection(raw_client: Connect) -> None:
    client = await raw_client()
    client.send(commands.Exchange.Declare(exchange="x", exchange_type="nope"))
    assert (await client.wait_for(commands.Connection.Close)).reply_code == 503


async def test_another_frame_where_content_has_to_come_closes_the_connection(raw_client: Connect) -> None:
    client = await raw_client()
    client.send(commands.Basic.Publish(routing_key="q"))
    client.send(commands.Basic.Qos(prefetch_count=1))
    assert (await client.wait_for(commands.Connection.Close)).reply_code == 505


async def test_a_frame_without_its_end_closes_the_connection(raw_client: Connect) -> None:
    client = await raw_client()
    client.write(b"\x01\x00\x01\x00\x00\x00\x04\x00\x14\x00\x0a\x00")
    assert (await client.wait_for(commands.Connection.Close)).reply_code == 501


async def test_another_protocol_is_told_which_one_is_spoken_here(amqp_broker: AmqpBroker) -> None:
    place = urlsplit(amqp_broker.amqp_url)

    def ask() -> bytes:
        # A plain socket: RabbitMQ resets the connection behind its answer, which asyncio then forgets.
        with socket.create_connection((place.hostname, place.port), 5.0) as connection:
            connection.sendall(b"HTTP/1.1")
            return connection.recv(100)

    assert await asyncio.to_thread(ask) == b"AMQP\x00\x00\x09\x01"


async def test_the_broker_sends_heartbeats(raw_client: Connect) -> None:
    client = await raw_client(heartbeat=1)
    _size, frame = await client.read()
    assert isinstance(frame, Heartbeat)


async def test_a_client_without_heartbeats_is_dropped(raw_client: Connect) -> None:
    client = await raw_client(heartbeat=1)
    assert (await client.ended()).strip(b"\x08\x00\xce") == b""  # nothing but heartbeats until the end
