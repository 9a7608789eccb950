"""The limits of modules, and who waits at them."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from itertools import pairwise

from resistor.ports import Admission, Entry, GateView, Passer
from resistor.store import RedisStore
from tests.contract.store.samples import KEYS, keys_of

GATE = "payments concurrency"
RATE = "payments rate"


def passer(run: str, number: int = 1) -> Passer:
    return Passer(run, "go", number)


async def enter(store: RedisStore, *runs: str, limit: int = 1, priority: int = 0) -> list[tuple[str, ...]]:
    """Ask for a place; returns for each who is let through."""
    entries = [Entry(gate=GATE, passer=passer(run), limit=limit, priority=priority) for run in runs]
    return [names(admitted) for admitted in await store.gates.enter(entries)]


async def leave(store: RedisStore, run: str) -> tuple[str, ...]:
    [admitted] = await store.gates.leave([(GATE, passer(run))])
    return names(admitted)


def names(admitted: Sequence[Admission]) -> tuple[str, ...]:
    return tuple(each.passer.run for each in admitted)


async def look(store: RedisStore, gate: str = GATE) -> GateView:
    [view] = await store.gates.look([gate])
    return view


async def force_due(store: RedisStore, gate: str = GATE) -> None:
    """Let a gate be due now, whatever it waits for."""
    await store._client.zadd(f"{KEYS.tag_of(gate)}:gates", {gate: 0}, xx=True)


async def test_who_finds_no_place_waits_and_is_let_through_in_turn(store: RedisStore) -> None:
    assert await enter(store, "a", "b", "c", "d", limit=2) == [("a",), ("b",), (), ()]
    assert await look(store) == GateView(2, 2)
    assert await leave(store, "b") == ("c",)
    assert await leave(store, "a") == ("d",)
    assert await look(store) == GateView(2, 0)


async def test_the_highest_priority_is_first_and_then_who_came_first(store: RedisStore) -> None:
    await enter(store, "inside")
    await enter(store, "l1", "l2")
    await enter(store, "h1", "h2", priority=9)
    await enter(store, "m1", priority=4)
    order, last = [], "inside"
    for _ in range(5):
        [last] = await leave(store, last)
        order.append(last)
    assert order == ["h1", "h2", "m1", "l1", "l2"]


async def test_asked_again_who_is_inside_is_told_so_and_who_waits_keeps_the_place(store: RedisStore) -> None:
    for _ in range(3):
        assert await enter(store, "a", "b", "c") == [("a",), (), ()]
        assert await enter(store, "c", "b") == [(), ()]
    assert await leave(store, "a") == ("b",)


async def test_who_has_left_the_queue_is_passed_over_and_leaving_twice_is_harmless(store: RedisStore) -> None:
    await enter(store, "a", "b", "c")
    assert await leave(store, "b") == ()
    assert await leave(store, "b") == ()
    assert await leave(store, "a") == ("c",)
    assert await leave(store, "a") == ()
    assert await look(store) == GateView(1, 0)


async def test_another_way_of_the_same_step_is_somebody_else(store: RedisStore) -> None:
    first, second = (Entry(gate=GATE, passer=passer("a", number), limit=1) for number in (1, 2))
    await store.gates.enter([first, second])
    [admitted] = await store.gates.leave([(GATE, passer("a", 1))])
    assert [each.passer for each in admitted] == [passer("a", 2)]
    assert await store.gates.leave([(GATE, passer("a", 1))]) == [()], "an old word changes nothing"
    assert await look(store) == GateView(1, 0)


async def test_who_was_let_through_is_named_until_told(store: RedisStore) -> None:
    await enter(store, "a", "b")
    assert await leave(store, "a") == ("b",)
    assert await store.gates.claim(limit=10, lease=60.0) == [], "whoever let it through is telling it"
    named: Sequence[Admission] = ()
    for _ in range(2):
        await force_due(store)
        named = await store.gates.claim(limit=10, lease=60.0)
        assert names(named) == ("b",)
        assert await store.gates.claim(limit=10, lease=60.0) == [], "another daemon keeps off"
    await store.gates.told(named)
    await force_due(store)
    assert await store.gates.claim(limit=10, lease=60.0) == []
    await leave(store, "b")


async def test_of_a_full_gate_the_longest_inside_are_looked_at(store: RedisStore) -> None:
    await enter(store, "ghost", "b")
    await force_due(store)
    assert names(await store.gates.claim(limit=10, lease=60.0)) == ("ghost",)
    assert await leave(store, "ghost") == ("b",)


async def test_a_limit_that_grows_lets_those_who_wait_through(store: RedisStore) -> None:
    await enter(store, *(f"r{number:03}" for number in range(300)))
    assert len((await enter(store, "r299", limit=250))[0]) == 100, "not all at once"
    found: set[str] = set()
    while turn := await store.gates.claim(limit=200, lease=60.0):
        found |= set(names(turn))
        await store.gates.told(turn)
    assert (await look(store)).inside == 250
    assert (await look(store)).outside == 50


async def test_a_limit_that_shrinks_takes_nobody_out(store: RedisStore) -> None:
    await enter(store, "a", "b", "c", limit=3)
    assert await enter(store, "d", limit=1) == [()]
    for run in ("a", "b"):
        assert await leave(store, run) == ()
    assert await leave(store, "c") == ("d",)


async def test_a_rate_gives_moments_as_far_apart_as_it_says(store: RedisStore) -> None:
    entries = [Entry(gate=RATE, passer=passer(f"r{number}"), interval=0.02) for number in range(100)]
    now = (await store.load([])).now
    given = {each.passer.run: each.at for admitted in await store.gates.enter(entries) for each in admitted}
    assert len(given) < 60, "only those of the next second are given"
    again = {
        each.passer.run: each.at for admitted in await store.gates.enter(entries[:5]) for each in admitted
    }
    assert again == {run: given[run] for run in again}
    while len(given) < 100:
        turn = await store.gates.claim(limit=200, lease=60.0)
        given |= {each.passer.run: each.at for each in turn}
        await store.gates.told(turn)
    moments = [given[f"r{number}"] for number in range(100)]
    assert moments == sorted(moments), "in the order in which they came"
    assert moments[0] >= now
    assert min(b - a for a, b in pairwise(moments)) >= 0.02 - 2e-6


async def test_a_rate_forgets_who_has_passed_and_leaves_nothing(store: RedisStore) -> None:
    await store.gates.enter([Entry(gate=RATE, passer=passer("a"), interval=0.001)])
    left = [key for key in await keys_of(store) if await store._client.ttl(key) < 0]
    assert left == []
    await store.gates.leave([(RATE, passer("a"))])


async def test_an_empty_gate_leaves_nothing(store: RedisStore) -> None:
    await enter(store, "a", "b")
    await leave(store, "a")
    await leave(store, "b")
    assert await keys_of(store) == set()


async def test_each_key_is_a_gate_of_its_own(store: RedisStore) -> None:
    gates = [f"m/go concurrency={key}" for key in ('"a"', '"b"', "1", '"a b=c"')]
    entries = [Entry(gate=gate, passer=passer("r"), limit=1) for gate in gates]
    assert [names(each) for each in await store.gates.enter(entries)] == [("r",)] * 4


async def test_however_many_come_and_go_at_once_there_are_never_too_many_inside(store: RedisStore) -> None:
    chance = random.Random(7)
    inside: set[str] = set()

    async def live(run: str) -> None:
        for admitted in await enter(store, run, limit=5):
            inside.update(admitted)
        for _ in range(chance.randrange(3)):
            await asyncio.sleep(0)
        assert (await look(store)).inside <= 5
        await leave(store, run)

    await asyncio.gather(*(live(f"r{number}") for number in range(200)))
    while (view := await look(store)) != GateView(0, 0):
        assert view.inside <= 5
        await force_due(store)
        for each in await store.gates.claim(limit=10, lease=0.0):
            await store.gates.leave([(each.gate, each.passer)])
