"""Whatever a client sends to the dev broker: it answers or closes, and everybody else goes on."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pamqp import body, commands, frame, header

from resistor.dev.broker import Broker
from resistor.dev.broker.faults import ConnectionFault
from resistor.dev.broker.properties import Properties
from resistor.dev.broker.wire import FrameReader, decode_content_header, decode_method
from tests.contract.amqp.raw import RawClient
from tests.fuzzing import fuzzed, fuzzed_slowly, mutated

Q = "q"


def framed(*methods: frame.FrameTypes, channel: int = 1) -> bytes:
    return b"".join(frame.marshal(method, channel) for method in methods)


def published(**properties: Any) -> bytes:
    head = header.ContentHeader(body_size=5, properties=commands.Basic.Properties(**properties))
    return framed(commands.Basic.Publish(routing_key=Q, mandatory=True), head, body.ContentBody(b"hello"))


HELLO = header.ProtocolHeader().marshal() + framed(
    commands.Connection.StartOk({}, "PLAIN", "\0guest\0guest", "en_US"),
    commands.Connection.TuneOk(2047, 131072, 0),
    commands.Connection.Open("/"),
    channel=0,
)
ARGUMENTS: Any = {"x-queue-type": "quorum", "x-max-length": 9}
TALK = [
    framed(commands.Queue.Declare(queue=Q, durable=True, arguments=ARGUMENTS)),
    framed(commands.Exchange.Declare(exchange="e", exchange_type="topic"), commands.Confirm.Select()),
    framed(commands.Queue.Bind(queue=Q, exchange="e", routing_key="a.*.#")),
    published(headers={"a": [1, {"b": None}], "x-death": []}, expiration="1000", priority=3),
    published(message_id="m", content_type="application/json", user_id="guest"),
    framed(commands.Basic.Qos(prefetch_count=5), commands.Basic.Consume(queue=Q, consumer_tag="c")),
    framed(commands.Basic.Get(queue=Q), commands.Basic.Ack(delivery_tag=1), commands.Basic.Nack(2)),
    framed(commands.Basic.Cancel(consumer_tag="c"), commands.Queue.Purge(queue=Q)),
    framed(commands.Channel.Close(200, "", 0, 0)),
]
SAID = HELLO + framed(commands.Channel.Open()) + b"".join(TALK)


class Pair:
    """A broker, and a client of it that does nothing wrong."""

    def __init__(self, broker: Broker, good: RawClient) -> None:
        self.broker = broker
        self.good = good

    async def goes_on(self) -> None:
        """The good client still has its queue and gets its message back."""
        self.good.publish(b"still here", "good")
        self.good.send(commands.Basic.Get(queue="good", no_ack=True))
        await self.good.wait_for(commands.Basic.GetOk)
        while True:
            _, found = await self.good.read()
            if isinstance(found, body.ContentBody):
                assert found.value == b"still here"
                return


async def pairs() -> AsyncIterator[Pair]:
    async with Broker() as broker:
        good = await RawClient.connect(broker.url)
        good.send(commands.Queue.Declare(queue="good"))
        await good.wait_for(commands.Queue.DeclareOk)
        yield Pair(broker, good)
        good.cut()


async def say(url: str, *parts: bytes) -> None:
    """Send these as they are, in so many writes, and wait until the broker has closed."""
    client = await RawClient.open(url)
    for part in parts:
        client.write(part)
        await asyncio.sleep(0)
    with suppress(OSError):  # it has closed already
        await client.finish()
    await client.ended()
    await client.close()


def no_mistake_of_ours(caplog: pytest.LogCaptureFixture) -> None:
    assert [record.message for record in caplog.records if record.levelno >= logging.ERROR] == []


@given(
    st.one_of(
        st.binary(max_size=200),
        st.binary(max_size=100).map(lambda data: HELLO + data),
        mutated([SAID]),
        st.tuples(st.permutations(TALK), mutated(TALK)).map(
            lambda drawn: HELLO + framed(commands.Channel.Open()) + b"".join(drawn[0][:4]) + drawn[1]
        ),
    )
)
@fuzzed_slowly
def test_any_bytes_end_their_own_connection_at_most(caplog: pytest.LogCaptureFixture, data: bytes) -> None:
    async def run() -> None:
        async for pair in pairs():
            await say(pair.broker.url, data)
            await pair.goes_on()

    asyncio.run(run())
    no_mistake_of_ours(caplog)


async def test_a_conversation_torn_at_every_byte_is_the_same_conversation(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def left(*parts: bytes) -> dict[str, int]:
        async with Broker() as broker:
            await say(broker.url, *parts)
            return {name: broker.queue_depth(name) for name in broker.queue_names()}

    whole = await left(SAID)
    assert whole == {Q: 1}  # of two messages one was acknowledged
    for at in range(1, len(SAID)):
        assert await left(SAID[:at], SAID[at:]) == whole, at
    no_mistake_of_ours(caplog)


async def test_a_conversation_that_ends_at_any_byte_leaves_the_broker_as_it_was(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async for pair in pairs():
        for at in range(len(SAID)):
            await say(pair.broker.url, SAID[:at])
        await pair.goes_on()
    no_mistake_of_ours(caplog)


@given(st.binary(max_size=300) | mutated([SAID]))
@fuzzed
def test_any_stream_is_cut_the_same_wherever_it_was_torn(data: bytes) -> None:
    def frames(*parts: bytes) -> list[object]:
        reader, found = FrameReader(), list[object]()
        for part in parts:
            try:
                found += reader.feed(part)
            except ConnectionFault as fault:
                return [*found, fault.code]
        return found

    whole = frames(data)
    for at in range(0, len(data), max(1, len(data) // 10)):
        torn = frames(data[:at], data[at:])
        assert torn == whole or whole[-1:] == [501]
    assert frames(*(data[at : at + 1] for at in range(len(data)))) == whole or whole[-1:] == [501]


@given(st.binary(max_size=80) | mutated([method.marshal() for method in [commands.Basic.Qos()]]))
@fuzzed
def test_any_payload_is_a_method_or_a_fault(payload: bytes) -> None:
    for decode in (decode_method, decode_content_header):
        try:
            decode(payload)
        except ConnectionFault as fault:
            assert fault.code in (501, 502, 505, 540)  # noqa: PT017 - both ends are right


@given(st.binary(max_size=120))
@fuzzed
def test_any_properties_are_read_or_a_value_error(raw: bytes) -> None:
    with suppress(ValueError):
        assert Properties(raw).raw == raw
