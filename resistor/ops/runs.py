"""Finds a run, with the version of the workflow that it is pinned to, and follows it to its end.

Reads the store, and polls it: a person's eye is no faster, and nothing has to be subscribed to.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

from resistor.catalog import workflow_from_source
from resistor.engine.facts import Fact
from resistor.engine.run import Origin, Reads, Run
from resistor.engine.workflow import Workflow
from resistor.errors import DefinitionError, NotFound, OperatorMistake, ResistorError
from resistor.messages.names import RUN_ID
from resistor.ops.views import View, fact_view, run_view
from resistor.store import RedisStore

POLL_SECONDS = 0.25


@dataclass(frozen=True, slots=True)
class Found:
    """A run and its workflow; None where the store has lost that version."""

    run: Run
    workflow: Workflow | None

    @property
    def view(self) -> View:
        """The contract's object."""
        return run_view(self.run, self.workflow)


class Reader:
    """Reads runs of one store. Remembers workflows, which never change."""

    def __init__(self, store: RedisStore) -> None:
        """Read `store`."""
        self._store = store
        self._workflows: dict[str, Workflow | None] = {}

    async def look(self, run_id: str) -> Found | None:
        """Return the run, or None where there is none. Raises `ResistorError` for a newer program's."""
        loaded = await self._store.load([(run_id, Reads(everything=True))])
        if run_id in loaded.unreadable:
            raise ResistorError(f"run {run_id} cannot be read: a newer Resistor wrote it")
        run = loaded.runs[0]
        return None if run is None else Found(run, await self._workflow(run))

    async def find(self, run_id: str) -> Found:
        """Return the run. Raises `NotFound`, and `OperatorMistake` for what is no run's id."""
        require_id(run_id)
        found = await self.look(run_id)
        if found is None:
            raise unknown(run_id)
        return found

    async def changes(self, run_id: str) -> AsyncIterator[Found]:
        """Give the run as it is, and again after every change, to its end. Raises as `find` does."""
        found = await self.find(run_id)
        yield found
        while not found.run.state.status.is_final:
            await asyncio.sleep(POLL_SECONDS)
            latest = await self.find(run_id)
            if latest.run.revision != found.run.revision:
                yield latest
            found = latest

    async def beginning(self, run_id: str) -> Found:
        """Wait for the run to begin."""
        while True:
            found = await self.look(run_id)
            if found is not None:
                return found
            await asyncio.sleep(POLL_SECONDS)

    async def end(self, run_id: str) -> Found:
        """Wait for the run to end. Raises as `find` does."""
        while True:
            found = await self.find(run_id)
            if found.run.state.status.is_final:
                return found
            await asyncio.sleep(POLL_SECONDS)

    async def revival(self, run_id: str, *, after: int) -> Found:
        """Wait for the run to go on after an order to retry it; `after`: it was retried so often before."""
        while True:
            found = await self.find(run_id)
            if found.run.state.revivals > after:
                return found
            await asyncio.sleep(POLL_SECONDS)

    async def history(self, run_id: str, *, follow: bool) -> AsyncIterator[tuple[View, Fact]]:
        """Give the run's facts; with `follow`, those to come as well, to its end. Raises as `find` does."""
        seq = 0
        while True:
            is_over = (await self.find(run_id)).run.state.status.is_final or not follow
            for fact in await self._store.history(run_id, start=seq):
                seq += 1
                yield fact_view(seq, fact), fact
            if is_over:
                return
            await asyncio.sleep(POLL_SECONDS)

    async def _workflow(self, run: Run) -> Workflow | None:
        origin = run.origin
        key = f"{origin.namespace}/{origin.workflow}@{origin.version}"
        if key not in self._workflows:
            source = await self._store.catalogue.source(key)
            self._workflows[key] = None if source is None else _readable(origin, source)
        return self._workflows[key]


def require_id(run_id: str) -> None:
    """Raise `OperatorMistake` for what is no run's id."""
    if not RUN_ID.match(run_id):
        raise OperatorMistake(f"{run_id!r} is not a run's id: it has 20 letters and digits, in small letters")


def unknown(run_id: str) -> NotFound:
    """Return what to say of a run that is not there."""
    return NotFound(f"there is no run {run_id}: it never began, or it is forgotten by now")


def _readable(origin: Origin, source: bytes) -> Workflow | None:
    """Return the workflow, or None where a newer Resistor registered it: the run can be shown without."""
    try:
        return workflow_from_source(origin.namespace, origin.workflow, source)
    except DefinitionError:
        return None
