"""Lists and histories in memory, for tests that ask for them as people do. Used by memory_store.py."""

from __future__ import annotations

import msgspec

from resistor.engine.facts import Fact
from resistor.engine.run import Run
from resistor.store.reading import RunFilter
from resistor.testing.store.runs import MemoryRuns
from resistor.testing.store.state import State


def read_history(runs: MemoryRuns, run_id: str, *, start: int) -> list[Fact]:
    """Return a run's facts from position `start` on."""
    kept = runs.kept(run_id)
    return [] if kept is None else kept.facts[start:]


def list_runs(state: State, runs: MemoryRuns, wanted: RunFilter) -> list[Run]:
    """Return the latest runs that `wanted` describes, without steps."""
    found = [kept.run for run_id in list(state.runs) if (kept := runs.kept(run_id)) is not None]
    found = [run for run in found if _fits(run, wanted)]
    found.sort(key=lambda run: (run.origin.started_at, run.id), reverse=True)
    return [msgspec.structs.replace(run, parts={}, is_whole=False) for run in found[: wanted.limit]]


def _fits(run: Run, wanted: RunFilter) -> bool:
    origin = run.origin
    return (
        (not wanted.statuses or run.state.status in wanted.statuses)
        and wanted.namespace in (None, origin.namespace)
        and wanted.workflow in (None, origin.workflow)
        and (wanted.since is None or origin.started_at >= wanted.since)
        and (wanted.until is None or origin.started_at <= wanted.until)
        and wanted.labels.items() <= origin.labels.items()
    )
