"""Where workflows are tested: on servers in memory and virtual time, or on real ones in real time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from resistor.bus.names import Names
from resistor.catalog import Catalog
from resistor.engine.facts import Fact
from resistor.ops.runs import Found
from resistor.ports import Publish
from resistor.testing.calls import Call
from resistor.testing.stubs import Stubs


class Stage(Protocol):
    """An installation with a daemon, and modules that are stubs. Times since the beginning are in seconds."""

    calls: list[Call]
    """What modules were asked for."""
    complaints: list[BaseException]
    """What is wrong with the test itself: calls that nobody answers, what stubs raised to end it."""

    @property
    def names(self) -> Names:
        """What exchanges and queues are called."""

    @property
    def catalog(self) -> Catalog:
        """What is deployed."""

    @property
    def events(self) -> list[Publish]:
        """What was published as an event, by the test and by runs."""

    @property
    def now(self) -> float:
        """The time, in seconds since the epoch."""

    @property
    def elapsed(self) -> float:
        """The time since the beginning."""

    def deploy(self, catalog: Catalog) -> None:
        """Register these workflows. Raises `VersionConflict`."""

    def publish(self, message: Publish) -> None:
        """Publish an event or a command, and let everything happen that follows at once."""

    def step(self, *, until: float) -> bool:
        """Let time pass up to the next moment in which anything happens; returns whether there is one.

        Schedules are not waited for: they never end.
        """

    def rest(self, *, until: float) -> None:
        """Let time pass up to a moment."""

    def run_ids(self) -> list[str]:
        """Return every run, in the order in which they began."""

    def found(self, run_id: str) -> Found:
        """Return a run as it is now, whole, with its workflow."""

    def facts(self, run_id: str) -> Sequence[Fact]:
        """Return a run's history."""

    def letters(self) -> list[Publish]:
        """Return the dead letters."""

    def close(self) -> None:
        """End all of it. Idempotent."""


class Install(Protocol):
    """Makes a stage."""

    def __call__(self, stubs: Stubs, *, start: float, has_schedules: bool) -> Stage:
        """Make one that begins at `start`, in seconds since the epoch, where that can be chosen."""
