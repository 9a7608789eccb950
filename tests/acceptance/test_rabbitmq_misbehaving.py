"""RabbitMQ with an alarm, that hangs up, loses queues or takes rights away: nothing that it took is lost."""

from __future__ import annotations

import asyncio

import aio_pika
import pytest
from yarl import URL

from tests.acceptance.conftest import Site
from tests.servers import RabbitMQ

pytestmark = pytest.mark.xdist_group("acceptance")


def ids(start: int, end: int) -> list[str]:
    return [f"order-{number}" for number in range(start, end)]


def vhost_of(site: Site) -> str:
    return URL(site.amqp_url).path.removeprefix("/")


async def ctl(rabbitmq: RabbitMQ, *words: str) -> str:
    return await asyncio.to_thread(rabbitmq.ctl, *words)


async def test_a_memory_alarm_holds_everything_up_and_loses_nothing(site: Site, rabbitmq: RabbitMQ) -> None:
    daemon, module = await site.daemon(), await site.module()
    await site.publish(ids(0, 40))
    await site.ended("order-0")
    await ctl(rabbitmq, "set_vm_memory_high_watermark", "0.00001")
    try:
        late = asyncio.create_task(site.publish(ids(40, 50)))
        await asyncio.to_thread(_until_alarm, rabbitmq)
    finally:
        await ctl(rabbitmq, "set_vm_memory_high_watermark", "0.6")
    await late
    await site.holds(ids(0, 50))
    assert (daemon.is_over, module.is_over) == (False, False)


def _until_alarm(rabbitmq: RabbitMQ) -> None:
    """Return when the broker reads no more from who publishes; each look takes a second by itself."""
    while "block" not in rabbitmq.ctl("list_connections", "state"):
        pass


async def test_connections_that_the_broker_closes_come_back(site: Site, rabbitmq: RabbitMQ) -> None:
    daemon, module = await site.daemon(), await site.module()
    await site.publish(ids(0, 40))
    await site.ended("order-0")
    for _ in range(2):
        await ctl(rabbitmq, "close_all_connections", "--vhost", vhost_of(site), "an operator's whim")
    await daemon.says("broker_back")
    await site.reopen()
    await site.publish(ids(40, 50))
    await site.holds(ids(0, 50))
    assert (daemon.is_over, module.is_over) == (False, False)


@pytest.mark.parametrize("name", ["results", "commands"])
async def test_a_queue_that_is_deleted_under_the_daemon_is_declared_again(
    site: Site, rabbitmq: RabbitMQ, name: str
) -> None:
    daemon = await site.daemon()
    await site.module()
    await site.publish(ids(0, 3))
    await site.holds(ids(0, 3))
    await (await site.outside.queue(f"resistor.{name}")).delete(if_unused=False, if_empty=False)
    await daemon.says("queue_back")
    bound = ("list_bindings", "--vhost", vhost_of(site), "source_kind", "source_name", "destination_name")
    while f"exchange\tresistor.{name}\tresistor.{name}" not in await ctl(rabbitmq, *bound):
        pass  # it is there a moment before it is bound, and what is published then is nobody's
    await site.publish(ids(3, 6))
    await site.holds(ids(0, 6))


async def test_what_comes_while_the_queue_of_events_is_away_is_told_by_the_journal(site: Site) -> None:
    daemon = await site.daemon(RESISTOR_JOURNAL="stream")
    await site.module()
    await site.publish(ids(0, 3))
    await site.holds(ids(0, 3))
    await (await site.outside.queue("resistor.events")).delete(if_unused=False, if_empty=False)
    await site.publish(ids(3, 6))  # confirmed: the journal has them
    await daemon.says("events_retold")
    await site.publish(ids(6, 9))
    await site.holds(ids(0, 9))


async def test_a_module_s_queue_that_is_deleted_is_declared_again_and_its_actions_find_it(site: Site) -> None:
    daemon = await site.daemon()
    await (await site.outside.queue("resistor.module.ledger")).delete(if_unused=False, if_empty=False)
    await site.publish(ids(0, 5))
    await daemon.says("publish_refused")
    await site.module()
    await site.holds(ids(0, 5))


async def test_a_queue_with_other_arguments_is_named_with_both_values_and_the_others_work(
    site: Site,
) -> None:
    connection = await aio_pika.connect(site.amqp_url)
    async with connection:
        channel = await connection.channel()
        await channel.declare_queue("resistor.retry.1h", durable=True, arguments={"x-message-ttl": 7})
    daemon = await site.daemon()
    await site.module()
    await site.publish(ids(0, 5))
    await site.holds(ids(0, 5))
    [line] = [line for line in daemon.lines if "topology_mismatch" in line]
    assert "resistor.retry.1h" in line
    assert "x-queue-type" in line or "x-message-ttl" in line
    assert "classic" in line or "'7'" in line
    assert "quorum" in line or "3600000" in line
    assert "Traceback" not in daemon.log


async def test_rights_that_are_taken_away_stop_publishing_until_they_are_back(
    site: Site, rabbitmq: RabbitMQ
) -> None:
    vhost = vhost_of(site)
    daemon, module = await site.daemon(), await site.module()
    await site.publish(ids(0, 5))
    await site.holds(ids(0, 5))
    await ctl(rabbitmq, "add_user", "starter", "secret")
    await ctl(rabbitmq, "set_permissions", "-p", vhost, "starter", ".*", ".*", ".*")
    try:
        await site.outside.close()
        site.amqp_url = str(URL(site.amqp_url).with_user("starter").with_password("secret"))
        await ctl(rabbitmq, "set_permissions", "-p", vhost, "guest", "^$", "^$", ".*")
        # RabbitMQ remembers for a minute what a channel may do: new ones are asked at once.
        await ctl(rabbitmq, "close_all_connections", "--vhost", vhost, "rights have changed")
        await site.reopen()
        await site.publish(ids(5, 15))
        await daemon.says("publish_refused")
        await ctl(rabbitmq, "set_permissions", "-p", vhost, "guest", ".*", ".*", ".*")
        await site.holds(ids(0, 15))
        assert (daemon.is_over, module.is_over) == (False, False)
    finally:
        await ctl(rabbitmq, "set_permissions", "-p", vhost, "guest", ".*", ".*", ".*")
        await ctl(rabbitmq, "delete_user", "starter")
