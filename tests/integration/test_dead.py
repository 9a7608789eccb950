"""`resistor dead`: what could not be used is found, published again exactly where it was, or thrown away."""

from __future__ import annotations

import asyncio
import json

import aio_pika
import pytest
from aio_pika.abc import AbstractIncomingMessage

from resistor.bus import Names, one_shot
from resistor.daemon.crashpoints import KILLED
from resistor.engine.run import RunStatus
from resistor.ops.cli.lazy import EXIT_FAILED, EXIT_USAGE
from resistor.ops.dead.choosing import Choice
from resistor.ops.dead.reading import tally
from resistor.tokens import Place, TokenKeys
from tests.acceptance.processes import Process
from tests.integration.house import TOKEN_KEYS
from tests.integration.operator import Operator
from tests.integration.outside import body_of
from tests.integration.play import Play, catalog_of, run_of
from tests.integration.worker import done

NAMES = Names()
JOB = "steps: [{id: a, module: m, action: work}]"


@pytest.fixture
def operator(play: Play) -> Operator:
    """An operator beside a play that has the workflow `job`."""
    return Operator(play.house)


async def bury(play: Play, count: int) -> None:
    """Wait until so many letters are in the dead queue."""

    async def are_there() -> bool:
        return await play.out.depth(NAMES.dead_queue) == count

    await play.house.until(are_there)


async def test_letters_are_listed_by_what_they_have_in_common_and_stay(
    play: Play, operator: Operator
) -> None:
    await play.begin(job=JOB)
    await play.out.event("shop.unknown", {"n": 1}, id="e-1")
    await bury(play, 1)
    await play.out.publish("resistor.results", "0", b"no result", message_id="r-1")
    await bury(play, 2)
    (event, result) = await operator.letters()
    assert (event["reason"], event["queue"], event["message_id"]) == ("unknown_workflow", NAMES.events, "e-1")
    assert event["size"] == len(json.dumps({"n": 1}))
    assert event["died_at"].endswith("Z")
    assert (result["reason"], result["queue"]) == ("missing_token", NAMES.results)
    assert await operator.letters("--reason", "missing_token") == [result]
    assert await operator.letters("--queue", "events") == [event]
    assert await operator.letters("--queue", "resistor.events", "--reason", "missing_token") == []
    assert await operator.letters("--since", "1h") == [event, result]
    assert await operator.letters("--until", "1h") == []
    assert await operator.letters("--limit", "1") == [event]
    table = (await operator.call("dead", "list")).stdout
    assert [line.split()[0] for line in table.splitlines()] == ["ID", event["id"], result["id"]]
    assert await play.out.depth(NAMES.dead_queue) == 2
    play.letters = 2


async def test_a_letter_is_shown_with_its_body_untouched(play: Play, operator: Operator) -> None:
    await play.begin(job=JOB)
    odd = b'\xff\x00{"a": 1}'
    await play.out.publish(
        "resistor.events", "shop.job", odd, message_id="e-1", headers={"mine": "kept"}, app_id="till"
    )
    await bury(play, 1)
    view = await operator.read("dead", "show", "e-1")
    assert (view["reason"], view["exchange"], view["routing_key"]) == ("malformed", NAMES.events, "shop.job")
    assert (view["encoding"], view["body"]) == ("base64", "/wB7ImEiOiAxfQ==")
    assert view["headers"] == {"mine": "kept"}
    assert view["properties"]["app_id"] == "till"
    assert "app_id           till" in (await operator.call("dead", "show", view["id"])).stdout
    missing = await operator.call("dead", "show", "no-such", exits=EXIT_FAILED)
    assert "no dead letter no-such" in missing.stderr
    play.letters = 1


