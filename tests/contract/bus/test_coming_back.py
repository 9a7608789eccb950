"""A broker that goes away: nothing that was confirmed is lost, and it is said once.

What only RabbitMQ can do (die, and be started with the same data) is tested on RabbitMQ; a connection that
breaks, on the dev broker too.
"""

from __future__ import annotations

import asyncio
import logging

import pytest

from resistor.bus import AmqpBus, Names, one_shot, topology
from resistor.dev.broker import Broker
from resistor.dev.child import free_port
from resistor.errors import BrokerUnreachable, OperatorMistake
from resistor.ports import Outcome
from tests.contract.bus.post import bodies, letter, take, until
from tests.servers import RabbitMQ


def said(caplog: pytest.LogCaptureFixture, verb: str) -> int:
    """Count how often a line with this action was logged."""
    return sum(getattr(record, "action", None) == verb for record in caplog.records)


@pytest.mark.parametrize("crash", [True, False], ids=["killed", "restarted"])
async def test_while_rabbitmq_restarts_nothing_confirmed_is_lost_and_it_is_said_once(
    crash: bool, rabbitmq: RabbitMQ, names: Names, caplog: pytest.LogCaptureFixture
) -> None:
    under_way, back = asyncio.Event(), asyncio.Event()

    async def publish(bus: AmqpBus, name: int) -> list[bytes]:
        confirmed: list[bytes] = []
        while not back.is_set() or len(confirmed) < 500:
            batch = [b"%d/%d" % (name, len(confirmed) + n) for n in range(20)]
            outcomes = await bus.publish([letter(names.events, "a.b", body) for body in batch])
            assert outcomes == [Outcome.CONFIRMED] * 20
            confirmed += batch
            if len(confirmed) >= 300:
                under_way.set()
        return confirmed

    async with AmqpBus(rabbitmq.new_vhost(), names, client_name="test") as bus:
        await bus.declare(topology(names))
        lane = bus.lane(names.events_queue, prefetch=50)
        async with asyncio.TaskGroup() as tasks:
            publishers = [tasks.create_task(publish(bus, name)) for name in range(4)]
            await under_way.wait()
            held = await take(lane, 20)
            await asyncio.to_thread(rabbitmq.kill if crash else rabbitmq.stop)
            await until(lambda: not bus.connected)
            await lane.ack(held)
            await asyncio.to_thread(rabbitmq.start)
            await until(lambda: bus.connected)
            back.set()
        expected = {body for publisher in publishers for body in publisher.result()}
        arrived: set[bytes] = set()
        while not expected <= arrived:
            taken = await take(lane, 1)
            arrived |= set(bodies(taken))
            await lane.ack(taken)
        assert not bus.blocked
    assert said(caplog, "broker_away") == 1
    assert said(caplog, "broker_back") == 1


async def test_a_frozen_broker_is_waited_for(rabbitmq: RabbitMQ, names: Names) -> None:
    async with AmqpBus(rabbitmq.new_vhost(), names, client_name="test") as bus:
        await bus.declare(topology(names))
        await bus.publish([letter(names.events, "a.b", b"before")])
        rabbitmq.pause()
        try:
            publishing = asyncio.create_task(bus.publish([letter(names.events, "a.b", b"while frozen")]))
            _, pending = await asyncio.wait({publishing}, timeout=0.5)
            assert pending
        finally:
            rabbitmq.resume()
        assert await publishing == [Outcome.CONFIRMED]


async def test_an_alarm_blocks_publishing_visibly_and_nothing_else(rabbitmq: RabbitMQ, names: Names) -> None:
    async with AmqpBus(rabbitmq.new_vhost(), names, client_name="test") as bus:
        await bus.declare(topology(names))
        lane = bus.lane(names.events_queue, prefetch=50)
        await bus.publish([letter(names.events, "a.b", b"before")])
        await asyncio.to_thread(rabbitmq.ctl, "set_vm_memory_high_watermark", "absolute", "1MB")
        try:
            publishing = asyncio.create_task(bus.publish([letter(names.events, "a.b", b"during")]))
            await until(lambda: bus.blocked)
            await lane.ack(await take(lane, 1))
            assert not publishing.done()
        finally:
            await asyncio.to_thread(rabbitmq.ctl, "set_vm_memory_high_watermark", "0.4")
        assert await publishing == [Outcome.CONFIRMED]
        await until(lambda: not bus.blocked)


