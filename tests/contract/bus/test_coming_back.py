"""A broker that goes away: nothing that was confirmed is lost, and it is said once.

What only RabbitMQ can do (die, and be started with the same data) is tested on RabbitMQ; a connection that
breaks, on the dev broker too.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest
from pamqp import commands

from resistor.bus import AmqpBus, Names, bus, declaring, one_shot, topology
from resistor.bus.channels import Lost
from resistor.bus.topology import Topology
from resistor.dev.broker import Broker, handshake
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
    crash: bool, fresh_rabbitmq: RabbitMQ, names: Names, client: str, caplog: pytest.LogCaptureFixture
) -> None:
    if (crash, client) == (False, "aiormq"):
        pytest.skip("a restart in order is the same to it, and takes as long")
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

    async with AmqpBus(fresh_rabbitmq.new_vhost(), names, client_name="test") as bus:
        await bus.declare(topology(names))
        lane = bus.lane(names.events_queue, prefetch=50)
        async with asyncio.TaskGroup() as tasks:
            publishers = [tasks.create_task(publish(bus, name)) for name in range(4)]
            await under_way.wait()
            held = await take(lane, 20)
            await asyncio.to_thread(fresh_rabbitmq.kill if crash else fresh_rabbitmq.stop)
            await until(lambda: not bus.connected)
            await lane.ack(held)
            await asyncio.to_thread(fresh_rabbitmq.start)
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


class Refuser:
    """In the place of what asks the broker: says so many times that the connection is gone."""

    def __init__(self, times: float) -> None:
        self.left = times
        self.asked: list[float] = []

    async def __call__(self, *_: object) -> None:
        self.asked.append(asyncio.get_running_loop().time())
        self.left -= 1
        if self.left >= 0:
            raise Lost("too many connections")


async def ask_for(bus: AmqpBus, what: str, names: Names) -> None:
    """Declare, or inspect."""
    await (bus.declare(topology(names)) if what == "declare" else bus.inspect(names.events_queue))


def refuse(monkeypatch: pytest.MonkeyPatch, what: str, times: float) -> Refuser:
    """Have the broker refuse every new connection or channel so often, with the links up."""
    refuser = Refuser(times)
    if what == "declare":
        monkeypatch.setattr(declaring, "declare", refuser)
    else:
        monkeypatch.setattr(bus, "_inspect", refuser)
    return refuser


asking = pytest.mark.parametrize("what", ["declare", "inspect"])


@asking
async def test_what_is_asked_in_vain_is_asked_again_with_pauses(
    what: str, dev_broker: Broker, names: Names, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuser = refuse(monkeypatch, what, 2)
    async with AmqpBus(dev_broker.url, names, client_name="test") as bus:
        await ask_for(bus, what, names)
    first, second, third = refuser.asked
    assert second - first >= 0.09
    assert third - second >= 0.19


@asking
async def test_a_command_hears_that_what_it_asks_is_in_vain(
    what: str, dev_broker: Broker, names: Names, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuser = refuse(monkeypatch, what, float("inf"))
    async with one_shot(dev_broker.url, names, client_name="test", timeout=0.3) as bus:
        with pytest.raises(BrokerUnreachable, match="cannot be reached: too many connections"):
            await ask_for(bus, what, names)
    assert 2 <= len(refuser.asked) <= 5


@asking
async def test_asking_in_vain_can_be_cancelled(
    what: str, dev_broker: Broker, names: Names, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuser = refuse(monkeypatch, what, float("inf"))
    async with AmqpBus(dev_broker.url, names, client_name="test") as bus:
        task = asyncio.create_task(ask_for(bus, what, names))
        await until(lambda: refuser.asked)
        task.cancel()
        await asyncio.wait({task})
    assert task.cancelled()


@pytest.mark.parametrize(
    ("seconds", "query", "agreed"), [(None, "", 10), (7.4, "", 7), (0.2, "", 1), (7.0, "?heartbeat=3", 3)]
)
async def test_the_heartbeat_is_what_was_asked_for_on_every_connection(
    seconds: float | None, query: str, agreed: int, names: Names, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[float] = []
    agree = handshake.agree

    def note(reply: commands.Connection.TuneOk) -> handshake.Limits:
        limits = agree(reply)
        seen.append(limits.heartbeat_s)
        return limits

    monkeypatch.setattr(handshake, "agree", note)
    given: dict[str, Any] = {} if seconds is None else {"heartbeat_seconds": seconds}
    async with Broker() as broker, AmqpBus(broker.url + query, names, client_name="test", **given) as bus:
        await bus.start(timeout=5.0)
        await bus.declare(Topology((), (), ()))
    assert seen == [agreed] * 3


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
