"""Gates whose time has come, and modules that go on after a pause.

Runs on every replica, without a leader: a claim leases a gate or a module, and who is told twice does not
mind. Those who wait at a rate are let through here, and those whom a daemon let through that died before it
could tell them; those who were held by a pause are told a page at a time. Looks, too, which modules are
paused.
"""

from __future__ import annotations

import asyncio
import logging
from functools import partial

from resistor.daemon.letting_out import admitted_told, released_told
from resistor.daemon.lifecycle import happens
from resistor.daemon.pausing import Pausing
from resistor.daemon.pipeline import Pipeline
from resistor.ports import Store

log = logging.getLogger(__name__)

PAGE = 200  # actions that are told together, of a gate or a module


class Gatekeeper:
    """Looks every `interval` seconds."""

    def __init__(
        self, store: Store, pipeline: Pipeline, pausing: Pausing, *, interval: float, lease: float
    ) -> None:
        """Take where gates are, what tells runs, and which modules are paused; times are in seconds."""
        self._store = store
        self._pipeline = pipeline
        self._pausing = pausing
        self._interval = interval
        self._lease = lease

    async def run(self, stopping: asyncio.Event) -> None:
        """Look until `stopping` is set; at once again while modules that go on have many to be told."""
        is_over = False
        while not is_over:
            is_more = False
            try:
                is_more = await self._pipeline.patience.with_store(self.look)
            except Exception:
                # What it left is due again when its lease is over.
                log.exception("the gates could not be looked at", extra={"action": "gates_failed"})
            is_over = await happens(stopping, within=0.0 if is_more else self._interval)

    async def look(self) -> bool:
        """Tell those whose turn has come; returns whether there are more. Raises `StoreUnreachable`."""
        await self._pausing.refresh()
        admitted = await self._store.gates.claim(limit=PAGE, lease=self._lease)
        if admitted:
            await self._pipeline.settle([admitted_told(each) for each in admitted])
            await self._pipeline.patience.with_store(partial(self._store.gates.told, admitted))
        released = await self._store.pauses.claim(limit=PAGE, lease=self._lease)
        if released:
            for module, _ in released:
                self._pausing.goes_on(module)
            await self._pipeline.settle([released_told(module, passer) for module, passer in released])
            await self._pipeline.patience.with_store(partial(self._store.pauses.released, released))
        return bool(released)