async def test_a_dropped_connection_comes_back_by_itself_and_it_is_said_once(
    dev_broker: Broker, names: Names, caplog: pytest.LogCaptureFixture
) -> None:
    async with AmqpBus(dev_broker.url, names, client_name="test") as bus:
        await bus.declare(topology(names))
        lane = bus.lane(names.events_queue, prefetch=10)
        await bus.publish([letter(names.events, "a.b", b"1")])
        stale = await take(lane, 1)
        dev_broker.drop_connections()
        await until(lambda: not bus.connected)
        assert await bus.publish([letter(names.events, "a.b", b"2")]) == [Outcome.CONFIRMED]
        await lane.ack(stale)
        taken = await take(lane, 2)
        assert sorted(bodies(taken)) == [b"1", b"2"]
        assert {delivery.generation for delivery in taken}.isdisjoint({stale[0].generation})
    assert said(caplog, "broker_away") == 1
    assert said(caplog, "broker_back") == 1


async def test_a_bus_may_start_before_its_broker(names: Names, caplog: pytest.LogCaptureFixture) -> None:
    port = free_port()
    async with AmqpBus(f"amqp://guest:guest@127.0.0.1:{port}/", names, client_name="test") as bus:
        publishing = asyncio.create_task(bus.publish([letter(names.events, "a.b", b"early")]))
        declaring = asyncio.create_task(bus.declare(topology(names)))
        await until(lambda: said(caplog, "broker_away"))
        broker = Broker()
        await broker.start(port=port)
        try:
            await declaring
            assert await publishing in ([Outcome.CONFIRMED], [Outcome.UNROUTABLE])
            assert bus.connected
        finally:
            await broker.stop()
    assert said(caplog, "broker_away") <= 2


async def test_a_command_hears_within_its_time_that_the_broker_cannot_be_reached(names: Names) -> None:
    url = f"amqp://guest:secret@127.0.0.1:{free_port()}/"
    with pytest.raises(BrokerUnreachable) as caught:
        async with one_shot(url, names, client_name="test", timeout=0.3):
            pass
    assert "127.0.0.1" in str(caught.value)
    assert "secret" not in str(caught.value)


async def test_a_command_hears_of_a_broker_that_accepts_and_says_nothing(names: Names) -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        with pytest.raises(BrokerUnreachable):
            async with one_shot(f"amqp://127.0.0.1:{port}/", names, client_name="test", timeout=0.3):
                pass


async def test_a_command_hears_of_a_broker_that_goes_away_later(dev_broker: Broker, names: Names) -> None:
    async with one_shot(dev_broker.url, names, client_name="test", timeout=0.5) as bus:
        await bus.declare(topology(names))
        lane = bus.lane(names.events_queue, prefetch=1)
        await dev_broker.stop()
        with pytest.raises(BrokerUnreachable):
            await bus.publish([letter(names.events, "a.b")])
        with pytest.raises(BrokerUnreachable):
            await take(lane, 1)


async def test_a_wrong_password_is_told_as_such(rabbitmq: RabbitMQ, names: Names) -> None:
    url = rabbitmq.new_vhost().replace("guest:guest", "guest:wrong")
    with pytest.raises(BrokerUnreachable, match="ACCESS_REFUSED"):
        async with one_shot(url, names, client_name="test", timeout=0.5):
            pass


async def test_a_missing_virtual_host_is_told_as_such(rabbitmq: RabbitMQ, names: Names) -> None:
    with pytest.raises(BrokerUnreachable, match="vhost nowhere not found"):
        async with one_shot(rabbitmq.amqp_url + "nowhere", names, client_name="test", timeout=0.5):
            pass


@pytest.mark.parametrize("url", ["", "localhost", "http://localhost", "amqp://", "amqp://u:secret@h:port/"])
def test_a_url_that_names_no_broker_is_the_operators_mistake(url: str, names: Names) -> None:
    with pytest.raises(OperatorMistake) as caught:
        AmqpBus(url, names, client_name="test")
    assert "secret" not in str(caught.value)


async def test_the_library_below_does_not_log_what_is_said_here(
    dev_broker: Broker, names: Names, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    async with AmqpBus(dev_broker.url, names, client_name="test") as bus:
        await bus.start(timeout=5.0)
        dev_broker.drop_connections()
        await until(lambda: not bus.connected)
        await until(lambda: bus.connected)
    assert {record.name for record in caplog.records} == {"resistor.bus.connection"}
