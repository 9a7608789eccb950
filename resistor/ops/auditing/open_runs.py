"""Runs that nobody looks at, or that wait for what will not come. Called by audit.py, a page at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from resistor.engine.run import EVERYTHING, Child, Run, StepRecord, StepStatus
from resistor.ops.auditing.finding import Finding, Kind
from resistor.ops.text import plural
from resistor.store import RedisStore


async def look(store: RedisStore, runs: Sequence[Run], *, late: float) -> tuple[list[Run], list[Finding]]:
    """Return these runs whole, as they are now, and what is wrong with them.

    `late`: what has been due for so many seconds will not be done by itself. Raises `StoreUnreachable`.
    """
    loaded = await store.load([(run.id, EVERYTHING) for run in runs])
    whole = [run for run in loaded.runs if run is not None and not run.state.status.is_final]
    due = await store.survey.due_of([run.id for run in whole])
    since = loaded.now - late
    found: list[Finding] = []
    for run, at in zip(whole, due, strict=True):
        found += _unlooked_at(run, at, since)
        found += _timers(run, since)
        found += await _unconfirmed(store, run, since)
    found += await _related(store, whole, since)
    return whole, found


def _unlooked_at(run: Run, due: float | None, since: float) -> Iterator[Finding]:
    if due is None:
        what = "it is open, and nobody would look at it again"
        yield Finding(Kind.NOT_DUE, run.id, what, since=run.origin.started_at)
    elif due < since:
        what = "it is due and nobody looks at it: does a daemon run?"
        yield Finding(Kind.OVERDUE, run.id, what, since=due or None)


def _timers(run: Run, since: float) -> Iterator[Finding]:
    for path, record in run.steps.items():
        if record.wake_at is not None and record.wake_at < since:
            what = "its time is over and nothing has come of it"
            yield Finding(Kind.TIMER_MISSED, run.id, what, step=path, since=record.wake_at)


async def _unconfirmed(store: RedisStore, run: Run, since: float) -> list[Finding]:
    if not run.unconfirmed:
        return []
    facts = await store.history(run.id, start=-1)
    last = facts[-1].at if facts else run.origin.started_at
    if last >= since:
        return []
    names = ", ".join(sorted(run.unconfirmed)[:3])
    what = f"{plural(len(run.unconfirmed), 'message')} of it no queue has taken: {names}"
    return [Finding(Kind.UNCONFIRMED, run.id, what, since=last)]


async def _related(store: RedisStore, runs: Sequence[Run], since: float) -> list[Finding]:
    """Look at the runs that these wait for, and at those that wait for them."""
    children = [(run, path, record) for run in runs for path, record in run.steps.items() if _waits(record)]
    wanted = {record.control.run for _, _, record in children if isinstance(record.control, Child)}
    wanted |= {run.origin.parent.run for run in runs if run.origin.parent is not None}
    ids = sorted(wanted)
    related = dict(zip(ids, await store.survey.statuses(ids), strict=True))
    found = [each for child in children for each in _child(*child, related, since)]
    found += [each for run in runs for each in _parent(run, related, since)]
    return found


def _waits(record: StepRecord) -> bool:
    return isinstance(record.control, Child) and record.status is StepStatus.WAITING


def _child(
    run: Run, path: str, record: StepRecord, related: dict[str, Run | None], since: float
) -> Iterator[Finding]:
    assert isinstance(record.control, Child)  # noqa: S101 - chosen by that
    name = record.control.run
    child = related[name]
    if child is None and record.scheduled_at < since:
        what = f"it waits for run {name}, which is not there"
        yield Finding(Kind.CHILD_MISSING, run.id, what, step=path, since=record.scheduled_at)
    elif child is not None and (child.state.finished_at or since) < since:
        what = f"it waits for run {name}, which is {child.state.status}"
        yield Finding(Kind.CHILD_OVER, run.id, what, step=path, since=child.state.finished_at)


def _parent(run: Run, related: dict[str, Run | None], since: float) -> Iterator[Finding]:
    """Find a run whose parent is over. Others may wait for it too, so it may be right that it goes on."""
    parent = run.origin.parent
    if parent is None or not parent.awaits or run.state.waiting or run.state.ending is not None:
        return
    above = related[parent.run]
    if above is not None and (above.state.finished_at or since) < since:
        what = f"run {parent.run}, which started it and waited for it, is {above.state.status}"
        yield Finding(Kind.PARENT_OVER, run.id, what, since=above.state.finished_at)
    elif above is None:
        what = f"run {parent.run}, which started it and waited for it, is not there any more"
        yield Finding(Kind.PARENT_OVER, run.id, what, since=run.origin.started_at, is_certain=False)
