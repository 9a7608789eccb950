"""Fixtures for every test: private servers, and the two brokers behind one name.

Collected by pytest. A missing RabbitMQ is installed where that is possible (root and apt-get), skips its
tests on a laptop and fails them in CI (environment variable CI).
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

import pytest
import redis
from hypothesis import settings

from resistor.dev import valkey
from resistor.dev.broker import Broker
from tests.installing import install_rabbitmq
from tests.servers import RabbitMQ, RedisServer, ServerMissing, find_rabbitmq

# A busy machine is slow, and no example is wrong for that.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark whatever uses the `rabbitmq` fixture, so that `-m "not rabbitmq"` leaves it out."""
    for item in items:
        if "rabbitmq" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.rabbitmq)


@pytest.fixture(scope="session")
def rabbitmq() -> Iterator[RabbitMQ]:
    """A private RabbitMQ node for the session (under xdist: for the worker), running."""
    try:
        program = find_rabbitmq()
    except ServerMissing as missing:
        if not install_rabbitmq():
            (pytest.fail if os.environ.get("CI") else pytest.skip)(str(missing))
        program = find_rabbitmq()
    server = RabbitMQ(program)
    _running.append(server)
    try:
        server.start()
        yield server
    finally:
        _running.clear()
        server.close()


_running: list[RabbitMQ] = []  # the server of this worker, once a test has asked for it


@pytest.fixture(autouse=True)
def _fresh_rabbitmq() -> Iterator[None]:
    """Renew RabbitMQ between two tests, when it has seen many: set up first, so ended last."""
    yield
    for server in _running:
        server.renew_if_worn()


@pytest.fixture
def fresh_rabbitmq(rabbitmq: RabbitMQ) -> RabbitMQ:
    """The same node with little in it, for tests that restart it: the more there is the longer it takes."""
    rabbitmq.renew_if_worn(most=10)
    return rabbitmq


@pytest.fixture
def rabbitmq_url(rabbitmq: RabbitMQ) -> str:
    """The URL of a fresh virtual host on a running RabbitMQ."""
    return rabbitmq.new_vhost()


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisServer]:
    """A private Valkey or Redis process for the session (under xdist: for the worker), running."""
    server = RedisServer(valkey.find_binary())
    try:
        server.start()
        yield server
    finally:
        server.close()


@pytest.fixture
def redis_url(redis_server: RedisServer) -> str:
    """The URL of an empty Redis, up again if the test before took it down."""
    redis_server.start()
    with redis.Redis.from_url(redis_server.url) as client:
        client.flushall()
    return redis_server.url


@pytest.fixture
def redis_replica(redis_url: str, redis_server: RedisServer) -> Iterator[RedisServer]:
    """A replica of the Redis of `redis_url`, in step with it. Whoever promotes it restarts nothing else."""
    replica = RedisServer(valkey.find_binary())
    try:
        replica.start()
        replica.follow(redis_server)
        yield replica
    finally:
        replica.close()


@dataclass(frozen=True, slots=True)
class AmqpBroker:
    """A broker for one test, empty at its start. `name`: "dev broker" or "rabbitmq"."""

    name: str
    amqp_url: str


@pytest.fixture(params=["dev broker", pytest.param("rabbitmq", marks=pytest.mark.rabbitmq)])
async def amqp_broker(request: pytest.FixtureRequest) -> AsyncIterator[AmqpBroker]:
    """Each of the two brokers in turn: what a test says must hold on both."""
    if request.param == "rabbitmq":
        rabbitmq: RabbitMQ = request.getfixturevalue("rabbitmq")
        yield AmqpBroker("rabbitmq", rabbitmq.new_vhost())
        return
    async with Broker() as broker:
        yield AmqpBroker("dev broker", broker.url)


@pytest.fixture
async def dev_broker() -> AsyncIterator[Broker]:
    """The dev broker itself, for tests that look into it (`queue_depth`) without a network."""
    async with Broker() as broker:
        yield broker
