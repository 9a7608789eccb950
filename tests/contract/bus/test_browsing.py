"""Looking through a queue: on both brokers it comes back whole, and in its order."""

from __future__ import annotations

import aiormq
import pytest
from pamqp.commands import Basic

from resistor.bus import AmqpBus, Names
from resistor.bus.browsing import PAGE_MESSAGES
from resistor.errors import NotFound
from resistor.ports import Delivery
from tests.conftest import AmqpBroker
from tests.contract.bus.conftest import NewBus
from tests.contract.bus.post import bodies, letter
from tests.contract.bus.test_odd_messages import PLACEHOLDER, raw, send

MANY = 2 * PAGE_MESSAGES + 17


def numbered(count: int, start: int = 0) -> list[bytes]:
    return [b"%05d" % number for number in range(start, start + count)]


async def fill(bus: AmqpBus, contents: list[bytes]) -> None:
    await bus.publish([letter(bus.names.dead, "somewhere", body) for body in contents])


async def look(bus: AmqpBus) -> list[Delivery]:
    """Look through the dead queue once."""
    async with bus.browse(bus.names.dead_queue) as browser:
        return [delivery async for page in browser.pages() for delivery in page]


async def depth(bus: AmqpBus) -> int:
    info = await bus.inspect(bus.names.dead_queue)
    assert info is not None
    return info.messages


@pytest.mark.parametrize("count", [0, 1, PAGE_MESSAGES, PAGE_MESSAGES + 1, MANY])
async def test_looking_again_and_again_finds_everything_in_its_order(bus: AmqpBus, count: int) -> None:
    contents = numbered(count)
    await fill(bus, contents)
    for _ in range(3):
        assert bodies(await look(bus)) == contents


async def test_thousands_keep_their_order(bus: AmqpBus) -> None:
    """A queue that is slower than its channel gets what comes back in large pieces, in any order."""
    contents = numbered(20 * PAGE_MESSAGES + 3)
    for start in range(0, len(contents), 200):
        await fill(bus, contents[start : start + 200])
    for _ in range(3):
        assert bodies(await look(bus)) == contents


async def test_what_is_removed_is_gone_and_the_rest_keeps_its_order(bus: AmqpBus, names: Names) -> None:
    await fill(bus, numbered(MANY))
    async with bus.browse(names.dead_queue) as browser:
        async for page in browser.pages():
            await browser.remove([each for each in page if each.envelope.body.endswith(b"7")])
    left = [body for body in numbered(MANY) if not body.endswith(b"7")]
    assert bodies(await look(bus)) == left


async def test_what_is_removed_is_gone_however_soon_the_channel_is_closed(bus: AmqpBus, names: Names) -> None:
    """RabbitMQ keeps acknowledgements back that come fast, and forgets them with their channel."""
    for _ in range(5):
        await fill(bus, numbered(MANY))
        async with bus.browse(names.dead_queue) as browser:
            async for page in browser.pages():
                await browser.remove(page)
        assert await look(bus) == []


async def test_one_who_stops_early_gives_back_what_it_has_seen(bus: AmqpBus, names: Names) -> None:
    await fill(bus, numbered(MANY))
    async with bus.browse(names.dead_queue) as browser:
        async for page in browser.pages():
            assert bodies(page) == numbered(len(page))
            break
    assert bodies(await look(bus)) == numbered(MANY)


async def test_what_comes_meanwhile_is_found_and_nothing_twice(bus: AmqpBus, names: Names) -> None:
    await fill(bus, numbered(MANY))
    seen: list[bytes] = []
    async with bus.browse(names.dead_queue) as browser:
        async for page in browser.pages():
            if not seen:
                await fill(bus, numbered(3, start=MANY))
            seen += bodies(page)
    assert seen == numbered(MANY + 3)
    assert bodies(await look(bus)) == seen


async def test_one_who_dies_meanwhile_loses_nothing(bus: AmqpBus, new_bus: NewBus, names: Names) -> None:
    await fill(bus, numbered(MANY))
    dying = await new_bus()
    async with dying.browse(names.dead_queue) as browser:
        count = 0
        async for page in browser.pages():
            count += len(page)
        assert (count, await depth(bus)) == (MANY, 0)
        await browser._channel.connection.close()
    found: list[bytes] = []

    async with bus.browse(names.dead_queue) as browser:
        async for page in browser.pages():
            found += bodies(page)
    assert sorted(found) == numbered(MANY)


async def test_a_queue_that_is_not_there_is_said(bus: AmqpBus) -> None:
    async with bus.browse("no-such-queue") as browser:
        with pytest.raises(NotFound, match="queue no-such-queue cannot be read"):
            await anext(browser.pages())
    assert await look(bus) == []


async def test_what_cannot_be_decoded_stops_nobody(
    bus: AmqpBus, stranger: aiormq.Channel, names: Names, amqp_broker: AmqpBroker
) -> None:
    """The odd one stands behind a full page: there it comes by a get, and not by a delivery."""
    if amqp_broker.name == "dev broker":
        pytest.skip("it decodes routing keys itself, and takes no such message")
    await fill(bus, numbered(PAGE_MESSAGES))
    odd = raw(stranger, names.dead, PLACEHOLDER.decode(), Basic.Properties(message_id="m"))
    await send(stranger, odd.replace(PLACEHOLDER, b"\xff" * len(PLACEHOLDER)))
    await stranger.basic_qos(prefetch_count=1)  # its answer says that the frames before have been read
    await fill(bus, numbered(2, start=PAGE_MESSAGES))
    found = await look(bus)
    assert len(found) == PAGE_MESSAGES + 3
    assert found[PAGE_MESSAGES].routing_key == "\\xff" * len(PLACEHOLDER)
    assert bodies(found[PAGE_MESSAGES + 1 :]) == numbered(2, start=PAGE_MESSAGES)
