"""The proof is worth something only if it fails where there is something to find.

Each mechanism that keeps runs whole is switched off by itself, in one storm after the other: soon a law
breaks.
"""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Callable

import pytest

from resistor.daemon.sweeper import Sweeper
from resistor.engine.decision import Verdict
from resistor.engine.inbound import Answered
from resistor.engine.run import StepRecord
from resistor.ports import Change
from resistor.testing.store.runs import MemoryRuns
from tests.simulation.laws import Broken, check
from tests.simulation.world import World

ENOUGH = 40  # storms: each mutation was seen to break a law within twenty

advance = importlib.import_module("resistor.engine.advance")  # the package gives the function by that name

Switch = Callable[[pytest.MonkeyPatch], None]


def no_replay(monkeypatch: pytest.MonkeyPatch) -> None:
    """A duplicate repeats nothing, and neither does the sweeper."""
    monkeypatch.setattr(advance, "again", lambda draft, names: None)


def no_sweeper(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody looks at what is due."""

    async def nothing(self: Sweeper, stopping: asyncio.Event) -> None:
        await stopping.wait()

    monkeypatch.setattr(Sweeper, "run", nothing)


def no_fencing(monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer counts, whichever attempt it is of."""

    def counts(draft: object, message: Answered, record: StepRecord, turn: int) -> Verdict | None:
        return None if record.status.is_out else Verdict.STALE

    monkeypatch.setattr(advance, "_premature_or_late", counts)


def no_revision_check(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever writes last wins."""
    write = MemoryRuns._commit

    def commits(self: MemoryRuns, change: Change) -> bool:
        kept = self._state.runs.get(change.after.id)
        if kept is not None and change.before is not None:
            object.__setattr__(change.before, "revision", kept.run.revision)
        return write(self, change)

    monkeypatch.setattr(MemoryRuns, "_commit", commits)


@pytest.mark.parametrize("switch_off", [no_replay, no_sweeper, no_fencing, no_revision_check])
def test_without_it_a_law_breaks(monkeypatch: pytest.MonkeyPatch, switch_off: Switch) -> None:
    switch_off(monkeypatch)
    for seed in range(ENOUGH):
        world = World(seed)
        world.run()
        try:
            check(world)
        except Broken:
            return
    pytest.fail(f"{ENOUGH} storms without it, and every law held")
