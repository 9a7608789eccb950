"""Workflows that start by themselves.

Runs on every replica, without a leader: a claim leases a schedule, the run of an occurrence goes by an id
that is derived from its moment, and the schedule's state is compared and set. So an occurrence begins one
run, however many daemons look.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from zoneinfo import ZoneInfo

import msgspec
from cronsim import CronSim, CronSimError

from resistor.daemon.definitions import Definitions
from resistor.daemon.lifecycle import happens
from resistor.daemon.pipeline import Pipeline
from resistor.daemon.told import Told
from resistor.engine.identity import scheduled_run_id
from resistor.engine.inbound import Start
from resistor.engine.run import Reads
from resistor.engine.schedule import Due, Standing, due
from resistor.engine.workflow import Schedule, Workflow
from resistor.messages.event import Event
from resistor.ports import ScheduleState, Store

log = logging.getLogger(__name__)

CLAIM_AT_ONCE = 100
LOOK_AGAIN_SECONDS = 1.0  # while occurrences wait for the last run to end
QUEUE = "schedules"  # what the metrics call this source of messages


class Scheduler:
    """Looks every `interval` seconds."""

    def __init__(
        self, store: Store, definitions: Definitions, pipeline: Pipeline, *, interval: float, lease: float
    ) -> None:
        """Take what is scheduled, and how; `interval` and `lease` are in seconds."""
        self._store = store
        self._definitions = definitions
        self._pipeline = pipeline
        self._interval = interval
        self._lease = lease

    async def run(self, stopping: asyncio.Event) -> None:
        """Look until `stopping` is set."""
        is_over = False
        while not is_over:
            try:
                await self._pipeline.patience.with_store(self.look)
            except Exception:
                # What it left is due again when its lease is over.
                log.exception("the schedules could not be looked at", extra={"action": "schedules_failed"})
            is_over = await happens(stopping, within=self._interval)

    async def sync(self) -> None:
        """Let the store have the schedules that the catalogue offers now. Raises `StoreUnreachable`."""
        loaded = await self._store.load([])
        wanted = {
            _name(workflow): (digest_of(workflow.schedule), following(workflow.schedule)(loaded.now))
            for workflow in self._definitions.offered.schedules
            if workflow.schedule is not None
        }
        await self._store.schedules.sync(wanted)

    async def look(self) -> int:
        """Begin what is due; returns how many schedules were looked at. Raises `StoreUnreachable`."""
        states = await self._store.schedules.claim(limit=CLAIM_AT_ONCE, lease=self._lease)
        for state in states:
            namespace, _, name = state.name.partition("/")
            workflow = self._definitions.offered.current(namespace, name)
            if workflow is not None and workflow.schedule is not None:
                await self._begin(state, workflow, workflow.schedule)
        return len(states)

    async def _begin(self, state: ScheduleState, workflow: Workflow, schedule: Schedule) -> None:
        wanted = [(state.last_run, Reads())] if state.last_run else []
        loaded = await self._store.load(wanted)
        last = loaded.runs[0] if loaded.runs else None
        standing = Standing(
            next_at=state.next_at,
            pending=state.pending,
            is_last_open=last is not None and not last.state.status.is_final,
            is_paused=state.is_paused,
        )
        outcome = due(standing, schedule.overlap, now=loaded.now, following=following(schedule))
        runs = [self._start(workflow, schedule, at) for at in outcome.begins]
        async with self._pipeline.quiet.among_others():
            await self._pipeline.settle(runs)
        if outcome.skipped:
            extra = {"action": "occurrences_skipped", "schedule": state.name, "count": outcome.skipped}
            log.info("%d occurrence(s) of %s left out", outcome.skipped, state.name, extra=extra)
        after = _after(state, outcome, runs, loaded.now)
        await self._pipeline.patience.with_store(partial(self._store.schedules.save, [after]))

    def _start(self, workflow: Workflow, schedule: Schedule, at: float) -> Told:
        run = scheduled_run_id(workflow.namespace, workflow.name, at)
        event = Event(
            namespace=workflow.namespace,
            name=workflow.name,
            data=schedule.input,
            id=f"schedule:{at:.3f}",
            time=at,
            source="schedule",
        )
        chosen = self._definitions.starting(event, run) or workflow
        return Told(run, chosen, Start(run=run, event=event), QUEUE)


def _after(state: ScheduleState, outcome: Due, runs: list[Told], now: float) -> ScheduleState:
    changes: dict[str, object] = {"next_at": outcome.next_at, "pending": outcome.pending, "due_at": None}
    if runs:
        changes |= {"last_at": outcome.begins[-1], "last_run": runs[-1].run}
    if outcome.pending:
        again = now + LOOK_AGAIN_SECONDS
        changes["due_at"] = again if outcome.next_at is None else min(again, outcome.next_at)
    return msgspec.structs.replace(state, **changes)


def following(schedule: Schedule) -> Callable[[float], float | None]:
    """Return what says when the first occurrence after a moment is."""
    if schedule.every is not None:
        every = schedule.every
        return lambda after: _multiple_after(every, after)
    zone, cron = ZoneInfo(schedule.timezone), schedule.cron or ""
    return lambda after: _cron_after(cron, zone, after)


def _multiple_after(every: float, after: float) -> float:
    """Return the first multiple of `every` that is later: 4 * 1.1 // 1.1 may be 3, so it is looked at."""
    number = after // every + 1
    while number * every <= after:
        number += 1
    return number * every


def _cron_after(cron: str, zone: ZoneInfo, after: float) -> float | None:
    try:
        return next(CronSim(cron, datetime.fromtimestamp(after, UTC).astimezone(zone))).timestamp()
    except (StopIteration, CronSimError):
        return None


def digest_of(schedule: Schedule | None) -> str:
    """Return what changes when the times of a schedule do."""
    times = () if schedule is None else (schedule.cron, schedule.timezone, schedule.every)
    return hashlib.sha256(repr(times).encode()).hexdigest()[:16]


def _name(workflow: Workflow) -> str:
    return f"{workflow.namespace}/{workflow.name}"
