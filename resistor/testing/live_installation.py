"""One test on real servers, in real time. What is quiet for a moment is taken for settled."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from resistor.bus.names import Names
from resistor.catalog import Catalog
from resistor.config import Settings
from resistor.engine.facts import Fact
from resistor.engine.run import EVERYTHING, Run
from resistor.errors import ResistorError
from resistor.ops.runs import Found
from resistor.ops.text import how_long
from resistor.ports import Publish
from resistor.store.reading import RunFilter
from resistor.testing.calls import Call
from resistor.testing.live_site import LiveSite
from resistor.testing.stubs import Stubs

POLL_SECONDS = 0.05
QUIET_SECONDS = 0.4  # so long nothing has changed: it has settled
LONGEST_SECONDS = 30.0
MOST_RUNS = 10_000


class TooLong(ResistorError):
    """The time that a test lets pass does not pass so fast on real servers."""


def refuse(why: str) -> NoReturn:
    """Raise `TooLong`."""
    raise TooLong(why)


class LiveInstallation:
    """A site for one test. Setting it up, and taking it away, takes a second."""

    def __init__(
        self,
        settings: Settings,
        stubs: Stubs,
        *,
        longest: float = LONGEST_SECONDS,
        too_long: Callable[[str], NoReturn] = refuse,
    ) -> None:
        """Begin. One wait takes `longest` seconds at most, `too_long` is told of a longer one.

        Raises `BrokerUnreachable`, `StoreUnreachable`.
        """
        self.stubs = stubs
        self.calls: list[Call] = []
        self.complaints: list[BaseException] = []
        self._longest = longest
        self._too_long = too_long
        self._site = LiveSite(settings, stubs, self)
        self._site.open()
        self._began = time.monotonic()

    # ------------------------------------------------------------------------------ what happens

    def deploy(self, catalog: Catalog) -> None:
        """Register these workflows. Raises `VersionConflict`."""
        self._site.deploy(catalog)

    def publish(self, message: Publish) -> None:
        """Publish an event or a command, and wait until what follows has settled."""
        self._site.run(self._site.bus.publish([message]))
        self._settle()

    def step(self, *, until: float) -> bool:
        """Wait until something has changed, as long as one wait may take; returns whether it has."""
        before, limit = self._seen(), min(until, self.elapsed + self._longest)
        while self.elapsed < limit:
            self._pause()
            if self._seen() != before:
                return True
        return False

    def rest(self, *, until: float) -> None:
        """Let time pass up to `until`."""
        left = until - self.elapsed
        if left > self._longest:
            self._too_long(
                f"{how_long(round(left))} are too long for real servers: {how_long(self._longest)} at most"
            )
        while self.elapsed < until:
            self._pause()
        self._settle()

    def close(self) -> None:
        """End all of it, and take it away. Idempotent."""
        self._site.close()

    def called(self, call: Call) -> None:
        """Note a call."""
        self.calls.append(call)

    def complain(self, why: BaseException) -> None:
        """Note what is wrong with the test itself."""
        self.complaints.append(why)

    # ------------------------------------------------------------------------------ what there is

    @property
    def names(self) -> Names:
        """What queues and exchanges are called."""
        return self._site.names

    @property
    def catalog(self) -> Catalog:
        """What is deployed."""
        return self._site.catalog

    @property
    def events(self) -> list[Publish]:
        """What was published as an event."""
        return self._site.events

    @property
    def now(self) -> float:
        """The time, in seconds since the epoch."""
        return time.time()

    @property
    def elapsed(self) -> float:
        """The time since the beginning, in seconds."""
        return time.monotonic() - self._began

    def run_ids(self) -> list[str]:
        """Return every run, in the order in which they began."""
        return [run.id for run in reversed(self._listed())]

    def found(self, run_id: str) -> Found:
        """Return a run as it is now, whole, with its workflow."""
        [run] = self._site.run(self._site.store.load([(run_id, EVERYTHING)])).runs
        assert run is not None  # noqa: S101 - it is in the list, and nothing is forgotten so soon
        origin = run.origin
        return Found(run, self._site.catalog.get(origin.namespace, origin.workflow, origin.version))

    def facts(self, run_id: str) -> Sequence[Fact]:
        """Return a run's history."""
        return self._site.run(self._site.store.history(run_id))

    def letters(self) -> list[Publish]:
        """Return the dead letters."""
        return self._site.letters

    def _listed(self) -> list[Run]:
        return self._site.run(self._site.store.list_runs(RunFilter(limit=MOST_RUNS)))

    def _seen(self) -> tuple[Any, ...]:
        """Return what changes when anything does."""
        runs = {run.id: run.revision for run in self._listed()}
        return runs, len(self.calls), len(self._site.events), len(self._site.letters)

    def _settle(self) -> None:
        """Wait until nothing has changed for a moment."""
        seen, since, limit = self._seen(), self.elapsed, self.elapsed + self._longest
        while self.elapsed - since < QUIET_SECONDS and self.elapsed < limit:
            self._pause()
            now = self._seen()
            if now != seen:
                seen, since = now, self.elapsed

    def _pause(self) -> None:
        self._site.run(asyncio.sleep(POLL_SECONDS))
