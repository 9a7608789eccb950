"""A daemon that dies anywhere on the way of actions through their gates, or while a module is paused."""

from __future__ import annotations

import asyncio

import pytest

from resistor.daemon.crashpoints import POINTS
from resistor.engine.facts import FactName
from resistor.engine.identity import run_id
from resistor.engine.run import EVERYTHING
from resistor.messages.event import Event
from resistor.ports import GateView
from tests.acceptance.conftest import Site
from tests.acceptance.language import _nothing_is_left as nothing_is_left
from tests.acceptance.language import over
from tests.acceptance.processes import PATIENCE_SECONDS
from tests.acceptance.test_language_crashes import HASTY, dies

pytestmark = pytest.mark.xdist_group("crashes of the language")

LIMIT = 3
DEFINITION = f"""
modules:
  ledger:
    concurrency: {LIMIT}
    actions: {{write: {{concurrency: {{key: "${{input.account}}", limit: 1}}, rate: 200/s}}}}
lang:
  gated:
    version: 1
    steps:
      - {{id: a, module: ledger, action: write}}
      - {{id: b, module: ledger, action: write}}
"""
COUNT = 24
ACCOUNTS = 6


@pytest.fixture(autouse=True)
def _gated(site: Site) -> None:
    (site.directory / "definitions" / "gated.yaml").write_text(DEFINITION)


def run_of(number: int) -> str:
    return run_id(Event(namespace="lang", name="gated", data=b"", id=f"gated-{number}"), "")


async def publish(site: Site) -> list[str]:
    for number in range(COUNT):
        await site.outside.event("lang.gated", {"account": number % ACCOUNTS}, id=f"gated-{number}")
    return [run_of(number) for number in range(COUNT)]


async def spans(site: Site, runs: list[str]) -> list[tuple[float, float, int]]:
    """When each action was out, from its schedule to its end, and for which account."""
    found = []
    for number, run in enumerate(runs):
        history = await site.store.history(run)
        for step in ("a", "b"):
            at = {fact.name: fact.at for fact in history if fact.step == step}
            found.append((at[FactName.STEP_SCHEDULED], at[FactName.STEP_COMPLETED], number % ACCOUNTS))
    return found


def most_at_once(spans: list[tuple[float, float, int]]) -> int:
    """How many were out at the same time, at most."""
    # An end goes before a beginning of the same moment: who leaves makes room.
    moves = sorted([(end, -1) for _, end, _ in spans] + [(begin, 1) for begin, _, _ in spans])
    most = out = 0
    for _, move in moves:
        out += move
        most = max(most, out)
    return most


async def holds(site: Site, runs: list[str]) -> None:
    """Assert that all was done, never more than allowed at once, and that nobody is left at a gate."""
    for run in runs:
        await over(site, run)
        found = (await site.store.load([(run, EVERYTHING)])).runs[0]
        assert found is not None
        assert found.state.status == "completed", found.state
    await nothing_is_left(site.store)
    assert set(site.effects()) == {f"{run}:{step}" for run in runs for step in ("a", "b")}
    out = await spans(site, runs)
    assert 1 < most_at_once(out) <= LIMIT
    for account in range(ACCOUNTS):
        assert most_at_once([each for each in out if each[2] == account]) == 1
    gates = ["ledger concurrency", *(f"ledger/write concurrency={each}" for each in range(ACCOUNTS))]
    async with asyncio.timeout(PATIENCE_SECONDS):
        while set(await site.store.gates.look(gates)) != {GateView(0, 0)}:  # noqa: ASYNC110 - theirs
            await asyncio.sleep(0.02)
    assert await site.outside.depth("resistor.dead") == 0


@pytest.mark.parametrize("point", POINTS)
async def test_a_limit_holds_whoever_dies_where(site: Site, point: str) -> None:
    crash = {"RESISTOR_BATCH": "2", **HASTY}
    first, second, _ = await asyncio.gather(
        site.daemon(RESISTOR_CRASH=f"{point}:7", **crash),
        site.daemon(RESISTOR_CRASH=f"{point}:5", **crash),
        site.module(),
    )
    runs = await publish(site)
    await asyncio.gather(dies(first), dies(second))
    await asyncio.gather(site.daemon(**HASTY), site.daemon(**HASTY))
    await holds(site, runs)


@pytest.mark.parametrize("point", ["after-commit", "before-ack"])
async def test_what_a_pause_holds_goes_on_when_daemons_die_over_it(site: Site, point: str) -> None:
    await site.store.pauses.pause("ledger", "the disk is full")
    doomed, _ = await asyncio.gather(
        site.daemon(RESISTOR_CRASH=f"{point}:12", RESISTOR_BATCH="2", **HASTY), site.module()
    )
    runs = await publish(site)
    await dies(doomed)
    second = await site.daemon(**HASTY)
    async with asyncio.timeout(PATIENCE_SECONDS):
        while await site.store.pauses.held(["ledger"]) != [COUNT]:  # noqa: ASYNC110 - in other processes
            await asyncio.sleep(0.02)
    assert site.effects() == {}
    await second.kill()
    await site.store.pauses.resume("ledger")
    await dies(await site.start("serve", RESISTOR_CRASH=f"{point}:2", RESISTOR_BATCH="4", **HASTY))
    await site.daemon(**HASTY)
    await holds(site, runs)
