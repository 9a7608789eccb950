"""The schedules of an installation → objects, and the one that an operator means.

Called by `resistor schedule …`. Reads the store: when a schedule comes next is the daemon's business.
"""

from __future__ import annotations

from typing import Any

from resistor.catalog import workflow_from_source
from resistor.catalog.wording import did_you_mean
from resistor.engine.workflow import Schedule
from resistor.errors import DefinitionError, NotFound
from resistor.ops.starting import versions_of
from resistor.ops.steps import time_text
from resistor.ports import Registered, ScheduleState
from resistor.store import RedisStore

View = dict[str, Any]


async def schedule_views(store: RedisStore) -> list[View]:
    """Return every schedule, by name."""
    states, registered = await store.schedules.read_all(), await store.catalogue.read()
    return [schedule_view(state, *definition_of(registered, state.name)) for state in states]


def schedule_view(state: ScheduleState, version: int | None, schedule: Schedule | None) -> View:
    """Return one schedule, with what the definition says where that can be read."""
    namespace, _, workflow = state.name.partition("/")
    return {
        "namespace": namespace,
        "workflow": workflow,
        "version": version,
        "cron": schedule.cron if schedule else None,
        "every": schedule.every if schedule else None,
        "timezone": schedule.timezone if schedule else None,
        "overlap": schedule.overlap.value if schedule else None,
        "paused": state.is_paused,
        "next_at": time_text(state.next_at),
        "last_at": time_text(state.last_at),
        "last_run": state.last_run,
        "waiting": len(state.pending),
    }


def definition_of(registered: Registered, name: str) -> tuple[int | None, Schedule | None]:
    """Return the latest version of a workflow that new runs may have, and its schedule."""
    offered = registered.offers.get(name) or versions_of(registered, name)
    namespace, _, workflow = name.partition("/")
    for version in sorted(offered, reverse=True):
        try:
            read = workflow_from_source(namespace, workflow, registered.sources[f"{name}@{version}"])
        except (DefinitionError, KeyError):  # of a newer Resistor
            continue
        if read.schedule is not None:
            return version, read.schedule
    return None, None


async def find_schedule(store: RedisStore, name: str) -> ScheduleState:
    """Return the schedule of a workflow. Raises `NotFound`."""
    states = {state.name: state for state in await store.schedules.read_all()}
    if name not in states:
        raise no_schedule(name, states)
    return states[name]


def no_schedule(name: str, there: Any) -> NotFound:
    """Return what to say of a schedule that is not there."""
    near = did_you_mean(name, there)
    return NotFound(
        f"there is no schedule of {name}: {near or '`resistor schedule list` shows those there are'}"
    )
