"""Redis that answers late, refuses, forgets scripts or is replaced: the daemons wait, and nothing is lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from resistor.dev import valkey
from resistor.dev.child import free_port
from tests.acceptance.conftest import Site
from tests.servers import RedisServer

pytestmark = pytest.mark.xdist_group("acceptance")

Do = Callable[[RedisServer], object]


def ids(start: int, end: int) -> list[str]:
    return [f"order-{number}" for number in range(start, end)]


def frozen(server: RedisServer) -> None:
    server.pause()


def thawed(server: RedisServer) -> None:
    server.resume()


def made_a_replica_of_nobody(server: RedisServer) -> None:
    server.ask("REPLICAOF", "127.0.0.1", str(free_port()))


def made_a_primary(server: RedisServer) -> None:
    server.follow(None)


def without_memory(server: RedisServer) -> None:
    server.ask("CONFIG", "SET", "maxmemory", "1")


def with_memory(server: RedisServer) -> None:
    server.ask("CONFIG", "SET", "maxmemory", "0")


@pytest.mark.parametrize(
    ("spoil", "mend"),
    [
        pytest.param(frozen, thawed, id="frozen beyond its timeout"),
        pytest.param(made_a_replica_of_nobody, made_a_primary, id="read-only"),
        pytest.param(without_memory, with_memory, id="out of memory"),
    ],
)
async def test_a_redis_that_cannot_write_is_waited_for(
    site: Site, redis_server: RedisServer, spoil: Do, mend: Do
) -> None:
    daemon = await site.daemon(RESISTOR_REDIS_TIMEOUT_SECONDS="0.5")
    module = await site.module()
    await site.publish(ids(0, 30))
    await site.ended("order-0")
    spoil(redis_server)
    try:
        await site.publish(ids(30, 50))
        await daemon.says("store_away")
    finally:
        mend(redis_server)
    await daemon.says("store_back")
    await site.holds(ids(0, 50))
    assert (daemon.is_over, module.is_over) == (False, False)
    assert daemon.count("store_went_back") == 0, "it was away, and has lost nothing"


async def test_scripts_that_redis_forgets_under_load_are_loaded_again(
    site: Site, redis_server: RedisServer
) -> None:
    daemon = await site.daemon()
    await site.module()
    for start in range(0, 40, 10):
        await site.publish(ids(start, start + 10))
        redis_server.ask("SCRIPT", "FLUSH")
    await site.holds(ids(0, 40))
    assert (daemon.count("store_away"), daemon.count("batch_failed")) == (0, 0)


# ------------------------------------------------------------------------------------------------ failover


class Address:
    """Where the primary is: connections that come in are led there, and cut when it moves."""

    def __init__(self, port: int) -> None:
        self.port = free_port()
        self._target = port
        self._writers: set[asyncio.StreamWriter] = set()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def move(self, port: int) -> None:
        self._target = port
        for writer in self._writers:
            writer.close()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            there = await asyncio.open_connection("127.0.0.1", self._target)
            self._writers.add(there[1])
            await asyncio.gather(_pump(reader, there[1]), _pump(there[0], writer))
        except OSError:
            pass
        finally:
            writer.close()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()


@asynccontextmanager
async def address_of(server: RedisServer) -> AsyncIterator[Address]:
    address = Address(server.port)
    listening = await asyncio.start_server(address.serve, "127.0.0.1", address.port)
    try:
        yield address
    finally:
        listening.close()


@pytest.fixture
def second_replica(redis_replica: RedisServer) -> object:
    """A replica of the replica: when that one is promoted, there is one to wait for."""
    server = RedisServer(valkey.find_binary())
    try:
        server.start()
        server.follow(redis_replica)
        yield server
    finally:
        server.close()


@pytest.mark.usefixtures("second_replica")
async def test_a_failover_to_a_replica_that_was_waited_for_loses_nothing(
    site: Site, redis_server: RedisServer, redis_replica: RedisServer
) -> None:
    async with address_of(redis_server) as address:
        waiting = {"RESISTOR_REDIS_URL": address.url, "RESISTOR_REDIS_REPLICAS": "1"}
        daemons = [await site.daemon(**waiting), await site.daemon(**waiting)]
        await site.module()
        await site.publish(ids(0, 60))
        await site.some_end(ids(0, 60), at_least=10)
        redis_server.kill()
        redis_replica.follow(None)
        address.move(redis_replica.port)
        await site.use_redis(redis_replica.url)
        await site.publish(ids(60, 70))
        await site.holds(ids(0, 70))
        assert sum(daemon.count("store_went_back") for daemon in daemons) == 0, "nothing confirmed is missing"
        for daemon in daemons:
            assert await daemon.stop() == 0


async def test_without_its_replica_nothing_leaves_until_there_is_one(
    site: Site, redis_replica: RedisServer
) -> None:
    daemon = await site.daemon(RESISTOR_REDIS_REPLICAS="1")
    await site.module()
    await site.publish(ids(0, 5))
    await site.holds(ids(0, 5))
    redis_replica.pause()
    await site.publish(ids(5, 10))
    await daemon.says("0 of 1 replicas have it")
    assert len(site.effects()) == 15, "no action has left that a failover could make unasked"
    redis_replica.resume()
    await daemon.says("store_back")
    await site.holds(ids(0, 10))
