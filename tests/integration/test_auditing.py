"""`resistor doctor --audit` and `--repair` on real servers: what could be stuck is named, and mended once."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Any

from aio_pika.abc import AbstractIncomingMessage
from click.testing import CliRunner

from resistor.config import Settings
from resistor.engine.identity import run_id
from resistor.messages.event import Event
from resistor.ops.auditing import Finding, Kind, audit, repair
from resistor.ops.cli.root import command_line
from resistor.store import keys as names
from resistor.store.keys import Keys
from tests.integration.house import House
from tests.integration.outside import header_of
from tests.integration.play import catalog_of

KEYS = Keys(partitions=4)
SHORT: dict[str, Any] = {"lease_seconds": 0.1, "outbox_grace_seconds": 0.1, "sweep_interval_seconds": 0.05}
GONE = "g" * 20

TWO = "steps: [{module: m, action: one, retry: none}, {module: m, action: two, retry: none}]"
QUEUED = (
    "concurrency: {key: '${input.account}', limit: 1, on_conflict: queue}\n"
    "steps: [{module: m, action: go, retry: none}]"
)
LISTENS = "steps: [{listen: {event: paid}}]"


def run_of(name: str, event_id: str) -> str:
    return run_id(Event(namespace="shop", name=name, data=b"", id=event_id), "")


def settings_of(house: House) -> Settings:
    return house._settings(**SHORT)


async def found(house: House, *, silent: float = 3600.0) -> list[Finding]:
    return await audit(settings_of(house), silent=silent)


async def kinds(house: House) -> set[tuple[Kind, str]]:
    return {(each.kind, each.run) for each in await found(house)}


async def find(house: House, kind: Kind, run: str) -> Finding:
    """Audit until it has found this: some of it only counts when it has been so for a while."""
    seen: list[Finding] = []

    async def is_found() -> bool:
        seen[:] = [each for each in await found(house) if (each.kind, each.run) == (kind, run)]
        return bool(seen)

    await house.until(is_found)
    return seen[0]


async def mend(house: House, findings: Sequence[Finding]) -> None:
    await repair(settings_of(house), [each for each in findings if each.is_certain])


async def is_clean(house: House) -> bool:
    return not await found(house)


async def test_where_runs_wait_for_modules_and_people_nothing_is_found(empty_house: House) -> None:
    async with empty_house.daemon(catalog_of(two=TWO, listens=LISTENS), **SHORT):
        await empty_house.outside.event("shop.two", {}, id="a")
        await empty_house.outside.event("shop.listens", {}, id="b")
        await empty_house.counted("steps_scheduled", ("m", "one"), 1)
        await empty_house.until(lambda: is_clean(empty_house))


async def test_an_action_that_is_in_no_queue_is_lost_and_goes_out_again_with_its_token(
    empty_house: House,
) -> None:
    out = empty_house.outside
    async with empty_house.daemon(catalog_of(two=TWO), **SHORT):
        await out.event("shop.two", {}, id="a")
        run = run_of("two", "a")
        lost = await out.action("m")
        finding = await find(empty_house, Kind.LOST, run)
        assert (finding.step, finding.is_certain) == ("one", True)
        await mend(empty_house, [finding])
        again = await out.action("m")
        assert header_of(again, "resistor-token") == header_of(lost, "resistor-token")
        await out.complete(again)
        await out.complete(lost)
        while (
            json.loads((action := await out.action("m")).body)["action"] != "two"
        ):  # a slow machine repeats the first
            await out.complete(action)
        await out.complete(action)
        ended = await empty_house.ended(run)
        assert ended.state.status == "completed"
        facts = [fact.name.value for fact in await empty_house.history(run)]
        assert facts.count("step_completed") == 2, "done twice by the module, applied once"


async def test_an_open_run_that_is_not_due_is_found_without_a_daemon_and_mended_by_one(
    empty_house: House,
) -> None:
    run = run_of("two", "a")
    async with empty_house.daemon(catalog_of(two=TWO), **SHORT):
        await empty_house.outside.event("shop.two", {}, id="a")
        lost = await empty_house.outside.action("m")
    await empty_house.store._client.zrem(names.due(KEYS.tag_of(run)), run)
    seen = await found(empty_house)
    assert {each.kind for each in seen if each.is_certain} == {Kind.NOT_DUE}
    await mend(empty_house, seen)
    await mend(empty_house, seen)
    async with empty_house.daemon(catalog_of(two=TWO), **SHORT):
        again = await empty_house.outside.action("m")
        assert header_of(again, "resistor-token") == header_of(lost, "resistor-token")
        assert (Kind.NOT_DUE, run) not in await kinds(empty_house)


async def test_what_runs_that_are_gone_have_left_behind_is_taken_out_and_who_waits_gets_the_slot(
    empty_house: House,
) -> None:
    out, client = empty_house.outside, empty_house.store._client
    slots = names.slots("shop", "queued", "a")
    topic = names.topic("shop", "paid", None)
    await client.zadd(names.holders(KEYS.tag_of(slots), slots), {GONE: 1})
    await client.zadd(names.waiting(KEYS.tag_of(topic), topic), {f"{GONE} pay": 0})
    await client.zadd(names.due(KEYS.tag_of(GONE)), {GONE: 9e12})
    async with empty_house.daemon(catalog_of(queued=QUEUED), **SHORT):
        await out.event("shop.queued", {"account": "a"}, id="a")
        await empty_house.counted("runs_queued", ("shop", "queued"), 1)
        seen = await found(empty_house)
        of_none = {each.kind for each in seen if each.run == GONE}
        assert of_none == {Kind.SLOT_OF_NONE, Kind.LISTENER_OF_NONE, Kind.DUE_OF_NONE}
        await mend(empty_house, seen)
        await out.complete(await out.action("m"))
        assert (await empty_house.ended(run_of("queued", "a"))).state.status == "completed"
        await empty_house.until(lambda: is_clean(empty_house))


async def test_a_run_that_waits_for_one_that_is_not_there_starts_it_again(empty_house: House) -> None:
    catalog = catalog_of(parent="steps: [{run: {workflow: child}}]", child="steps: [{module: m, action: go}]")
    out = empty_house.outside
    run = run_of("parent", "a")
    async with empty_house.daemon(catalog, **SHORT):
        await out.event("shop.parent", {}, id="a")
        action = await out.action("m")
        child = action.correlation_id or ""
        await forget(empty_house, child)
        finding = await find(empty_house, Kind.CHILD_MISSING, run)
        await mend(empty_house, [finding])
        again = await out.action("m")
        assert again.correlation_id == child, "it is the same run"
        await out.complete(again)
        assert (await empty_house.ended(run)).state.status == "completed"


async def test_a_run_whose_child_s_end_was_never_told_hears_of_it(empty_house: House) -> None:
    catalog = catalog_of(parent="steps: [{run: {workflow: child}}]", child="steps: [{module: m, action: go}]")
    out = empty_house.outside
    run = run_of("parent", "a")
    async with empty_house.daemon(catalog, **SHORT):
        await out.event("shop.parent", {}, id="a")
        action = await out.action("m")
        before = await dump(empty_house, run)
        await out.complete(action, {"n": 1})
        await empty_house.ended(run)
        await put_back(empty_house, run, before)
        finding = await find(empty_house, Kind.CHILD_OVER, run)
        await mend(empty_house, [finding])
        assert (await empty_house.ended(run)).state.status == "completed"


async def test_a_step_whose_module_has_it_for_long_may_be_lost_and_is_left_alone(empty_house: House) -> None:
    async with empty_house.daemon(catalog_of(two=TWO), **SHORT):
        queue = await empty_house.outside.queue("resistor.module.m")
        in_hand: list[AbstractIncomingMessage] = []

        async def keep(message: AbstractIncomingMessage) -> None:
            in_hand.append(message)

        await queue.consume(keep)
        await empty_house.outside.event("shop.two", {}, id="a")

        async def is_taken() -> bool:
            return bool(in_hand)

        await empty_house.until(is_taken)
        await empty_house.marked(run_of("two", "a"))
        assert await found(empty_house) == []
        [finding] = await found(empty_house, silent=0.0)
        assert (finding.kind, finding.is_certain) == (Kind.SILENT, False)


# ------------------------------------------------------------------------------------------------ setting


async def forget(house: House, run: str) -> None:
    """Let a run vanish, as an older copy of Redis would not have it."""
    tag, client = KEYS.tag_of(run), house.store._client
    for name in (names.run, names.outbox, names.timers, names.history):
        await client.delete(name(tag, run))
    await client.zrem(names.due(tag), run)
    for status in ("running",):
        await client.zrem(f"{tag}:runs:status:{status}", run)


async def dump(house: House, run: str) -> dict[str, bytes]:
    tag, client = KEYS.tag_of(run), house.store._client
    found: dict[str, bytes] = {}
    for name in (names.run(tag, run), names.history(tag, run)):
        kept = await client.dump(name)
        assert kept is not None
        found[name] = kept
    return found


async def put_back(house: House, run: str, before: dict[str, bytes]) -> None:
    """Make a run what it was."""
    tag, client = KEYS.tag_of(run), house.store._client
    for name, kept in before.items():
        await client.restore(name, 0, kept, replace=True)
    await client.zadd(f"{tag}:runs:status:running", {run: 1})
    await client.zrem(f"{tag}:runs:status:completed", run)
    await client.zadd(names.due(tag), {run: 9e12})


# ------------------------------------------------------------------------------------- the command line


async def doctor(house: House, *words: str) -> tuple[int, str]:
    """Run `resistor doctor` as an operator would; returns its exit code and what it says."""
    environment = {
        "RESISTOR_AMQP_URL": house.amqp_url,
        "RESISTOR_REDIS_URL": house.redis_url,
        "RESISTOR_PARTITIONS": "4",
        "RESISTOR_TOKEN_KEYS": "k1:a secret of the tests that is long",
        "RESISTOR_DEFINITIONS": "no such directory",
        "RESISTOR_LEASE_SECONDS": "0.1",
        "RESISTOR_OUTBOX_GRACE_SECONDS": "0.1",
    }
    arguments = ["doctor", *words]
    done = await asyncio.to_thread(CliRunner().invoke, command_line(), arguments, env=environment)
    return done.exit_code, done.stdout


async def test_the_doctor_names_what_is_stuck_and_exits_with_1_until_it_is_mended(empty_house: House) -> None:
    run = run_of("two", "a")
    async with empty_house.daemon(catalog_of(two=TWO), **SHORT):
        await empty_house.outside.event("shop.two", {}, id="a")
        lost = await empty_house.outside.action("m")
        await find(empty_house, Kind.LOST, run)
        code, said = await doctor(empty_house, "--audit")
        assert code == 1
        assert f"fail  run {run}, step one: 0 of 1 actions for m are in its queue" in said
        code, said = await doctor(empty_house, "--audit", "-o", "json")
        [row] = [row for row in json.loads(said) if row["name"] == "audit"]
        assert (code, row["kind"], row["run"], row["step"], row["grade"]) == (1, "lost", run, "one", "fail")
        code, said = await doctor(empty_house, "--audit", "--repair")
        assert (code, "mended" in said) == (0, True)
        again = await empty_house.outside.action("m")
        assert header_of(again, "resistor-token") == header_of(lost, "resistor-token")


async def test_a_repair_without_an_audit_is_refused_in_one_line(empty_house: House) -> None:
    code, _ = await doctor(empty_house, "--repair")
    assert code == 2