async def test_an_event_that_nobody_knew_starts_its_run_when_it_is_replayed(
    play: Play, operator: Operator
) -> None:
    await play.begin(job=JOB)
    await play.out.event("shop.later", {}, id="e-1")
    await bury(play, 1)
    await play.serve(catalog_of(job=JOB, later=JOB))
    await play.work("m", {"work": done(1)})
    asked = await operator.call(
        "dead", "replay", "--reason", "unknown_workflow", input="n\n", exits=EXIT_FAILED
    )
    assert "replay 1 letter?" in asked.stderr
    assert await play.out.depth(NAMES.dead_queue) == 1
    replayed = await operator.call("dead", "replay", "--reason", "unknown_workflow", input="y\n")
    assert "unknown_workflow    resistor.events" in replayed.stderr
    assert "replayed 1 letter" in replayed.stderr
    assert (await play.ended(run_of("later", "e-1"))).status is RunStatus.COMPLETED


async def test_a_replayed_message_is_what_it_was(play: Play, operator: Operator) -> None:
    await play.begin(job=JOB)
    sent = {"message_id": "e-1", "correlation_id": "c", "app_id": "till", "priority": 3, "type": "t"}
    await play.out.publish("resistor.events", "shop.unknown", {"n": 1}, headers={"mine": 1}, **sent)
    await bury(play, 1)
    channel = await (await aio_pika.connect(play.house.amqp_url)).channel()
    copies = await channel.declare_queue("copies", durable=True)
    await copies.bind("resistor.events", "shop.unknown")
    await operator.call("dead", "replay", "--all", "--yes")
    again = await play.out.next("copies")
    assert (again.body, dict(again.headers)) == (b'{"n": 1}', {"mine": 1})
    assert {name: getattr(again, name) for name in sent} == sent
    await bury(play, 1)  # nobody knows it still
    play.letters = 1


@pytest.mark.parametrize("point", ["before-replay", "after-replay"])
async def test_a_replay_that_is_killed_loses_nothing_and_starts_nothing_twice(
    play: Play, operator: Operator, point: str
) -> None:
    await play.begin(job=JOB)
    for number in range(3):
        await play.out.event("shop.later", {}, id=f"e-{number}")
    await bury(play, 3)
    await play.serve(catalog_of(job=JOB, later=JOB))
    await play.work("m", {"work": done(1)})
    process = await Process.start(
        *("dead", "replay", "--all", "--yes"),
        environment=operator.environment | {"RESISTOR_CRASH": point},
    )
    assert await process.end() == KILLED
    await bury(play, 3)
    for _ in range(2):  # the second finds nothing: that is no mistake
        await operator.call("dead", "replay", "--all", "--yes")
    await asyncio.gather(*(play.ended(run_of("later", f"e-{number}")) for number in range(3)))
    assert len(await play.runs("later")) == 3
    assert len(play.m.seen) == 3


async def test_a_letter_that_no_queue_takes_stays_and_that_is_said(play: Play, operator: Operator) -> None:
    await play.begin(job=JOB)
    headers = {
        "resistor-reason": "malformed",
        "resistor-origin-exchange": "resistor.actions",
        "resistor-origin-routing-key": "nobody",
        "resistor-origin-queue": "resistor.module.nobody",
    }
    await play.out.publish("resistor.dead", "x", {}, headers=headers)
    await play.out.publish("resistor.dead", "y", {})
    said = await operator.call("dead", "replay", "--all", "--yes", exits=EXIT_FAILED)
    assert "no queue takes what is published to resistor.actions with 'nobody'" in said.stderr
    assert "nobody says where it was published first" in said.stderr
    assert "replayed 0 letters" in said.stderr
    assert await play.out.depth(NAMES.dead_queue) == 2
    play.letters = 2


async def test_an_answer_whose_token_has_expired_is_not_replayed(play: Play, operator: Operator) -> None:
    await play.begin(job=JOB)
    place = Place("shop", "job", 1, "d", "r" * 20, "a", 1, "m", 1_000_000_000)
    token = TokenKeys(TOKEN_KEYS).sign(place)
    origin = {"queue": "resistor.results", "exchange": "resistor.results", "routing-key": "0"}
    headers = {f"resistor-origin-{name}": value for name, value in origin.items()}
    headers |= {"resistor-reason": "malformed", "resistor-token": token}
    await play.out.publish("resistor.dead", "resistor.results", {"status": "completed"}, headers=headers)
    await bury(play, 1)
    (letter,) = await operator.letters("--run", "r" * 20)
    said = await operator.call("dead", "replay", letter["id"], "--yes", exits=EXIT_FAILED)
    assert "its token has expired (2001-09-09)" in said.stderr
    play.letters = 1


