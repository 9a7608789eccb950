"""Definitions that change while the daemon runs: files, SIGHUP, and what others register.

A file that is wrong is reported and changes nothing: what was registered before goes on. Runs keep the
version that they began with.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from resistor.catalog import Catalog, Loaded, load
from resistor.catalog.files import find
from resistor.catalog.showing import show
from resistor.daemon.definitions import Definitions
from resistor.daemon.lifecycle import any_happens
from resistor.engine.workflow import Workflow
from resistor.errors import OperatorMistake, Problem, StoreUnreachable, VersionConflict

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0  # between two looks at the files and at the catalogue
MOST_LOOK_SECONDS = 10.0
SHARE = 0.01  # of the time, at most, goes into looks at the files: there may be thousands

Stamp = tuple[str, int, int]


class Reloader:
    """Keeps the definitions true to the files and to the catalogue."""

    def __init__(
        self,
        paths: Sequence[Path],
        catalog: Catalog,
        definitions: Definitions,
        prepare: Callable[[Catalog], Awaitable[None]],
        changed: Callable[[], Awaitable[None]],
    ) -> None:
        """Take the files, what was read from them, and what to do before and after definitions change."""
        self._paths = paths
        self._mine = {_name(each) for each in catalog.workflows}
        self._definitions = definitions
        self._prepare = prepare
        self._changed = changed
        self._followed = 0  # the revision of the catalogue that everything else is in step with
        self._stamps = stamps(paths)
        self._pause = LOOK_SECONDS
        self.wanted = asyncio.Event()

    async def run(self, stopping: asyncio.Event) -> None:
        """Look until `stopping` is set; at once when `wanted` is."""
        self._followed = self._definitions.revision
        while True:
            await any_happens(stopping, self.wanted, within=self._pause)
            if stopping.is_set():
                break
            try:
                await self.look()
            except StoreUnreachable:
                log.debug("the catalogue cannot be read now", extra={"action": "reload_later"})
            except Exception:
                log.exception("the definitions could not be reloaded", extra={"action": "reload_failed"})

    async def look(self) -> None:
        """Load the files again where they have changed or somebody wants it; see what others registered."""
        found = await asyncio.to_thread(self._look_at_files)
        if self.wanted.is_set() or found != self._stamps:
            self.wanted.clear()
            self._stamps = found
            await self._load()
            await self._follow()
            return
        await self._definitions.refresh()
        if self._definitions.revision != self._followed:  # seen just now, or before, for an unknown event
            log.info("the catalogue has changed", extra={"action": "catalogue_changed"})
            await self._follow()

    def _look_at_files(self) -> frozenset[Stamp]:
        began = time.thread_time()
        found = stamps(self._paths)
        took = time.thread_time() - began
        self._pause = min(max(LOOK_SECONDS, took / SHARE), MOST_LOOK_SECONDS)
        return found

    async def _follow(self) -> None:
        revision = self._definitions.revision
        await self._changed()
        self._followed = revision

    async def _load(self) -> None:
        sources = await self._definitions.sources()
        try:
            loaded = await asyncio.to_thread(load, self._paths, sources)
        except OperatorMistake as mistake:
            log.error("%s; the definitions stay as they were", mistake, extra={"action": "reload_failed"})
            return
        for problem in loaded.problems:
            log.error("%s", show(problem), extra=_fields(problem))
        registered = await self._register(loaded)
        extra = {"action": "reloaded", "workflows": len(registered), "problems": len(loaded.problems)}
        log.info("definitions reloaded", extra=extra)

    async def _register(self, loaded: Loaded) -> tuple[Workflow, ...]:
        """Register what can be: a version that is there with other content leaves out its workflow only."""
        refused: set[tuple[str, str]] = set()
        while True:
            workflows = tuple(each for each in loaded.catalog.workflows if _name(each) not in refused)
            names = {_name(each) for each in workflows}
            await self._prepare(Catalog(workflows))
            kept = names | loaded.broken | refused | (self._mine if loaded.broken_files else set())
            try:
                await self._definitions.register(Catalog(workflows), frozenset(self._mine - kept))
            except VersionConflict as conflict:
                log.error("%s", conflict, extra={"action": "version_conflict"})
                if conflict.workflow in refused:
                    raise
                refused.add(conflict.workflow)
            else:
                self._mine = names | (self._mine & kept)
                return workflows


def _name(workflow: Workflow) -> tuple[str, str]:
    return workflow.namespace, workflow.name


def stamps(paths: Sequence[Path]) -> frozenset[Stamp]:
    """Return what changes when a definition file does: its name, its size and when it was written."""
    found = set()
    try:
        for file in find(paths):
            if isinstance(file, Problem):
                continue
            state = file.stat()
            found.add((str(file), state.st_mtime_ns, state.st_size))
    except (OSError, OperatorMistake):
        return frozenset({("?", 0, 0)})
    return frozenset(found)


def _fields(problem: Problem) -> dict[str, object]:
    return {"action": "definition_wrong", "file": problem.file, "line": problem.line}
