"""Where a published message goes. Runs on the dev broker and on RabbitMQ."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from aiormq.abc import AbstractChannel
from aiormq.exceptions import PublishError
from pamqp.commands import Basic

from tests.contract.amqp.conftest import Inbox

TOPICS = {
    "shop.order.placed": {
        "shop.order.placed",
        "shop.*.placed",
        "shop.#",
        "#",
        "#.placed",
        "shop.#.placed",
        "*.order.*",
        "#.*",
    },
    "shop": {"shop.#", "#", "*", "#.*"},
    "shop.placed": {"shop.#", "#", "#.placed", "shop.#.placed", "#.*"},
    "shop.a.b.placed": {"shop.#", "#", "#.placed", "shop.#.placed", "#.*"},
    "": {"#"},
}
PATTERNS = sorted(set().union(*TOPICS.values()))


async def publish(channel: AbstractChannel, exchange: str, key: str, **properties: Any) -> bool:
    """Publish with the mandatory flag; tells whether anybody got it."""
    try:
        await channel.basic_publish(
            key.encode(),
            exchange=exchange,
            routing_key=key,
            mandatory=True,
            properties=Basic.Properties(**properties),
        )
    except PublishError:
        return False
    return True


async def content(channel: AbstractChannel, queue: str) -> list[str]:
    """Take all that is ready in a queue."""
    found = []
    while not isinstance((message := await channel.basic_get(queue, no_ack=True)).delivery, Basic.GetEmpty):
        found.append(message.body.decode())
    return found


def named(pattern: str) -> str:
    """The queue bound with a pattern; clients' codecs know no asterisk in names."""
    return f"q {pattern}".replace("*", "+")


async def test_a_topic_exchange_compares_word_by_word(channel: AbstractChannel) -> None:
    await channel.exchange_declare(exchange="t", exchange_type="topic")
    for pattern in PATTERNS:
        await channel.queue_declare(named(pattern))
        await channel.queue_bind(named(pattern), "t", pattern)
    for key in TOPICS:
        assert await publish(channel, "t", key)
    received = {pattern: await content(channel, named(pattern)) for pattern in PATTERNS}
    expected = {pattern: [key for key in TOPICS if pattern in TOPICS[key]] for pattern in PATTERNS}
    assert received == expected


async def test_a_direct_exchange_takes_the_key_as_it_is(channel: AbstractChannel) -> None:
    await channel.queue_declare("q")
    await channel.queue_bind("q", "amq.direct", "a.*")
    assert not await publish(channel, "amq.direct", "a.b")
    assert await publish(channel, "amq.direct", "a.*")
    assert await content(channel, "q") == ["a.*"]


async def test_a_fanout_exchange_gives_everybody_a_copy(channel: AbstractChannel) -> None:
    for queue in ("a", "b"):
        await channel.queue_declare(queue)
        await channel.queue_bind(queue, "amq.fanout", "whatever")
    assert await publish(channel, "amq.fanout", "x")
    assert [await content(channel, "a"), await content(channel, "b")] == [["x"], ["x"]]


@pytest.mark.parametrize(("match", "expected"), [("all", ["both"]), ("any", ["one", "both"])])
async def test_a_headers_exchange_looks_at_headers(
    channel: AbstractChannel, match: str, expected: list[str]
) -> None:
    await channel.queue_declare("q")
    await channel.queue_bind("q", "amq.headers", "", arguments={"x-match": match, "a": 1, "b": "two"})
    await publish(channel, "amq.headers", "none", headers={"a": 2})
    await publish(channel, "amq.headers", "one", headers={"a": 1})
    await publish(channel, "amq.headers", "both", headers={"a": 1, "b": "two", "c": 3})
    assert await content(channel, "q") == expected


async def test_the_default_exchange_routes_by_queue_name(channel: AbstractChannel) -> None:
    await channel.queue_declare("q")
    assert await publish(channel, "", "q")
    assert not await publish(channel, "", "other")
    assert await content(channel, "q") == ["q"]


async def test_two_bindings_that_both_match_deliver_once(channel: AbstractChannel) -> None:
    await channel.queue_declare("q")
    for pattern in ("a.#", "#.b"):
        await channel.queue_bind("q", "amq.topic", pattern)
    assert await publish(channel, "amq.topic", "a.b")
    assert await content(channel, "q") == ["a.b"]


async def test_an_unbound_queue_gets_nothing_more(channel: AbstractChannel) -> None:
    await channel.queue_declare("q")
    await channel.queue_bind("q", "amq.topic", "a")
    assert await publish(channel, "amq.topic", "a")
    await channel.queue_unbind("q", "amq.topic", "a")
    assert not await publish(channel, "amq.topic", "a")
    assert await content(channel, "q") == ["a"]


async def test_an_exchange_can_be_bound_to_an_exchange(channel: AbstractChannel) -> None:
    await channel.exchange_declare(exchange="inner", exchange_type="fanout")
    await channel.queue_declare("q")
    await channel.queue_bind("q", "inner", "")
    await channel.exchange_bind(destination="inner", source="amq.topic", routing_key="a.*")
    assert await publish(channel, "amq.topic", "a.b")
    assert not await publish(channel, "amq.topic", "b.a")
    await channel.exchange_unbind(destination="inner", source="amq.topic", routing_key="a.*")
    assert not await publish(channel, "amq.topic", "a.b")
    assert await content(channel, "q") == ["a.b"]


async def test_an_alternate_exchange_gets_what_nobody_is_bound_for(channel: AbstractChannel) -> None:
    await channel.exchange_declare(
        exchange="t", exchange_type="topic", arguments={"alternate-exchange": "amq.fanout"}
    )
    for queue, exchange in (("bound", "t"), ("rest", "amq.fanout")):
        await channel.queue_declare(queue)
        await channel.queue_bind(queue, exchange, "a")
    assert await publish(channel, "t", "a")
    assert await publish(channel, "t", "b")
    assert [await content(channel, "bound"), await content(channel, "rest")] == [["a"], ["b"]]


async def test_cc_and_bcc_name_further_keys_and_bcc_is_not_shown(channel: AbstractChannel) -> None:
    for queue in ("a", "b", "c"):
        await channel.queue_declare(queue)
    await publish(channel, "", "a", headers={"CC": ["b"], "BCC": ["c"]})
    for queue in ("a", "b", "c"):
        message = await channel.basic_get(queue, no_ack=True)
        assert message.header.properties.headers == {"CC": ["b"]}


async def test_a_deleted_exchange_is_gone_and_its_name_is_free(channel: AbstractChannel) -> None:
    await channel.exchange_declare(exchange="x", exchange_type="fanout")
    await channel.exchange_delete("x")
    await channel.exchange_declare(exchange="x", exchange_type="topic")


async def test_an_auto_delete_exchange_goes_with_its_last_binding(channel: AbstractChannel) -> None:
    await channel.exchange_declare(exchange="x", exchange_type="fanout", auto_delete=True)
    await channel.queue_declare("q")
    await channel.queue_bind("q", "x", "")
    await channel.queue_delete("q")
    await channel.exchange_declare(exchange="x", exchange_type="topic")


async def test_consumers_of_a_queue_take_turns(channel: AbstractChannel) -> None:
    await channel.queue_declare("q")
    one, two = Inbox(), Inbox()
    for inbox in (one, two):
        await channel.basic_consume("q", inbox.put, no_ack=True)
    await asyncio.gather(*(publish(channel, "", "q") for _ in range(10)))
    assert [len(await inbox.take(5)) for inbox in (one, two)] == [5, 5]
    assert one.empty
    assert two.empty
