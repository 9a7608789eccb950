"""RabbitMQ or Redis away: the daemon waits, says so once, and comes back by itself."""

from __future__ import annotations

import asyncio

import pytest

from tests.acceptance.conftest import Site
from tests.servers import RabbitMQ, RedisServer

pytestmark = pytest.mark.xdist_group("acceptance")


def ids(count: int) -> list[str]:
    return [f"order-{number}" for number in range(count)]


async def test_redis_away_under_load_holds_messages_and_dead_letters_none(
    site: Site, redis_server: RedisServer
) -> None:
    daemon = await site.daemon()
    await site.module()
    await site.publish(ids(50))
    await site.ended("order-0")
    redis_server.kill()
    await site.publish([f"order-{number}" for number in range(50, 100)])
    await daemon.says("store_away")
    redis_server.start()
    await daemon.says("store_back")
    for number in range(100):
        assert (await site.ended(f"order-{number}")).state.status == "completed"
    assert await site.outside.depth("resistor.dead") == 0
    assert (daemon.count("store_away"), daemon.count("store_back")) == (1, 1), "it says so once"


async def test_redis_away_at_start_is_waited_for(site: Site, redis_server: RedisServer) -> None:
    redis_server.stop()
    daemon = await site.start("serve")
    await daemon.says("store_away")
    await asyncio.to_thread(redis_server.start)
    await daemon.says("taking messages")
    await site.module()
    await site.publish(ids(3))
    await site.holds(ids(3))


async def test_sigterm_while_waiting_for_a_server_ends_with_0(site: Site, redis_server: RedisServer) -> None:
    redis_server.stop()
    daemon = await site.start("serve")
    await daemon.says("store_away")
    assert await daemon.stop() == 0
    redis_server.start()


async def test_rabbitmq_restarted_and_then_killed_under_load_loses_nothing(
    fresh_rabbitmq: RabbitMQ, site: Site
) -> None:
    daemon, module = await site.daemon(), await site.module()
    await site.publish(ids(10))
    await site.holds(ids(10))
    await site.outside.close()
    # Restarted in order first, for its own sake, and because RabbitMQ 3.10 itself loses quorum queues that
    # were declared a second or two before it was killed: they come back without a leader.
    await asyncio.to_thread(fresh_rabbitmq.restart)
    await asyncio.gather(daemon.says("broker_back"), module.says("broker_back"))
    await site.reopen()
    await site.publish([f"order-{number}" for number in range(10, 60)])
    await site.ended("order-10")
    await site.outside.close()
    await asyncio.to_thread(fresh_rabbitmq.kill)
    await daemon.says("broker_away", times=2)
    await asyncio.to_thread(fresh_rabbitmq.start)
    await daemon.says("broker_back", times=2)
    await site.reopen()
    await site.publish([f"order-{number}" for number in range(60, 70)])
    await site.holds(ids(70))
    assert not module.is_over
    assert (daemon.count("broker_away"), daemon.count("broker_back")) == (2, 2), "it says so once each time"
