"""The topology as a value: what must be true of every queue, whatever is added later."""

from __future__ import annotations

import pytest

from resistor.bus import Names, Topology, module_topology, topology
from resistor.bus.topology import MODULE_DELIVERY_LIMIT
from resistor.config import Broker

NAMES = Names()


@pytest.fixture
def everything() -> Topology:
    """The whole topology, with two modules and three partitions."""
    return topology(NAMES, ["payments", "stock"], partitions=3)


def test_every_queue_is_a_quorum_queue_that_says_its_delivery_limit(everything: Topology) -> None:
    for queue in everything.queues:
        assert queue.arguments["x-queue-type"] == "quorum"
        is_module = NAMES.module_of(queue.name) is not None
        assert (queue.arguments["x-delivery-limit"] < 100) is is_module
        assert is_module or queue.arguments["x-delivery-limit"] >= 86_400 * 7
        assert queue.arguments["x-overflow"] == "reject-publish"


def test_every_queue_but_the_dead_ones_dead_letters_at_least_once(everything: Topology) -> None:
    exchanges = {exchange.name for exchange in everything.exchanges}
    for queue in everything.queues:
        if queue.name == NAMES.dead_queue:
            assert "x-dead-letter-exchange" not in queue.arguments
            assert "x-max-length-bytes" in queue.arguments
            continue
        if queue.name == NAMES.poisoned_queue:
            assert "x-dead-letter-exchange" not in queue.arguments  # what is in it is a copy
            continue
        assert queue.arguments["x-dead-letter-strategy"] == "at-least-once"
        assert queue.arguments["x-dead-letter-exchange"] in exchanges


def test_no_queue_dead_letters_into_itself(everything: Topology) -> None:
    for queue in everything.queues:
        exchange = queue.arguments.get("x-dead-letter-exchange")
        targets = {binding.queue for binding in everything.bindings if binding.exchange == exchange}
        assert queue.name not in targets


def test_a_dead_letter_carries_the_name_of_the_queue_it_died_in(everything: Topology) -> None:
    keys = {
        queue.name: queue.arguments["x-dead-letter-routing-key"]
        for queue in everything.queues
        if queue.arguments.get("x-dead-letter-exchange") == NAMES.dead
    }
    assert keys
    assert all(name == key for name, key in keys.items())


def test_every_queue_is_bound_and_every_binding_has_both_ends(everything: Topology) -> None:
    exchanges = {exchange.name for exchange in everything.exchanges}
    queues = {queue.name for queue in everything.queues}
    assert {binding.queue for binding in everything.bindings} == queues
    assert {binding.exchange for binding in everything.bindings} <= exchanges


def test_delay_buckets_hand_their_nudges_to_the_commands(everything: Topology) -> None:
    bucket = next(queue for queue in everything.queues if queue.name == "resistor.retry.250ms")
    assert bucket.arguments["x-message-ttl"] == 250
    assert bucket.arguments["x-dead-letter-exchange"] == NAMES.commands
    assert bucket.arguments["x-dead-letter-routing-key"] == "wake"


def test_results_are_bound_by_the_key_that_actions_carry(everything: Topology) -> None:
    bound = {b.queue: b.routing_key for b in everything.bindings if b.exchange == NAMES.results}
    assert bound == {NAMES.results_queue(n): NAMES.reply_to(n) for n in range(3)}


def test_what_a_module_declares_is_part_of_what_the_daemon_declares(everything: Topology) -> None:
    part = module_topology(NAMES, ["payments"])
    assert set(part.exchanges) <= set(everything.exchanges)
    assert set(part.bindings) <= set(everything.bindings)
    whole = {queue.name: queue.arguments for queue in everything.queues}
    for queue in part.queues:
        assert whole[queue.name] == queue.arguments


def test_the_delivery_limit_of_modules_is_a_setting_and_that_of_other_queues_is_none() -> None:
    default = {queue.name: queue.arguments for queue in topology(NAMES, ["payments"]).queues}
    changed = {
        queue.name: queue.arguments for queue in topology(NAMES, ["payments"], module_deliveries=7).queues
    }
    different = {name for name in default if default[name] != changed[name]}
    assert different == {"resistor.module.payments"}
    assert changed["resistor.module.payments"]["x-delivery-limit"] == 7


def test_the_setting_and_the_topology_have_the_same_default() -> None:
    assert Broker().module_delivery_limit == MODULE_DELIVERY_LIMIT
