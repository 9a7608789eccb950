"""Runs that are due, and finished runs whose time to be kept is over.

Runs on every replica, without a leader: a claim leases a run, and the revision check catches the rest. A
run is due when an action was not confirmed in time (it is published again, with the same token) or when a
module asked to have its action later.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from resistor.daemon.definitions import Definitions
from resistor.daemon.inbox import Told
from resistor.daemon.lifecycle import happens
from resistor.daemon.pipeline import Pipeline
from resistor.engine.inbound import Wake
from resistor.engine.run import Reads, Run
from resistor.errors import RejectedMessage
from resistor.ports import Released, Store

log = logging.getLogger(__name__)

CLAIM_AT_ONCE = 200  # runs of a partition in one claim
LOOK_AT_ONCE = 200  # runs that are loaded together, whole
REMEMBERED_ORPHANS = 10_000
FORGET_EVERY = 60  # sweeps
QUEUE = "due"  # what the metrics call this source of messages


class Sweeper:
    """Looks every `interval` seconds."""

    def __init__(
        self, store: Store, definitions: Definitions, pipeline: Pipeline, *, interval: float, lease: float
    ) -> None:
        """Take what is swept, and how; `interval` and `lease` are in seconds."""
        self._store = store
        self._definitions = definitions
        self._pipeline = pipeline
        self._interval = interval
        self._lease = lease
        self._orphans: set[str] = set()

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
        loaded = await self._store.load([(run_id, Reads()) for run_id in ids])
        open_runs = [run for run in loaded.runs if run is not None and not run.state.status.is_final]
        gone = set(ids) - {run.id for run in open_runs} - loaded.unreadable.keys()
        if gone:
            await self._store.release([Released(run=run_id, revision=0, due_at=0.0) for run_id in gone])
        for run_id, why in loaded.unreadable.items():
            self._cannot_go_on(run_id, why)
        told = [each for run in open_runs if (each := await self._told(run)) is not None]
        await self._pipeline.settle(told)

    async def _told(self, run: Run) -> Told | None:
        try:
            workflow = await self._definitions.of(run.origin)
        except RejectedMessage as why:
            self._cannot_go_on(run.id, why.detail)
            return None
        return Told(run.id, workflow, Wake(), QUEUE)

    def _cannot_go_on(self, run_id: str, why: str) -> None:
        """Say so, once for each run: its claim goes on, so another daemon, or a newer one, gets it next."""
        if run_id not in self._orphans:
            if len(self._orphans) >= REMEMBERED_ORPHANS:
                self._orphans.clear()
            self._orphans.add(run_id)
            log.error("run %s cannot go on: %s", run_id, why, extra={"action": "orphan", "run": run_id})
