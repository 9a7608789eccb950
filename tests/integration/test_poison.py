"""An action that its module never answers: the broker gives it up, and the run hears of it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import aio_pika
import pytest
from aio_pika.abc import AbstractIncomingMessage

from resistor.bus import AmqpBus, Names, topology
from resistor.bus.topology import MODULE_DELIVERY_LIMIT
from resistor.engine.run import RunStatus
from tests.integration.house import House
from tests.integration.outside import PATIENCE_SECONDS, body_of
from tests.integration.play import Play, catalog_of
from tests.integration.worker import done

QUEUE = Names().module_queue("m")
JOB = "steps: [{id: a, module: m, action: work}]"

OTHER = "steps: [{id: b, module: n, action: work}]"

Take = Callable[[AbstractIncomingMessage], Awaitable[None]]


async def take_all(play: Play, take: Take) -> list[str]:
    """Have a module do `take` with each action; the steps that it saw come into the list that is returned."""
    seen: list[str] = []

    async def perform(message: AbstractIncomingMessage) -> None:
        seen.append(body_of(message)["step"])
        await take(message)

    queue = await play.out.queue(QUEUE)
    await queue.consume(perform)
    return seen


async def give_back(message: AbstractIncomingMessage) -> None:
    await message.nack(requeue=True)


async def refuse(message: AbstractIncomingMessage) -> None:
    await message.reject(requeue=False)


async def die_with(play: Play, count: int) -> None:
    """Take so many actions without a word, and be gone."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        connection = await aio_pika.connect(play.house.amqp_url)
        channel = await connection.channel()
        await channel.set_qos(prefetch_count=count)
        arrived: asyncio.Queue[AbstractIncomingMessage] = asyncio.Queue()
        await (await channel.get_queue(QUEUE)).consume(arrived.put)
        for _ in range(count):
            await arrived.get()
        await connection.close()


async def test_an_action_that_is_given_back_for_ever_fails_its_step_as_poison(play: Play) -> None:
    await play.begin(job=JOB)
    seen = await take_all(play, give_back)
    over = await play.play()
    assert over.status is RunStatus.FAILED
    assert (over.error.type, over.error.step, over.error.retryable) == ("poison", "a", False)
    assert "was delivered" in over.error.message
    assert "never answered" in over.error.message
    assert len(seen) == MODULE_DELIVERY_LIMIT + 1
    letter = await play.out.dead()
    assert body_of(letter)["run"] == over.run.id
    deaths: Any = letter.headers["x-death"]
    assert [(death["reason"], death["queue"]) for death in deaths] == [("delivery_limit", QUEUE)]


async def test_a_module_that_dies_with_what_it_has_in_hand_ends_it_all_as_poison(play: Play) -> None:
    await play.begin(job=JOB)
    runs = [await play.start() for _ in range(3)]
    for _ in range(MODULE_DELIVERY_LIMIT + 1):
        await die_with(play, 3)
    for run in runs:
        assert (await play.ended(run)).error.type == "poison"
    play.letters = 3


async def test_what_lived_through_one_death_less_is_done_as_if_nothing_was(play: Play) -> None:
    await play.begin(job=JOB)
    run = await play.start()
    for _ in range(MODULE_DELIVERY_LIMIT):
        await die_with(play, 1)
    await play.work("m", {"work": done(7)})
    assert (await play.ended(run)).gave("a") == 7


async def test_poison_can_be_caught(play: Play) -> None:
    await play.begin(
        job="""
        output: {caught: "${steps.a.output.type}"}
        steps:
          - {id: a, module: m, action: work, catch: [{errors: [poison], output: {type: "${error.type}"}}]}
        """
    )
    await take_all(play, give_back)
    assert (await play.play()).output == {"caught": "poison"}
    play.letters = 1


async def test_an_action_that_is_refused_is_poison_at_once(play: Play) -> None:
    await play.begin(job="steps: [{id: a, module: m, action: work, retry: {limit: 5}}]")
    seen = await take_all(play, refuse)
    over = await play.play()
    assert (over.error.type, len(seen)) == ("poison", 1)
    assert "refused" in over.error.message
    play.letters = 1


async def test_a_letter_that_is_no_action_of_ours_moves_nothing(play: Play) -> None:
    await play.begin({"work": done()}, job=JOB)
    odd = [{}, {"resistor-token": "r1.k1.nothing.nothing"}, {"resistor-token": 7}]
    for headers in odd:
        await play.out.publish("resistor.dead", QUEUE, {"run": "q"}, headers=headers)
    assert (await play.play()).status is RunStatus.COMPLETED

    async def are_taken() -> bool:
        return await play.out.depth(Names().poisoned_queue) == 0

    await play.house.until(are_taken)
    play.letters = len(odd)  # the originals, and no letters about letters


async def test_a_letter_of_an_attempt_that_is_over_is_stale(play: Play) -> None:
    await play.begin(job=JOB)
    run = await play.start()
    action = await play.out.action("m")
    await play.out.complete(action, 1)
    assert (await play.ended(run)).status is RunStatus.COMPLETED
    await play.out.publish("resistor.dead", QUEUE, action.body, headers=dict(action.headers))
    await play.house.counted("messages", (Names().poisoned_queue, "stale"), 1)
    assert (await play.ended(run)).status is RunStatus.COMPLETED
    play.letters = 1


async def test_a_token_of_another_module_poisons_nothing(play: Play) -> None:
    await play.begin(job=JOB, other=OTHER)
    run = await play.start()
    action = await play.out.action("m")
    other = Names().module_queue("n")
    await play.out.publish("resistor.dead", other, action.body, headers=dict(action.headers))
    await play.out.complete(action, 1)
    assert (await play.ended(run)).status is RunStatus.COMPLETED
    play.letters = 1


async def test_a_queue_with_another_limit_is_said_and_the_others_work(
    empty_house: House, caplog: pytest.LogCaptureFixture
) -> None:
    async with AmqpBus(empty_house.amqp_url, Names(), client_name="the version before") as bus:
        await bus.declare(topology(Names(), ["m"], module_deliveries=1_000_000))
    with caplog.at_level(logging.ERROR):
        async with empty_house.daemon(catalog_of(job=JOB, other=OTHER)):
            await empty_house.outside.event("shop.other", {})
            assert body_of(await empty_house.outside.action("n"))["step"] == "b"
            await empty_house.outside.event("shop.job", {})
            assert body_of(await empty_house.outside.action("m"))["step"] == "a"
    (line,) = [each.getMessage() for each in caplog.records if "x-delivery-limit" in each.getMessage()]
    assert QUEUE in line
    assert "RESISTOR_MODULE_DELIVERY_LIMIT" in line
    assert len(line.splitlines()) == 1
