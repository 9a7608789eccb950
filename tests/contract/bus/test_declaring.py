"""Declaring: everything at once, again without harm, and past what exists with other arguments."""

from __future__ import annotations

import asyncio

import aiormq
import pytest

from resistor.bus import AmqpBus, Names, module_topology, topology
from resistor.bus.topology import Queue, Topology
from resistor.errors import OperatorMistake
from resistor.ports import Outcome
from tests.contract.bus.conftest import NewBus
from tests.contract.bus.post import letter, take
from tests.servers import RabbitMQ


async def test_everything_in_the_topology_exists_afterwards(bus: AmqpBus, names: Names) -> None:
    declared = topology(names, ["payments", "stock"])
    for queue in declared.queues:
        assert await bus.inspect(queue.name) is not None
    await bus.declare(declared)


async def test_a_queue_that_is_not_there_is_inspected_as_nothing(bus: AmqpBus) -> None:
    assert await bus.inspect("resistor.module.nobody") is None


async def test_inspecting_counts_what_waits_and_who_consumes(bus: AmqpBus, names: Names) -> None:
    await bus.publish([letter(names.events, "a.b") for _ in range(3)])
    info = await bus.inspect(names.events_queue)
    assert info is not None
    assert (info.messages, info.consumers) == (3, 0)
    await take(bus.lane(names.events_queue, prefetch=2), 2)
    info = await bus.inspect(names.events_queue)
    assert info is not None
    assert (info.messages, info.consumers) == (1, 1)


async def test_a_queue_with_other_arguments_is_named_and_the_rest_is_declared(
    new_bus: NewBus, names: Names, stranger: aiormq.Channel
) -> None:
    arguments = dict(topology(names).queues[0].arguments) | {"x-max-length-bytes": 7}
    await stranger.queue_declare(names.events_queue, durable=True, arguments=arguments)
    bus = await new_bus()
    with pytest.raises(OperatorMistake) as caught:
        await bus.declare(topology(names, ["payments"]))
    assert f"'{names.events_queue}'" in str(caught.value)
    assert "x-" in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1

    lane = bus.lane(names.module_queue("payments"), prefetch=1)
    assert await bus.publish([letter(names.actions, "payments")]) == [Outcome.CONFIRMED]
    await take(lane, 1)


async def test_an_exchange_of_another_type_is_named(
    new_bus: NewBus, names: Names, stranger: aiormq.Channel
) -> None:
    await stranger.exchange_declare(names.facts, exchange_type="direct", durable=True)
    with pytest.raises(OperatorMistake, match=f"exchange '{names.facts}' exists with another type"):
        await (await new_bus()).declare(topology(names))


async def test_a_module_declares_what_it_needs_before_any_daemon(new_bus: NewBus, names: Names) -> None:
    bus = await new_bus()
    await bus.declare(module_topology(names, ["payments"]))
    assert await bus.inspect(names.module_queue("payments")) is not None
    assert await bus.inspect(names.events_queue) is None
    assert await bus.publish([letter(names.actions, "payments")]) == [Outcome.CONFIRMED]


async def test_a_binding_to_an_exchange_that_is_missing_is_named(new_bus: NewBus, names: Names) -> None:
    whole = module_topology(names, ["payments"])
    torn = Topology((), (Queue("lonely", {"x-queue-type": "quorum"}),), whole.bindings[1:])
    with pytest.raises(OperatorMistake, match="binding of"):
        await (await new_bus()).declare(torn)


async def test_a_user_who_may_not_declare_is_content_with_what_is_there(
    rabbitmq: RabbitMQ, names: Names
) -> None:
    url = rabbitmq.new_vhost()
    vhost = url.rpartition("/")[2]
    user = f"user-of-{vhost}"
    await asyncio.to_thread(rabbitmq.ctl, "add_user", user, "secret")
    rights = ["^$", f"^{names.results}$", f"^{names.module_queue('payments')}$"]
    await asyncio.to_thread(rabbitmq.ctl, "set_permissions", "-p", vhost, user, *rights)
    async with AmqpBus(url.replace("guest:guest", f"{user}:secret"), names, client_name="module") as bus:
        with pytest.raises(OperatorMistake, match="is missing, and this user may not declare it"):
            await bus.declare(module_topology(names, ["payments"]))

        async with AmqpBus(url, names, client_name="daemon") as daemon:
            await daemon.declare(topology(names, ["payments"]))
            await daemon.publish([letter(names.actions, "payments")])
        await bus.declare(module_topology(names, ["payments"]))
        await take(bus.lane(names.module_queue("payments"), prefetch=1), 1)
        outcomes = await bus.publish([letter(names.results, "0"), letter(names.actions, "payments")])
    assert outcomes == [Outcome.CONFIRMED, Outcome.REFUSED]
