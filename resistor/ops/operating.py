"""Which runs an operator means: named, or by what they have in common; and what may be done to them.

Called by `resistor run pause`, `resume`, `cancel`, `terminate`, `retry`, `skip` and `signal`. Reads the
store, and nothing of a run but its head.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from enum import StrEnum

import msgspec

from resistor.engine.run import Reads, Run, RunStatus
from resistor.errors import ResistorError
from resistor.messages.command import (
    CancelRun,
    Command,
    PauseRun,
    ResumeRun,
    RetryRun,
    SignalRun,
    SkipStep,
    TerminateRun,
)
from resistor.ops.runs import require_id, unknown
from resistor.ops.text import plural
from resistor.store import RedisStore

_OPEN = tuple(status for status in RunStatus if not status.is_final)
_FAILED = (RunStatus.FAILED, RunStatus.TIMED_OUT, RunStatus.CANCELLED, RunStatus.TERMINATED)


class Verb(StrEnum):
    """What operators do to runs."""

    PAUSE = "pause"
    RESUME = "resume"
    CANCEL = "cancel"
    TERMINATE = "terminate"
    RETRY = "retry"
    SKIP = "skip"
    SIGNAL = "signal"

    @property
    def fits(self) -> tuple[RunStatus, ...]:
        """The statuses of runs that it means anything to."""
        return _FITS[self]


_FITS = {
    Verb.PAUSE: (RunStatus.RUNNING,),
    Verb.RESUME: (RunStatus.PAUSED,),
    Verb.CANCEL: _OPEN,
    Verb.TERMINATE: _OPEN,
    Verb.RETRY: _FAILED,
    Verb.SKIP: (*_OPEN, *_FAILED),
    Verb.SIGNAL: _OPEN,
}


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be done, why, and by whom. `step` is a path; `event` and `data`: of a signal."""

    verb: Verb
    why: str = ""
    by: str | None = None
    step: str | None = None
    event: str = ""
    data: bytes = b"null"


def command_for(order: Order, run_id: str) -> Command:
    """Return the command that has one run do it."""
    why, by = order.why, order.by
    match order.verb:
        case Verb.SKIP:
            output = msgspec.Raw(order.data)
            return SkipStep(run=run_id, step=order.step or "", output=output, why=why, by=by)
        case Verb.SIGNAL:
            return SignalRun(run=run_id, event=order.event, data=msgspec.Raw(order.data), by=by)
        case Verb.RETRY:
            return RetryRun(run=run_id, step=order.step, why=why, by=by)
        case _:
            return _PLAIN[order.verb](run=run_id, why=why, by=by)


_PLAIN: dict[Verb, type[PauseRun] | type[ResumeRun] | type[CancelRun] | type[TerminateRun]] = {
    Verb.PAUSE: PauseRun,
    Verb.RESUME: ResumeRun,
    Verb.CANCEL: CancelRun,
    Verb.TERMINATE: TerminateRun,
}


async def named(store: RedisStore, run_ids: Sequence[str], verb: Verb) -> list[Run]:
    """Return these runs, each once.

    Raises `NotFound` for a run that is not there, `OperatorMistake` for what is no run's id, `ResistorError`
    for one that `verb` means nothing to: nothing is done to the others then.
    """
    wanted = list(dict.fromkeys(run_ids))
    for run_id in wanted:
        require_id(run_id)
    loaded = await store.load([(run_id, Reads()) for run_id in wanted])
    runs = []
    for run_id, run in zip(wanted, loaded.runs, strict=True):
        if run is None:
            raise unknown(run_id)
        refusal = refusal_of(run, verb)
        if refusal is not None:
            raise ResistorError(refusal)
        runs.append(run)
    return runs


def refusal_of(run: Run, verb: Verb) -> str | None:
    """Return why `verb` means nothing to a run, or None."""
    status = run.state.status
    if status not in verb.fits:
        now = f"is over: it is {status} already" if status.is_final else f"is {status}"
        hint = ""
        if verb is Verb.RETRY and not status.is_final:
            hint = ": only a run that did not end well can be retried"
        return f"run {run.id} {now}{hint}"
    if verb in (Verb.RETRY, Verb.SKIP) and run.state.undone is not None:
        return f"what run {run.id} had done was undone: `resistor run rerun {run.id} --from STEP` begins anew"
    return None


def summary(runs: Sequence[Run]) -> str:
    """Say how many runs there are, and of which workflows."""
    by_workflow = Counter(f"{run.origin.namespace}/{run.origin.workflow}" for run in runs)
    told = [f"{count:,} of {name}" for name, count in by_workflow.most_common(3)]
    if len(by_workflow) > 3:
        told.append(f"{sum(count for _, count in by_workflow.most_common()[3:]):,} of others")
    return f"{plural(len(runs), 'run')} ({', '.join(told)})"
