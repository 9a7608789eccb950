"""Lanes: batches, acknowledgements, and what happens to what is not acknowledged."""

from __future__ import annotations

import asyncio

import aiormq
import pytest

from resistor.bus import AmqpBus, Names, consuming, topology
from tests.contract.bus.conftest import NewBus
from tests.contract.bus.post import PATIENCE_S, bodies, letter, take, until


async def test_a_lane_gives_one_message_when_idle_and_many_under_load(bus: AmqpBus, names: Names) -> None:
    lane = bus.lane(names.events_queue, prefetch=200)
    await bus.publish([letter(names.events, "shop.placed", b"1")])
    assert bodies(await lane.take(50)) == [b"1"]

    await bus.publish([letter(names.events, "shop.placed", b"%d" % n) for n in range(100)])
    assert bodies(await take(lane, 100)) == [b"%d" % n for n in range(100)]


async def test_a_take_is_never_longer_than_its_limit(bus: AmqpBus, names: Names) -> None:
    await bus.publish([letter(names.events, "shop.placed") for _ in range(20)])
    lane = bus.lane(names.events_queue, prefetch=100)
    assert all([len(await lane.take(3)) <= 3 for _ in range(6)])


async def test_a_delivery_says_where_it_came_from(bus: AmqpBus, names: Names) -> None:
    lane = bus.lane(names.events_queue, prefetch=1)
    await bus.publish([letter(names.events, "shop.order.placed", b"{}", "the-id", color="red")])
    (delivery,) = await take(lane, 1)
    assert (delivery.exchange, delivery.routing_key, delivery.queue) == (
        names.events,
        "shop.order.placed",
        names.events_queue,
    )
    assert not delivery.redelivered
    assert delivery.count == 0
    assert delivery.envelope.message_id == "the-id"
    assert delivery.envelope.headers["color"] == "red"
    assert delivery.envelope.content_type == "application/json"


async def test_not_taking_is_a_pause_the_broker_keeps_what_is_over_the_prefetch(
    bus: AmqpBus, new_bus: NewBus, names: Names
) -> None:
    slow = bus.lane(names.events_queue, prefetch=2)
    await bus.publish([letter(names.events, "shop.placed", b"first")])
    await take(slow, 1)
    await bus.publish([letter(names.events, "shop.placed", b"%d" % n) for n in range(5)])
    other = (await new_bus()).lane(names.events_queue, prefetch=10)
    assert bodies(await take(other, 4)) == [b"1", b"2", b"3", b"4"]


async def test_what_is_acknowledged_out_of_order_is_gone_and_the_rest_comes_again(
    bus: AmqpBus, new_bus: NewBus, names: Names
) -> None:
    await bus.publish([letter(names.events, "shop.placed", b"%d" % n) for n in range(10)])
    lane = bus.lane(names.events_queue, prefetch=10)
    taken = await take(lane, 10)
    await lane.ack([taken[7], taken[1]])
    await lane.ack([taken[0]])
    await lane.ack([taken[4], taken[2]])
    await lane.close()

    again = (await new_bus()).lane(names.events_queue, prefetch=10)
    redelivered = await take(again, 5)
    assert sorted(bodies(redelivered)) == [b"3", b"5", b"6", b"8", b"9"]
    assert all(delivery.redelivered and delivery.count >= 1 for delivery in redelivered)
    await again.ack(redelivered)


async def test_an_acknowledgement_never_covers_what_was_not_taken_yet(
    bus: AmqpBus, new_bus: NewBus, names: Names
) -> None:
    await bus.publish([letter(names.events, "shop.placed", b"%d" % n) for n in range(10)])
    lane = bus.lane(names.events_queue, prefetch=10)
    while len(first := await take(lane, 1)) != 1:
        pass
    await lane.ack(first)
    await lane.close()
    again = (await new_bus()).lane(names.events_queue, prefetch=10)
    assert len(await take(again, 9)) == 9


async def test_acknowledging_twice_hurts_nobody(bus: AmqpBus, names: Names) -> None:
    lane = bus.lane(names.events_queue, prefetch=10)
    await bus.publish([letter(names.events, "shop.placed", b"1")])
    taken = await take(lane, 1)
    await lane.ack(taken)
    await lane.ack([*taken, *taken])
    await bus.publish([letter(names.events, "shop.placed", b"2")])
    assert bodies(await take(lane, 1)) == [b"2"]


