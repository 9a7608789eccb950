"""An event starts a workflow, modules do the steps, results carry it to its end."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest
from pamqp import body, commands, frame, header

from resistor.catalog import load_text
from resistor.engine.identity import run_id
from resistor.engine.run import RunStatus
from resistor.errors import VersionConflict
from resistor.messages.event import Event
from tests.contract.amqp.raw import RawClient
from tests.integration.conftest import WORKFLOWS, House
from tests.integration.outside import body_of, header_of


def run_of(event_id: str, name: str = "order.placed", namespace: str = "shop") -> str:
    return run_id(Event(namespace=namespace, name=name, data=b"", id=event_id), "")


async def test_an_event_goes_through_its_modules_to_the_end(house: House) -> None:
    out = house.outside
    event_id = await out.event("shop.order.placed", {"amount": 5, "big": 12345678901234567, "empty": []})
    charge = await out.action("payments")
    assert body_of(charge) == {
        "action": "charge",
        "input": {"amount": 5, "big": 12345678901234567, "empty": []},
        "metadata": {"a": [1, {}]},
        "run": run_of(event_id),
        "namespace": "shop",
        "workflow": "order.placed",
        "version": 1,
        "step": "charge",
        "attempt": 1,
        "idempotency_key": f"{run_of(event_id)}:charge",
        "deadline": None,
    }
    assert charge.correlation_id == run_of(event_id)
    assert (charge.type, charge.app_id, charge.content_type) == ("charge", "resistor", "application/json")
    assert charge.headers["resistor-attempt"] == 1
    assert header_of(charge, "resistor-token").startswith("r1.k1.")
    assert isinstance(charge.timestamp, datetime)
    assert abs((charge.timestamp - datetime.now(UTC)).total_seconds()) < 60
    await out.complete(charge, {"receipt": "r-1"})
    ship = await out.action("parcel")
    assert body_of(ship)["input"] == {"receipt": "r-1"}
    assert ship.message_id != charge.message_id
    await out.complete(ship, {"tracking": "t-1"})
    run = await house.ended(run_of(event_id))
    assert run.state.status is RunStatus.COMPLETED
    assert run.outputs["ship"] == b'{"tracking": "t-1"}'  # as the module wrote it
    assert [fact.name for fact in await house.history(run.id)] == [
        "run_started",
        "step_scheduled",
        "step_completed",
        "step_scheduled",
        "step_completed",
        "run_completed",
    ]


async def test_a_failed_result_ends_the_run_as_failed(house: House) -> None:
    event_id = await house.outside.event("shop.order.placed", {})
    error = {"type": "card_declined", "message": "no", "retryable": False, "details": {"code": 51}}
    await house.outside.answer(await house.outside.action("payments"), {"status": "failed", "error": error})
    run = await house.ended(run_of(event_id))
    assert run.state.status is RunStatus.FAILED
    failure = run.state.failure
    assert failure is not None
    assert (failure.type, failure.message, failure.details, failure.step) == (
        "card_declined",
        "no",
        {"code": 51},
        "charge",
    )


@pytest.mark.bad_input(29)
async def test_a_result_that_comes_again_is_applied_once(house: House) -> None:
    out = house.outside
    event_id = await out.event("shop.order.placed", {})
    charge = await out.action("payments")
    await asyncio.gather(*(out.complete(charge, {"receipt": "r-1"}) for _ in range(50)))
    ship = await out.action("parcel")
    await out.complete(ship)
    run = await house.ended(run_of(event_id))
    await house.counted("messages", ("resistor.results", "duplicate"), 49)
    facts: list[str] = [fact.name for fact in await house.history(run.id)]
    assert facts.count("step_completed") == 2
    assert await out.depth("resistor.module.parcel") == 0


@pytest.mark.bad_input(31)
async def test_a_result_for_a_run_that_is_over_is_dropped_and_counted(house: House) -> None:
    out = house.outside
    event_id = await out.event("shop.order.placed", {})
    charge = await out.action("payments")
    await out.answer(charge, {"status": "failed", "error": {"type": "x", "retryable": False}})
    await house.ended(run_of(event_id))
    await out.complete(charge)
    await house.counted("messages", ("resistor.results", "stale"), 1)
    assert await out.depth("resistor.dead") == 0


@pytest.mark.bad_input(27)
async def test_the_same_event_a_thousand_times_over_two_daemons_is_one_run(house: House) -> None:
    out = house.outside
    async with house.daemon():
        await asyncio.gather(*(out.event("shop.order.placed", {"n": 1}, id="o-1") for _ in range(1000)))
        await house.counted("messages", ("resistor.events", "duplicate"), 999)
    assert house.telemetry.counters.messages["resistor.events", "applied"] == 1
    tokens = {header_of(message, "resistor-token") for message in [await out.action("payments")]}
    # Two daemons that see an unconfirmed action may both publish it, with the same token: never another one.
    while await out.depth("resistor.module.payments"):
        tokens.add(header_of((await out.action("payments")), "resistor-token"))
    assert len(tokens) == 1
    assert len(await house.history(run_of("o-1"))) == 2


@pytest.mark.bad_input(19)
async def test_an_event_without_an_id_is_a_run_each_time(house: House) -> None:
    out = house.outside
    for _ in range(2):
        # aio-pika makes an id up where there is none, so this one goes out frame by frame.
        bare = await RawClient.connect(house.amqp_url)
        bare.send(commands.Basic.Publish(exchange="resistor.events", routing_key="shop.order.placed"))
        bare.write(frame.marshal(header.ContentHeader(0, 2, commands.Basic.Properties()), 1))
        bare.write(frame.marshal(body.ContentBody(b"{}"), 1))
        await bare.close()
    runs = {(await out.action("payments")).correlation_id for _ in range(2)}
    assert len(runs) == 2
    assert house.telemetry.counters.events_without_id["shop", "order.placed"] == 2


async def test_a_module_may_ask_to_have_its_action_later(house: House) -> None:
    out = house.outside
    event_id = await out.event("shop.order.placed", {})
    first = await out.action("payments")
    await out.answer(first, {"status": "later", "after": 0.1})
    again = await out.action("payments")
    assert header_of(again, "resistor-token") == header_of(first, "resistor-token")
    assert body_of(again) == body_of(first)
    await out.answer(again, {"status": "progress", "details": {"percent": 50}})
    await out.complete(again, {"receipt": 1})
    await out.complete(await out.action("parcel"))
    run = await house.ended(run_of(event_id))
    names = [fact.name for fact in await house.history(run.id)]
    assert names[1:6] == [
        "step_scheduled",
        "step_postponed",
        "step_resumed",
        "step_progressed",
        "step_completed",
    ]


async def test_an_action_whose_module_has_no_queue_yet_goes_out_when_the_queue_appears(
    empty_house: House,
) -> None:
    house, out = empty_house, empty_house.outside
    async with house.daemon(outbox_grace_seconds=0.2):
        channel = await out._connection.channel()
        await channel.queue_delete("resistor.module.payments")
        event_id = await out.event("shop.order.placed", {})
        await house.counted("undelivered", ("payments", "unroutable"), 2)
        queue = await channel.declare_queue(
            "resistor.module.payments", durable=True, arguments={"x-queue-type": "quorum"}
        )
        await queue.bind("resistor.actions", "payments")
        assert (await out.action("payments")).correlation_id == run_of(event_id)
        await channel.close()


async def test_a_cloud_event_starts_a_run(house: House) -> None:
    out = house.outside
    headers = {"ce-id": "7", "ce-source": "/shop", "ce-type": "order.placed", "ce-specversion": "1.0"}
    await out.publish("resistor.events", "shop.order.placed", {"mode": "binary"}, headers=headers)
    structured = {
        "specversion": "1.0",
        "id": "8",
        "source": "/shop",
        "type": "order.placed",
        "data": {"mode": "s"},
    }
    kind = "application/cloudevents+json"
    for _ in range(2):
        await out.publish("resistor.events", "shop.order.placed", structured, content_type=kind)
    inputs = [body_of(await out.action("payments"))["input"] for _ in range(2)]
    assert inputs == [{"mode": "binary"}, {"mode": "s"}]
    await house.counted("messages", ("resistor.events", "duplicate"), 1)


@pytest.mark.bad_input(45)
async def test_versions_run_side_by_side_and_a_run_keeps_its_own(empty_house: House) -> None:
    house, out = empty_house, empty_house.outside
    old = b"{version: 1, steps: [{module: payments, action: old}, {module: parcel, action: old}]}"
    new = b"{version: 2, steps: [{module: payments, action: new}]}"
    one, only_new, both = (
        load_text(b"shop: {order.placed: %s}" % each).or_raise()
        for each in (old, new, b"[%s, %s]" % (old, new))
    )
    async with house.daemon(one):
        await out.event("shop.order.placed", {}, id="before")
        begun = await out.action("payments")
    async with house.daemon(both):
        await out.event("shop.order.placed", {}, id="after")
        newer = await out.action("payments")
        assert (newer.type, body_of(newer)["version"]) == ("new", 2)
    async with house.daemon(only_new):  # version 1 is in no file any more
        await out.complete(begun)
        rest = await out.action("parcel")
        assert (rest.type, body_of(rest)["version"]) == ("old", 1)
        await out.complete(rest)
        await out.complete(newer)
        assert (await house.ended(run_of("before"))).origin.version == 1
        assert (await house.ended(run_of("after"))).origin.version == 2


async def test_a_registered_version_with_other_content_is_refused(house: House) -> None:
    changed = load_text(
        WORKFLOWS.replace(b"charge, metadata", b"refund, metadata").replace(b"steps.charge", b"steps.refund")
    )
    with pytest.raises(VersionConflict, match=r"shop/order.placed@1 is registered .* version 2"):
        async with house.daemon(changed.or_raise()):
            pass


async def test_many_runs_at_once_all_end(house: House) -> None:
    out = house.outside
    ids = await asyncio.gather(*(out.event("shop.order.placed", {"n": n}) for n in range(300)))

    async def work(module: str, output: object) -> None:
        queue = await out.queue(f"resistor.module.{module}")
        async with queue.iterator() as messages:
            done = 0
            async for message in messages:
                await out.complete(message, output)
                await message.ack()
                done += 1
                if done == len(ids):
                    return

    async with asyncio.timeout(60):
        await asyncio.gather(work("payments", {"receipt": "r"}), work("parcel", None))
    for event_id in ids:
        assert (await house.ended(run_of(event_id))).state.status is RunStatus.COMPLETED


async def test_an_event_that_comes_again_after_a_deploy_goes_on_in_the_version_of_its_run(
    empty_house: House,
) -> None:
    house, out = empty_house, empty_house.outside
    old = b"{version: 1, steps: [{module: payments, action: old}]}"
    new = b"{version: 2, steps: [{module: parcel, action: new}]}"
    one, both = (
        load_text(b"shop: {order.placed: %s}" % each).or_raise() for each in (old, b"[%s, %s]" % (old, new))
    )
    async with house.daemon(one):
        await out.event("shop.order.placed", {}, id="o-1")
        first = await out.action("payments")
    # As after a crash between commit and publish: what is confirmed is not known to be.
    store = house.store
    key = f"{store._keys.tag_of(run_of('o-1'))}:outbox:{run_of('o-1')}"
    await store._client.hset(key, "old", 1)
    async with house.daemon(both):
        await out.event("shop.order.placed", {}, id="o-1")
        again = await out.action("payments")
        assert (again.type, body_of(again)["version"]) == ("old", 1)
        assert header_of(again, "resistor-token") == header_of(first, "resistor-token")
        assert await out.depth("resistor.module.parcel") == 0


async def test_a_later_that_comes_twice_keeps_its_time(house: House) -> None:
    out = house.outside
    await out.event("shop.order.placed", {})
    first = await out.action("payments")
    await asyncio.gather(*(out.answer(first, {"status": "later", "after": 0.2}) for _ in range(2)))
    assert (await out.action("payments")).correlation_id == first.correlation_id


async def test_a_run_that_cannot_be_read_stops_no_sweep(empty_house: House) -> None:
    house, out = empty_house, empty_house.outside
    async with house.daemon(outbox_grace_seconds=0.2):
        await out.event("shop.order.placed", {}, id="strange")
        await out.event("shop.order.placed", {}, id="healthy")
        actions = {(each := await out.action("payments")).correlation_id: each for _ in range(2)}
        client, keys = house.store._client, house.store._keys
        strange = f"{keys.tag_of(run_of('strange'))}:run:{run_of('strange')}"
        await client.hset(strange, mapping={"state": b'["dreaming"]', "by": "a newer one"})
        for event_id in ("strange", "healthy"):
            await house.marked(run_of(event_id))
            tag = keys.tag_of(run_of(event_id))
            await client.hset(f"{tag}:outbox:{run_of(event_id)}", "charge", "1")
            await client.zadd(f"{tag}:due", {run_of(event_id): 1.0})
        again = await out.action("payments")
        assert again.correlation_id == run_of("healthy")
        await out.complete(actions[run_of("strange")])
        letter = await out.dead()
        assert header_of(letter, "resistor-reason") == "unreadable"


async def test_too_few_replicas_hold_messages_and_dead_letter_none(house: House) -> None:
    out, client = house.outside, house.store._client
    await client.config_set("min-replicas-to-write", 1)
    try:
        event_id = await out.event("shop.order.placed", {})
        await house.until(lambda: _is_away(house))
    finally:
        await client.config_set("min-replicas-to-write", 0)
    assert (await out.action("payments")).correlation_id == run_of(event_id)
    assert await out.depth("resistor.dead") == 0


async def _is_away(house: House) -> bool:
    return house.daemons[-1]._patience.is_store_away


@pytest.mark.bad_input(47)
async def test_a_dead_letter_queue_that_takes_nothing_stops_nobody(house: House) -> None:
    out = house.outside
    channel = await out._connection.channel()
    await channel.queue_delete("resistor.dead")
    await out.publish("resistor.events", "shop.order.placed", b"{bad", message_id="bad")
    event_id = await out.event("shop.order.placed", {})
    assert (await out.action("payments")).correlation_id == run_of(event_id)
    queue = await channel.declare_queue("resistor.dead", durable=True, arguments={"x-queue-type": "quorum"})
    await queue.bind("resistor.dead", "#")
    await channel.close()
    assert (await out.dead()).message_id == "bad"
