"""Runs that are due, and finished runs whose time to be kept is over.

Runs on every replica, without a leader: a claim leases a run, and the revision check catches the rest. A
run is due when something of it was not confirmed in time (it is sent again, with the same token) or when one
of its timers is: a pause is over, an attempt or the run itself has taken too long.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from resistor.daemon.lifecycle import happens
from resistor.daemon.pipeline import Pipeline
from resistor.daemon.told import Told
from resistor.engine.inbound import Wake
from resistor.ports import Store

log = logging.getLogger(__name__)

CLAIM_AT_ONCE = 200  # runs of a partition in one claim
LOOK_AT_ONCE = 200  # runs that are loaded together
FORGET_EVERY_SECONDS = 60.0
SHORTEST_PAUSE = 0.002  # seconds: a run that is just not due yet is no reason to spin
QUEUE = "due"  # what the metrics call this source of messages


class Sweeper:
    """Looks every `interval` seconds, and when the first run is due that it knew of."""

    def __init__(self, store: Store, pipeline: Pipeline, *, interval: float, lease: float) -> None:
        """Take what is swept, and how; `interval` and `lease` are in seconds."""
        self._store = store
        self._pipeline = pipeline
        self._interval = interval
        self._lease = lease

    async def run(self, stopping: asyncio.Event) -> None:
        """Sweep until `stopping` is set."""
        swept_at = 0.0
        loop = asyncio.get_running_loop()
        pause = 0.0
        while not await happens(stopping, within=pause):
            try:
                pause = await self._pipeline.patience.with_store(self._turn)
                if loop.time() - swept_at > FORGET_EVERY_SECONDS:
                    swept_at = loop.time()
                    await self._pipeline.patience.with_store(self._store.forget_expired)
            except Exception:
                # One sweep that failed in a way nobody foresaw must not end all sweeping: what it left is
                # due again when its lease is over.
                log.exception("a sweep failed", extra={"action": "sweep_failed"})
                pause = self._interval

    async def _turn(self) -> float:
        """Sweep; returns how long to wait, in seconds: not at all while something is due."""
        if await self.sweep():
            return 0.0
        soon = await self._store.next_due_in()
        return self._interval if soon is None else min(self._interval, max(soon, SHORTEST_PAUSE))

    async def sweep(self) -> int:
        """Look at what is due now; returns how many runs that were. Raises `StoreUnreachable`."""
        ids = await self._store.claim_due(limit=CLAIM_AT_ONCE, lease=self._lease)
        for start in range(0, len(ids), LOOK_AT_ONCE):
            await self._look(ids[start : start + LOOK_AT_ONCE])
        return len(ids)

    async def _look(self, ids: Sequence[str]) -> None:
        """Let each of these runs look what is due, and what is unconfirmed."""
        told = [Told(run_id, None, Wake(), QUEUE) for run_id in ids]
        async with self._pipeline.quiet.among_others():
            await self._pipeline.settle(told)
