"""Which runs an operator means: named, or by what they have in common.

Called by `resistor run cancel` and `terminate`. Reads the store, and nothing of a run but its head.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from resistor.engine.run import Reads, Run, RunStatus
from resistor.errors import ResistorError
from resistor.ops.runs import require_id, unknown
from resistor.ops.text import plural
from resistor.store import RedisStore

OPEN = tuple(status for status in RunStatus if not status.is_final)


async def named(store: RedisStore, run_ids: Sequence[str]) -> list[Run]:
    """Return the open ones of these runs, each once.

    Raises `NotFound` for a run that is not there, `OperatorMistake` for what is no run's id, `ResistorError`
    for one that is over: nothing is done to the others then.
    """
    wanted = list(dict.fromkeys(run_ids))
    for run_id in wanted:
        require_id(run_id)
    loaded = await store.load([(run_id, Reads()) for run_id in wanted])
    runs = []
    for run_id, run in zip(wanted, loaded.runs, strict=True):
        if run is None:
            raise unknown(run_id)
        if run.state.status.is_final:
            raise ResistorError(f"run {run_id} is over: it is {run.state.status} already")
        runs.append(run)
    return runs


def summary(runs: Sequence[Run]) -> str:
    """Say how many runs there are, and of which workflows."""
    by_workflow = Counter(f"{run.origin.namespace}/{run.origin.workflow}" for run in runs)
    told = [f"{count:,} of {name}" for name, count in by_workflow.most_common(3)]
    if len(by_workflow) > 3:
        told.append(f"{sum(count for _, count in by_workflow.most_common()[3:]):,} of others")
    return f"{plural(len(runs), 'run')} ({', '.join(told)})"