async def test_acknowledgements_of_many_tasks_do_not_overtake_each_other(bus: AmqpBus, names: Names) -> None:
    await bus.publish([letter(names.events, "shop.placed", b"%d" % n) for n in range(300)])
    lane = bus.lane(names.events_queue, prefetch=300)
    taken = await take(lane, 300)
    parts = [taken[start : start + 7] for start in range(0, 300, 7)]
    await asyncio.gather(*(lane.ack(part) for part in (*parts[::2], *reversed(parts[1::2]))))
    await bus.publish([letter(names.events, "shop.placed", b"on the same channel")])
    (after,) = await take(lane, 1)
    assert bodies([after]) == [b"on the same channel"]
    assert after.generation == taken[0].generation


async def test_what_is_rejected_is_dead_lettered_under_the_name_of_its_queue(
    bus: AmqpBus, names: Names
) -> None:
    lane = bus.lane(names.module_queue("payments"), prefetch=10)
    dead = bus.lane(names.dead_queue, prefetch=10)
    await bus.publish([letter(names.actions, "payments", b"%d" % n) for n in range(3)])
    taken = await take(lane, 3)
    await lane.reject(taken[1:2])
    (letter_,) = await take(dead, 1)
    assert letter_.envelope.body == b"1"
    assert letter_.routing_key == names.module_queue("payments")


async def test_a_nudge_comes_out_of_its_bucket_as_a_wake_command(bus: AmqpBus, names: Names) -> None:
    commands = bus.lane(names.commands_queue, prefetch=10)
    await bus.publish([letter(names.retry, "100ms", b'{"run":"r"}')])
    (nudge,) = await take(commands, 1)
    assert (nudge.exchange, nudge.routing_key) == (names.commands, "wake")
    assert nudge.envelope.body == b'{"run":"r"}'


async def test_a_lane_waits_for_a_queue_that_is_not_there_yet(new_bus: NewBus, names: Names) -> None:
    bus = await new_bus()
    lane = bus.lane(names.events_queue, prefetch=10)
    taking = asyncio.create_task(take(lane, 1))
    await bus.declare(topology(names))
    await bus.publish([letter(names.events, "shop.placed", b"at last")])
    assert bodies(await taking) == [b"at last"]


async def test_a_deleted_queue_is_consumed_again_when_it_is_back(
    bus: AmqpBus, names: Names, stranger: aiormq.Channel
) -> None:
    lane = bus.lane(names.events_queue, prefetch=10)
    neighbour = bus.lane(names.commands_queue, prefetch=10)
    await bus.publish([letter(names.events, "shop.placed", b"before")])
    stale = await take(lane, 1)

    await stranger.queue_delete(names.events_queue)
    await until(lambda: not lane.is_consuming)
    await bus.publish([letter(names.commands, "pause", b"meanwhile")])
    assert bodies(await take(neighbour, 1)) == [b"meanwhile"]

    await bus.declare(topology(names))
    await lane.ack(stale)
    await bus.publish([letter(names.events, "shop.placed", b"after")])
    assert bodies(await take(lane, 1)) == [b"after"]


async def test_a_queue_deleted_and_declared_in_one_moment_is_consumed_again(
    bus: AmqpBus, names: Names, stranger: aiormq.Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consuming, "RENEW_SECONDS", 0.5)
    lane = bus.lane(names.events_queue, prefetch=10)
    await until(lambda: lane.is_consuming)
    await stranger.queue_delete(names.events_queue)
    await bus.declare(topology(names))
    await bus.publish([letter(names.events, "shop.placed", b"after")])
    assert bodies(await take(lane, 1)) == [b"after"]


async def test_a_closed_bus_leaves_no_consumer_and_may_be_closed_again(
    new_bus: NewBus, bus: AmqpBus, names: Names
) -> None:
    other = await new_bus()
    lane = other.lane(names.events_queue, prefetch=10)
    await bus.publish([letter(names.events, "shop.placed")])
    await take(lane, 1)
    await other.close()
    await other.close()
    async with asyncio.timeout(PATIENCE_S):
        assert (await take(bus.lane(names.events_queue, prefetch=1), 1))[0].redelivered