async def test_a_replayed_action_of_a_step_that_has_failed_is_stale(play: Play, operator: Operator) -> None:
    await play.begin(job=JOB)
    run = await play.start()
    action_queue = await play.out.queue(NAMES.module_queue("m"))

    async def refuse(message: AbstractIncomingMessage) -> None:
        await message.reject(requeue=False)

    tag = await action_queue.consume(refuse)
    assert (await play.ended(run)).error.type == "poison"
    await action_queue.cancel(tag)
    (letter,) = await operator.letters()
    assert (letter["reason"], letter["run"], letter["queue"]) == ("rejected", run, NAMES.module_queue("m"))
    await operator.call("dead", "replay", letter["id"], "--yes")
    action = await play.out.action("m")
    assert body_of(action)["step"] == "a"
    assert [name for name in action.headers if name.startswith("x-")] == []
    await play.out.complete(action, 1)
    await play.house.counted("messages", (NAMES.results, "stale"), 1)
    assert (await play.ended(run)).status is RunStatus.FAILED


async def test_what_comes_back_dead_is_replayed_once_and_not_for_ever(play: Play, operator: Operator) -> None:
    await play.begin(job=JOB)
    for number in range(5):
        await play.out.event("shop.unknown", {}, id=f"e-{number}")
    await bury(play, 5)
    came = await operator.read("dead", "replay", "--all", "--yes", "--rate", "1000/s")
    assert came == {"replayed": 5, "stayed": []}
    await bury(play, 5)
    play.letters = 5


async def test_letters_are_dropped_and_others_stay(play: Play, operator: Operator) -> None:
    await play.begin(job=JOB)
    for number in range(5):
        await play.out.event("shop.unknown", {}, id=f"e-{number}")
    await play.out.publish("resistor.commands", "cancel", {"verb": "cancel", "run": "q" * 20})
    await bury(play, 6)
    (command,) = await operator.letters("--run", "q" * 20)
    assert command["reason"] == "unknown_run"
    assert await operator.read("dead", "drop", "--queue", "events", "--limit", "3", "--yes") == {"dropped": 3}
    left = await operator.letters()
    assert [letter["message_id"] for letter in left if letter["reason"] == "unknown_workflow"] == [
        "e-3",
        "e-4",
    ]
    assert command in left
    play.letters = 3


async def test_letters_that_come_while_others_are_read_are_not_lost(play: Play, operator: Operator) -> None:
    await play.begin(job=JOB)
    await asyncio.gather(*(play.out.event("shop.unknown", {}, id=f"e-{number}") for number in range(300)))
    await bury(play, 300)
    async with one_shot(play.house.amqp_url, NAMES, client_name="reader") as bus:
        reading = [asyncio.create_task(tally(bus, Choice())) for _ in range(2)]
        await asyncio.gather(*(play.out.event("shop.unknown", {}, id=f"f-{number}") for number in range(300)))
        assert 300 <= sum(each.count for each in await asyncio.gather(*reading)) <= 1200
    await bury(play, 600)
    ids = [letter["message_id"] for letter in await operator.letters("--limit", "1000")]
    assert sorted(ids) == sorted([f"e-{n}" for n in range(300)] + [f"f-{n}" for n in range(300)])
    play.letters = 600


async def test_all_letters_must_be_meant_by_name(play: Play, operator: Operator) -> None:
    await play.begin(job=JOB)
    for arguments in (["drop"], ["replay", "--yes"], ["drop", "--all", "--reason", "malformed"]):
        await operator.call("dead", *arguments, exits=EXIT_USAGE)
    nothing = await operator.call("dead", "drop", "--all", "--yes")
    assert "nothing to do" in nothing.stderr
    unknown = await operator.call("dead", "drop", "nobody", "--yes", exits=EXIT_FAILED)
    assert "no dead letter nobody" in unknown.stderr
