"""What the bus's contract tests stand on: a bus to each broker, with the topology declared.

Collected by pytest.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import aiormq
import pytest

from resistor.bus import AmqpBus, Names, topology
from tests.conftest import AmqpBroker

NewBus = Callable[[], Awaitable[AmqpBus]]


@pytest.fixture(autouse=True, params=["native", "aiormq"])
def client(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Who speaks AMQP for the buses of a test: our own client, and the one that it can be exchanged for."""
    defaults = AmqpBus.__init__.__kwdefaults__
    assert defaults is not None
    monkeypatch.setitem(defaults, "client", request.param)
    return str(request.param)


@pytest.fixture
def names() -> Names:
    """The default names."""
    return Names()


@pytest.fixture
async def new_bus(amqp_broker: AmqpBroker, names: Names) -> AsyncIterator[NewBus]:
    """Opens buses to the broker under test; they are closed at the end."""
    async with AsyncExitStack() as stack:

        async def start() -> AmqpBus:
            return await stack.enter_async_context(AmqpBus(amqp_broker.amqp_url, names, client_name="test"))

        yield start


@pytest.fixture
async def bus(new_bus: NewBus, names: Names) -> AmqpBus:
    """A bus with everything declared, and queues for the modules `payments` and `stock`."""
    bus = await new_bus()
    await bus.declare(topology(names, ["payments", "stock"]))
    return bus


@pytest.fixture
async def stranger(amqp_broker: AmqpBroker) -> AsyncIterator[aiormq.Channel]:
    """A channel of a client that is not ours, without confirms."""
    connection = await aiormq.connect(amqp_broker.amqp_url)
    try:
        channel = await connection.channel(publisher_confirms=False)
        assert isinstance(channel, aiormq.Channel)
        yield channel
    finally:
        await connection.close()
