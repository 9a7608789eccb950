"""The journal: every event is in it, in order, from a time on and until now; reading takes nothing out."""

from __future__ import annotations

import time

import pytest

from resistor.bus import AmqpBus, Names, journal_topology, topology
from resistor.errors import OperatorMistake
from resistor.messages.envelope import Envelope
from resistor.ports import Delivery, Publish
from tests.servers import RabbitMQ


async def bus_on(rabbitmq: RabbitMQ, names: Names) -> AmqpBus:
    bus = AmqpBus(rabbitmq.new_vhost(), names, client_name="test")
    await bus.start()
    await bus.declare(topology(names))
    return bus


async def read(bus: AmqpBus, since: float) -> list[Delivery]:
    return [each async for page in bus.journal().since(since) for each in page]


def event(names: Names, number: int) -> Publish:
    envelope = Envelope(body=b"{}", message_id=f"e-{number}")
    return Publish(exchange=names.events, routing_key="shop.x", envelope=envelope)


async def test_events_and_orders_are_read_in_their_order_as_often_as_one_likes(
    rabbitmq: RabbitMQ, names: Names
) -> None:
    bus = await bus_on(rabbitmq, names)
    try:
        await bus.declare(journal_topology(names))
        await bus.publish([event(names, number) for number in range(700)])
        for verb in ("start", "answer"):
            order = Publish(exchange=names.commands, routing_key=verb, envelope=Envelope(body=b"{}"))
            await bus.publish([order])
        for _ in range(2):
            found = await read(bus, 0.0)
            assert [each.envelope.message_id for each in found[:-1]] == [f"e-{n}" for n in range(700)]
            assert {(each.queue, each.routing_key) for each in found[:-1]} == {(names.events_queue, "shop.x")}
            assert (found[-1].queue, found[-1].routing_key) == (names.commands_queue, "start")
        assert [each.envelope.message_id for each in await read(bus, time.time() - 60)][:1] == ["e-0"]
        info = await bus.inspect(names.events_queue)
        assert info is not None
        assert info.messages == 700, "the journal has copies"
    finally:
        await bus.close()


async def test_a_journal_that_is_not_there_is_told_as_such(rabbitmq: RabbitMQ, names: Names) -> None:
    bus = await bus_on(rabbitmq, names)
    try:
        with pytest.raises(OperatorMistake, match=r"the journal resistor\.journal cannot be read"):
            await read(bus, 0.0)
    finally:
        await bus.close()
