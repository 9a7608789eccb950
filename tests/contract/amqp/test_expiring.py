"""Time to live and dead-lettering. Runs on the dev broker and on RabbitMQ.

Nothing here waits for time to pass: a test waits for the message that the broker moves when it has.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from aiormq.abc import AbstractChannel, DeliveredMessage
from aiormq.exceptions import PublishError
from pamqp.commands import Basic

from tests.contract.amqp.conftest import PATIENCE_S, Inbox, arguments

KINDS = pytest.mark.parametrize("kind", ["classic", "quorum"])


def headers(message: DeliveredMessage) -> dict[str, Any]:
    """The headers of a message."""
    return dict(message.header.properties.headers or {})


async def consume_dead(channel: AbstractChannel) -> Inbox:
    """Declare queue `dead` and consume it."""
    await channel.queue_declare("dead", durable=True)
    inbox = Inbox()
    await channel.basic_consume("dead", inbox.put, no_ack=True)
    return inbox


@KINDS
async def test_a_queues_time_to_live_dead_letters_with_its_story(channel: AbstractChannel, kind: str) -> None:
    dead = await consume_dead(channel)
    await channel.queue_declare("q", durable=True, arguments=arguments(kind, ttl=80, dlx="", dlrk="dead"))
    await channel.queue_bind("q", "amq.topic", "a.b")
    before = time.monotonic()
    await channel.basic_publish(
        b"x", exchange="amq.topic", routing_key="a.b", properties=Basic.Properties(headers={"mine": 0.5})
    )
    message = await dead.one()
    assert time.monotonic() - before >= 0.08
    story = headers(message)
    (death,) = story["x-death"]
    died_at = death.pop("time")
    assert abs((datetime.now(UTC) - died_at).total_seconds()) < 5
    assert death == {
        "count": 1,
        "reason": "expired",
        "queue": "q",
        "exchange": "amq.topic",
        "routing-keys": ["a.b"],
    }
    assert {name: value for name, value in story.items() if name != "x-death"} == {
        "mine": 0.5,
        "x-first-death-queue": "q",
        "x-first-death-reason": "expired",
        "x-first-death-exchange": "amq.topic",
    }
    assert (message.exchange, message.routing_key, message.body) == ("", "dead", b"x")


@KINDS
async def test_a_messages_own_expiration_is_taken_off_and_told(channel: AbstractChannel, kind: str) -> None:
    dead = await consume_dead(channel)
    await channel.queue_declare("q", durable=True, arguments=arguments(kind, ttl=60_000, dlx="", dlrk="dead"))
    await channel.basic_publish(b"x", routing_key="q", properties=Basic.Properties(expiration="50"))
    message = await dead.one()
    assert message.header.properties.expiration is None
    assert headers(message)["x-death"][0]["original-expiration"] == "50"


@KINDS
async def test_only_the_head_of_a_queue_expires(channel: AbstractChannel, kind: str) -> None:
    dead = await consume_dead(channel)
    await channel.queue_declare("q", durable=True, arguments=arguments(kind, dlx="", dlrk="dead"))
    before = time.monotonic()
    for milliseconds in (b"400", b"50"):
        properties = Basic.Properties(expiration=milliseconds.decode())
        await channel.basic_publish(milliseconds, routing_key="q", properties=properties)
    messages = await dead.take(2)
    assert [message.body for message in messages] == [b"400", b"50"]
    assert time.monotonic() - before >= 0.4


@KINDS
async def test_what_is_out_with_a_consumer_does_not_expire(channel: AbstractChannel, kind: str) -> None:
    dead = await consume_dead(channel)
    await channel.queue_declare("q", durable=True, arguments=arguments(kind, ttl=100, dlx="", dlrk="dead"))
    inbox = Inbox()
    await channel.basic_qos(prefetch_count=1)
    await channel.basic_consume("q", inbox.put)
    await channel.basic_publish(b"held", routing_key="q")
    message = await inbox.one()
    await channel.basic_publish(b"waiting", routing_key="q")
    assert (await dead.one()).body == b"waiting"
    await channel.basic_ack(message.delivery_tag or 0)
    assert dead.empty


@KINDS
async def test_a_time_to_live_of_nothing_still_reaches_a_free_consumer(
    channel: AbstractChannel, kind: str
) -> None:
    await channel.queue_declare("q", durable=True, arguments=arguments(kind))
    inbox = Inbox()
    await channel.basic_consume("q", inbox.put, no_ack=True)
    await channel.basic_publish(b"x", routing_key="q", properties=Basic.Properties(expiration="0"))
    assert (await inbox.one()).body == b"x"


@KINDS
async def test_deaths_in_two_queues_are_told_newest_first(channel: AbstractChannel, kind: str) -> None:
    dead = await consume_dead(channel)
    for queue, following in (("one", "two"), ("two", "dead")):
        settings = arguments(kind, ttl=30, dlx="", dlrk=following)
        await channel.queue_declare(queue, durable=True, arguments=settings)
    await channel.basic_publish(b"", routing_key="one")
    story = headers(await dead.one())
    assert [death["queue"] for death in story["x-death"]] == ["two", "one"]
    assert story["x-first-death-queue"] == "one"


@KINDS
async def test_dying_twice_the_same_way_is_counted(channel: AbstractChannel, kind: str) -> None:
    """A retry loop: wait in `delay`, come back to `q`, be rejected into `delay` again."""
    await channel.queue_declare("q", durable=True, arguments=arguments(kind, dlx="", dlrk="delay"))
    await channel.queue_declare("delay", durable=True, arguments=arguments(kind, ttl=30, dlx="", dlrk="q"))
    inbox = Inbox()
    await channel.basic_consume("q", inbox.put)
    await channel.basic_publish(b"", routing_key="q")
    for _ in range(2):
        await channel.basic_reject((await inbox.one()).delivery_tag or 0, requeue=False)
    deaths = headers(await inbox.one())["x-death"]
    assert sorted((death["queue"], death["reason"], death["count"]) for death in deaths) == [
        ("delay", "expired", 2),
        ("q", "rejected", 2),
    ]


@KINDS
async def test_a_circle_that_nobody_rejects_in_ends(channel: AbstractChannel, kind: str) -> None:
    """`one` expires into itself; a copy goes to `dead` each time, so that the end can be seen."""
    await channel.exchange_declare(exchange="round", exchange_type="fanout")
    settings = arguments(kind, ttl=20, dlx="round")
    await channel.queue_declare("one", durable=True, arguments=settings)
    await channel.queue_bind("one", "round", "")
    await channel.queue_declare("dead", durable=True)
    await channel.queue_bind("dead", "round", "")
    dead = Inbox()
    await channel.basic_consume("dead", dead.put, no_ack=True)
    await channel.basic_publish(b"goes round", routing_key="one")
    assert (await dead.one()).body == b"goes round"  # died once; `one` did not get it back
    assert (await channel.queue_declare("one", passive=True)).message_count == 0
    await channel.basic_publish(b"the next", routing_key="one")
    assert (await dead.one()).body == b"the next"


@KINDS
async def test_a_queue_that_dead_letters_to_itself_keeps_what_was_rejected(
    channel: AbstractChannel, kind: str
) -> None:
    await channel.queue_declare("q", durable=True, arguments=arguments(kind, dlx="", dlrk="q"))
    inbox = Inbox()
    await channel.basic_consume("q", inbox.put)
    await channel.basic_publish(b"", routing_key="q")
    for count in (1, 2, 3):
        await channel.basic_reject((await inbox.one()).delivery_tag or 0, requeue=False)
        again = await inbox.one()
        assert headers(again)["x-death"][0]["count"] == count
        await channel.basic_nack(again.delivery_tag or 0, requeue=True)


async def test_an_unused_queue_expires(channel: AbstractChannel) -> None:
    await channel.queue_declare("q", arguments=arguments("classic", expires=150))
    await until_gone(channel, "q")


async def until_gone(channel: AbstractChannel, queue: str) -> None:
    """Publish until the message comes back: that does not count as using a queue, asking for it would."""
    with suppress(PublishError):
        async with asyncio.timeout(PATIENCE_S):
            while True:
                await channel.basic_publish(b"", routing_key=queue, mandatory=True)


async def test_a_consumed_queue_does_not_expire(channel: AbstractChannel) -> None:
    """Its twin without a consumer expires; it is still there then."""
    for queue in ("q", "twin"):
        await channel.queue_declare(queue, arguments=arguments("classic", expires=150))
    await channel.basic_consume("q", Inbox().put, no_ack=True)
    await until_gone(channel, "twin")
    await channel.basic_publish(b"", routing_key="q", mandatory=True)


@KINDS
async def test_rejecting_with_at_least_once_dead_lettering_arrives(
    channel: AbstractChannel, kind: str
) -> None:
    """The queues that the product declares; classic ones know no strategy and are declared without."""
    strategy = (
        {"dead_letter_strategy": "at-least-once", "overflow": "reject-publish"} if kind == "quorum" else {}
    )
    dead = await consume_dead(channel)
    settings = arguments(kind, ttl=60, dlx="", dlrk="dead", **strategy)
    await channel.queue_declare("q", durable=True, arguments=settings)
    await channel.basic_publish(b"expires", routing_key="q", properties=Basic.Properties(delivery_mode=2))
    message = await dead.one()
    assert headers(message)["x-first-death-reason"] == "expired"
