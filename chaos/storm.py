"""A run of chaos: load and faults side by side, then calm, then the checker."""

from __future__ import annotations

import asyncio
import random
import time

from chaos import faults
from chaos.checker import KEPT, check, lines_of
from chaos.load import Starter
from chaos.report import Report
from chaos.site import Site, installed
from resistor.engine.run import RunStatus
from resistor.store import keys as names

LOOK_SECONDS = 0.2
FAULT_SECONDS = 1.7  # a fault takes so long with the pause after it, on average
MOST_SETTLING_SECONDS = 300.0
_OVER = tuple(status for status in RunStatus if status.is_final)


async def storm(*, runs: int, share: float, seed: int, without: str | None = None) -> Report:
    """Start `runs` runs under a `share` of the long form's faults; returns what came of it."""
    draw = random.Random(seed)
    async with installed(without=without) as site:
        report = Report(seed)
        await _ready(site)
        starter = Starter(site, draw)
        counting = asyncio.create_task(_count(site, starter))
        began = time.monotonic()
        kinds = faults.plan(share, draw)
        rate = runs / (len(kinds) * FAULT_SECONDS)
        loading = asyncio.create_task(starter.run(runs, rate=rate))
        await _break(site, report, kinds, draw)
        starter.is_enough = True
        await loading
        report.seconds = time.monotonic() - began
        report.settled_after = await _settle(site, starter)
        counting.cancel()
        report.twice, report.bad = starter.twice, starter.bad
        await starter.close()
        for entry in lines_of(site.module_ledger):
            if entry["what"].startswith("died"):
                report.faults[f"module {entry['what']} its effect"] += 1
        report.findings = await check(site)
        return report


async def _ready(site: Site) -> None:
    """Wait for the topology, and restart the broker once in order.

    RabbitMQ 3.10 loses quorum queues that were declared a second or two before it is killed.
    """
    await site.declared()
    await asyncio.to_thread(site.rabbitmq.restart)


async def _break(site: Site, report: Report, kinds: list[str], draw: random.Random) -> None:
    """Do one fault after the other, each at its share of the load; time how long nothing ends after it."""
    watching: set[asyncio.Task[None]] = set()
    for kind in kinds:
        before = await ended(site)
        await faults.KINDS[kind][1](site, draw)
        report.faults[kind] += 1
        watch = asyncio.create_task(_recovery(site, report, kind, before))
        watching.add(watch)
        watch.add_done_callback(watching.discard)
        await asyncio.sleep(draw.expovariate(1 / 0.6))
    for watch in watching:
        watch.cancel()


async def _recovery(site: Site, report: Report, kind: str, before: int) -> None:
    """Note how long it takes until the next run ends."""
    began = time.monotonic()
    while await ended(site) <= before and time.monotonic() - began < 60.0:  # noqa: ASYNC110
        await asyncio.sleep(LOOK_SECONDS)  # it is another process's event
    report.recoveries.setdefault(kind, []).append(time.monotonic() - began)


async def ended(site: Site) -> int:
    """Return how many runs are over; waits for a Redis that is away."""
    while True:
        try:
            return sum([await _in(site, status) for status in _OVER])
        except Exception:
            await asyncio.sleep(LOOK_SECONDS)


async def _in(site: Site, status: RunStatus) -> int:
    client, keys = site.store._client, site.store._keys
    tags = [keys.tag(partition) for partition in range(keys.partitions)]
    return sum([await client.zcard(names.by_status(tag, status)) for tag in tags])


async def _count(site: Site, starter: Starter) -> None:
    """Tell the starter how many runs are open, so that it waits for them."""
    while True:
        try:
            starter.open_runs = await _in(site, RunStatus.RUNNING)
        except Exception:
            starter.open_runs += 0
        await asyncio.sleep(LOOK_SECONDS)


async def _settle(site: Site, starter: Starter) -> float:
    """Wait until no run is open; returns how long that took."""
    began = time.monotonic()
    await starter.tell_listeners()
    while time.monotonic() - began < MOST_SETTLING_SECONDS:
        if not await _in(site, RunStatus.RUNNING) and not await _waiting(site):
            return time.monotonic() - began
        await asyncio.sleep(0.5)
    return time.monotonic() - began


async def _waiting(site: Site) -> int:
    """Return how many messages wait in queues that ought to be empty, and how many runs are due."""
    rows = (await asyncio.to_thread(site.rabbitmq.ctl, "list_queues", "name", "messages")).splitlines()[1:]
    counts = dict(row.split("\t") for row in rows)
    ours = [int(count) for queue, count in counts.items() if not queue.endswith(KEPT)]
    client, keys = site.store._client, site.store._keys
    tags = [keys.tag(partition) for partition in range(keys.partitions)]
    return sum(ours) + sum([await client.zcard(names.due(tag)) for tag in tags])
