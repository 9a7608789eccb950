"""Redis loses what it had confirmed: the daemons notice, and every event still comes to exactly one end."""

from __future__ import annotations

import asyncio

import pytest

from tests.acceptance.conftest import Site
from tests.acceptance.processes import Process
from tests.servers import RedisServer

pytestmark = pytest.mark.xdist_group("acceptance")

JOURNAL = {"RESISTOR_JOURNAL": "auto"}


def ids(start: int, end: int) -> list[str]:
    return [f"order-{number}" for number in range(start, end)]


async def one_says(daemons: list[Process], text: str) -> None:
    """Wait until the first of them says it: the one who notices, or recovers."""
    waiting = [asyncio.create_task(daemon.says(text)) for daemon in daemons]
    done, others = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    for task in done:
        task.result()


async def test_an_older_copy_of_the_data_loses_no_event_that_was_acknowledged(
    site: Site, redis_server: RedisServer
) -> None:
    daemons = [await site.daemon(**JOURNAL), await site.daemon(**JOURNAL)]
    module = await site.module()
    await site.publish(ids(0, 20))
    await site.some_end(ids(0, 20), at_least=10)
    aside = await asyncio.to_thread(redis_server.save_aside)
    await site.publish(ids(20, 60))
    await site.some_end(ids(20, 60), at_least=20)
    await asyncio.to_thread(redis_server.restore, aside)
    await one_says(daemons, "store_went_back")
    await one_says(daemons, '"recovered"')
    await site.publish(ids(60, 70))
    await site.holds(ids(0, 70))
    assert not any(process.is_over for process in (*daemons, module))


async def test_a_redis_that_was_flushed_is_filled_again_from_the_journal(
    site: Site, redis_server: RedisServer
) -> None:
    daemon = await site.daemon(**JOURNAL)
    module = await site.module()
    await site.publish(ids(0, 30))
    await site.some_end(ids(0, 30), at_least=10)
    redis_server.ask("FLUSHALL")
    await daemon.says("store_went_back")
    await site.publish(ids(30, 35))
    await site.holds(ids(0, 35))
    assert not module.is_over
