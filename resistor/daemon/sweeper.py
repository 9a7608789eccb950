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
FORGET_EVERY = 300  # sweeps
QUEUE = "due"  # what the metrics call this source of messages


class Sweeper:
    """Looks every `interval` seconds."""

    def __init__(self, store: Store, pipeline: Pipeline, *, interval: float, lease: float) -> None:
        """Take what is swept, and how; `interval` and `lease` are in seconds."""
        self._store = store
        self._pipeline = pipeline
        self._interval = interval
        self._lease = lease

    async def run(self, stopping: asyncio.Event) -> None:
        """Sweep until `stopping` is set."""
        sweeps = 0
        is_over = False
        while not is_over:
            try:
                await self._pipeline.patience.with_store(self.sweep)
                if sweeps % FORGET_EVERY == 0:
                    await self._pipeline.patience.with_store(self._store.forget_expired)
            except Exception:
                # One sweep that failed in a way nobody foresaw must not end all sweeping: what it left is
                # due again when its lease is over.
                log.exception("a sweep failed", extra={"action": "sweep_failed"})
            sweeps += 1
            is_over = await happens(stopping, within=self._interval)

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
