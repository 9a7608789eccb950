"""A house for each test: a daemon in this process, on each of the two brokers and a real Redis."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.conftest import AmqpBroker
from tests.integration.house import TOKEN_KEYS, WORKFLOWS, House, house_on
from tests.integration.play import Play, playing

__all__ = ["TOKEN_KEYS", "WORKFLOWS", "House"]


@pytest.fixture
async def empty_house(amqp_broker: AmqpBroker, redis_url: str) -> AsyncIterator[House]:
    """Servers without a daemon."""
    async with house_on(amqp_broker.amqp_url, redis_url) as house:
        yield house


@pytest.fixture
async def house(empty_house: House) -> AsyncIterator[House]:
    """Servers with one daemon that has `WORKFLOWS`."""
    async with empty_house.daemon():
        yield empty_house


@pytest.fixture
async def play(empty_house: House) -> AsyncIterator[Play]:
    """Servers for a test that brings its own workflows."""
    async with playing(empty_house) as play:
        yield play
