"""What only the dev broker promises: loopback, surviving any bytes, stopping, looking in."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pamqp import body, commands, frame, header
from pamqp.commands import Basic

from resistor.dev.broker import Broker
from tests.contract.amqp.raw import RawClient

PROTOCOL_HEADER = header.ProtocolHeader().marshal()
LOGIN = b"".join(
    frame.marshal(method, 0)
    for method in (
        commands.Connection.StartOk({}, "PLAIN", "\0guest\0guest", "en_US"),
        commands.Connection.TuneOk(10, 131072, 0),
        commands.Connection.Open("/"),
    )
)
PUBLISHING = b"".join(
    frame.marshal(method, 1)
    for method in (
        commands.Channel.Open(),
        commands.Confirm.Select(),
        commands.Queue.Declare(queue="q", arguments={"x-message-ttl": 60_000, "x-dead-letter-exchange": ""}),
        Basic.Consume(queue="q"),
        Basic.Publish(routing_key="q", mandatory=True),
        header.ContentHeader(body_size=3, properties=Basic.Properties(headers={"CC": ["q"], "n": 1})),
        body.ContentBody(b"abc"),
        Basic.Nack(1, requeue=False),
    )
)


@asynccontextmanager
async def client_of(broker: Broker) -> AsyncIterator[RawClient]:
    """A raw client, logged in on channel 1."""
    client = await RawClient.connect(broker.url)
    try:
        yield client
    finally:
        await client.close()


async def declare(client: RawClient, name: str) -> int | None:
    """Declare a queue and tell how many messages are ready in it."""
    client.send(commands.Queue.Declare(queue=name))
    return (await client.wait_for(commands.Queue.DeclareOk)).message_count


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.1", "example.com", ""])
async def test_it_listens_on_loopback_only(host: str) -> None:
    with pytest.raises(ValueError, match="loopback only"):
        await Broker().start(host)


async def test_starting_and_stopping_twice_is_the_same_as_once() -> None:
    broker = Broker()
    await broker.stop()
    await broker.start()
    port = broker.port
    await broker.start()
    assert (broker.port, broker.url) == (port, f"amqp://guest:guest@127.0.0.1:{port}/")
    await broker.stop()
    await broker.stop()
    with pytest.raises(OSError, match=r"."):
        await RawClient.open(broker.url)


async def test_a_broker_can_be_started_again_and_is_empty_then() -> None:
    broker = Broker()
    await broker.start()
    async with client_of(broker) as client:
        await declare(client, "q")
    await broker.stop()
    await broker.start(port=broker.port)
    assert broker.queue_names() == []
    await broker.stop()


async def test_stopping_says_goodbye(dev_broker: Broker) -> None:
    async with client_of(dev_broker) as client:
        stopping = asyncio.create_task(dev_broker.stop())
        assert (await client.wait_for(commands.Connection.Close)).reply_code == 320
        client.send(commands.Connection.CloseOk(), 0)
        await client.ended()
        await stopping


async def test_stopping_does_not_wait_long_for_a_client_that_says_nothing(dev_broker: Broker) -> None:
    async with client_of(dev_broker), asyncio.timeout(5):
        await dev_broker.stop()


async def test_queues_can_be_looked_into_without_a_network(dev_broker: Broker) -> None:
    async with client_of(dev_broker) as client:
        await declare(client, "q")
        for _ in range(3):
            client.publish(b"x", "q")
        client.send(Basic.Get(queue="q"))
        await client.wait_for(Basic.GetOk)
        assert dev_broker.queue_names() == ["q"]
        assert (dev_broker.queue_depth("q"), dev_broker.queue_unacked("q")) == (2, 1)
    with pytest.raises(KeyError):
        dev_broker.queue_depth("nope")


async def test_a_name_that_the_codec_cannot_say_is_refused_and_not_fatal(dev_broker: Broker) -> None:
    async with client_of(dev_broker) as client:
        declaration = commands.Queue.Declare(queue="q").marshal().replace(b"\x01q", b"\x01*")
        client.write(b"\x01\x00\x01" + (len(declaration) + 4).to_bytes(4, "big"))
        client.write(b"\x00\x32\x00\x0a" + declaration + b"\xce")
        assert (await client.wait_for(commands.Channel.Close)).reply_code == 406


async def test_dropped_connections_give_back_what_they_had(dev_broker: Broker) -> None:
    async with client_of(dev_broker) as client, client_of(dev_broker) as other:
        await declare(client, "q")
        client.publish(b"x", "q")
        client.send(Basic.Get(queue="q"))
        await client.wait_for(Basic.GetOk)
        dev_broker.drop_connections()
        await client.ended()
        await other.ended()
    async with client_of(dev_broker) as third:
        assert await declare(third, "q") == 1


async def test_a_client_that_does_not_read_is_not_buried(dev_broker: Broker) -> None:
    size, count = 100_000, 200
    async with client_of(dev_broker) as slow, client_of(dev_broker) as publisher:
        await declare(slow, "q")
        slow.send(Basic.Consume(queue="q", no_ack=True))
        await slow.wait_for(Basic.ConsumeOk)
        for _ in range(count):
            publisher.publish(b"x" * size, "q")
        assert (await declare(publisher, "q") or 0) > count / 2  # the rest stayed where it is
        for _ in range(count):
            await slow.wait_for(Basic.Deliver)
        assert dev_broker.queue_depth("q") == 0


@pytest.fixture
def survive(caplog: pytest.LogCaptureFixture) -> Iterator[Callable[[bytes], None]]:
    """Give a function that sends bytes to one broker and checks that it still serves others."""
    with asyncio.Runner() as runner:
        broker = Broker()
        accidents: list[object] = []
        runner.get_loop().set_exception_handler(lambda _loop, context: accidents.append(context))
        runner.run(broker.start())

        def send(data: bytes) -> None:
            runner.run(_send_and_leave(broker, data))
            assert accidents == []
            assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []

        yield send
        runner.run(broker.stop())


async def _send_and_leave(broker: Broker, data: bytes) -> None:
    client = await RawClient.open(broker.url)
    client.write(data)
    with suppress(ConnectionError):
        await client.finish()
    await client.ended()
    await client.close()
    async with client_of(broker) as other:
        await declare(other, "alive")


def given_bytes(strategy: st.SearchStrategy[bytes]) -> Callable[..., Callable[..., None]]:
    """Run a test with `survive` on many byte strings, quickly."""

    def decorate(test: Callable[[Callable[[bytes], None], bytes], None]) -> Callable[..., None]:
        def run(survive: Callable[[bytes], None]) -> None:
            @settings(max_examples=60, deadline=None, database=None)
            @given(strategy)
            def example(data: bytes) -> None:
                test(survive, data)

            example()

        return run

    return decorate


@given_bytes(st.binary(max_size=200))
def test_garbage_does_not_kill_it(survive: Callable[[bytes], None], data: bytes) -> None:
    survive(data)


@given_bytes(st.binary(max_size=200))
def test_garbage_behind_the_protocol_header_does_not_kill_it(
    survive: Callable[[bytes], None], data: bytes
) -> None:
    survive(PROTOCOL_HEADER + data)


@given_bytes(st.integers(0, len(LOGIN)).map(lambda end: LOGIN[:end]))
def test_a_torn_login_does_not_kill_it(survive: Callable[[bytes], None], data: bytes) -> None:
    survive(PROTOCOL_HEADER + data)


@given_bytes(
    st.tuples(st.sampled_from([1, 2, 3, 8, 9]), st.integers(0, 3), st.binary(max_size=60)).map(
        lambda parts: frame._marshal(*parts)
    )
)
def test_well_framed_garbage_of_a_logged_in_client_does_not_kill_it(
    survive: Callable[[bytes], None], data: bytes
) -> None:
    survive(PROTOCOL_HEADER + LOGIN + frame.marshal(commands.Channel.Open(), 1) + data)


@given_bytes(
    st.lists(st.tuples(st.integers(0, len(PUBLISHING) - 1), st.integers(0, 255)), min_size=1, max_size=4).map(
        lambda changes: _with_changes(PUBLISHING, changes)
    )
)
def test_a_conversation_with_wrong_bytes_in_it_does_not_kill_it(
    survive: Callable[[bytes], None], data: bytes
) -> None:
    survive(PROTOCOL_HEADER + LOGIN + data)


def _with_changes(data: bytes, changes: list[tuple[int, int]]) -> bytes:
    changed = bytearray(data)
    for place, value in changes:
        changed[place] = value
    return bytes(changed)
