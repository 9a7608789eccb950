"""Actions that are out, against what is in the modules' queues. Called by audit.py.

AMQP tells how many messages of a queue are ready and who consumes it, and not what consumers have in hand. So
it is certain that an action is lost only where nobody consumes its queue and fewer are ready than are out:
then all actions of that module are named, because nobody can tell which. Where somebody consumes, an action
that has been out for long is named, and may be in work.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from resistor.bus import AmqpBus
from resistor.catalog import workflow_from_source
from resistor.engine.places import compensated, find
from resistor.engine.run import EVERYTHING, Run
from resistor.engine.workflow import Compensation, Module, Workflow
from resistor.errors import DefinitionError
from resistor.messages.names import split_workflow
from resistor.ops.auditing.finding import Finding, Kind
from resistor.store import RedisStore


@dataclass(frozen=True, slots=True)
class Out:
    """One action that waits for its module's answer; `at` is when the attempt began, or spoke last."""

    module: str
    run: str
    path: str
    attempt: int
    at: float


class Workflows:
    """The versions that runs are pinned to, compiled when they are asked for."""

    def __init__(self, sources: Mapping[str, bytes]) -> None:
        """Take the sources of all registered versions."""
        self._sources = sources
        self._compiled: dict[str, Workflow | None] = {}

    def of(self, run: Run) -> Workflow | None:
        """Return the version of a run; None where it cannot be read."""
        key = f"{run.origin.namespace}/{run.origin.workflow}@{run.origin.version}"
        if key not in self._compiled:
            self._compiled[key] = self._read(key)
        return self._compiled[key]

    def _read(self, key: str) -> Workflow | None:
        source = self._sources.get(key)
        if source is None:
            return None
        namespace, name, _ = split_workflow(key)
        try:
            return workflow_from_source(namespace, name, source)
        except DefinitionError:  # of a newer Resistor
            return None


def outstanding(run: Run, workflow: Workflow) -> list[Out]:
    """Return the actions of a whole run that are out and not confirmed to be still on their way."""
    found = []
    for path, record in run.steps.items():
        module = _module(workflow, path)
        address = f"{path}#{record.turn}" if record.turn > 1 else path
        if module is not None and record.has_action_out and address not in run.unconfirmed:
            at = record.started_at or record.scheduled_at
            found.append(Out(module, run.id, path, record.attempt, at))
    return found


def _module(workflow: Workflow, path: str) -> str | None:
    undone = compensated(path)
    place = find(workflow, undone or path)
    kind = place.step.kind if place is not None else None
    if not isinstance(kind, Module):
        return None
    if undone is None:
        return kind.module
    return kind.compensation.module if isinstance(kind.compensation, Compensation) else None


async def compare(
    store: RedisStore, bus: AmqpBus, out: Iterable[Out], workflows: Workflows, *, silent: float
) -> list[Finding]:
    """Return what is out and in no queue. `silent`: after so many seconds an action may be lost.

    Raises `StoreUnreachable` and `BrokerUnreachable`.
    """
    by_module: dict[str, list[Out]] = defaultdict(list)
    for each in out:
        by_module[each.module].append(each)
    found: list[Finding] = []
    for module, actions in sorted(by_module.items()):
        info = await bus.inspect(bus.names.module_queue(module))
        still = await _still_out(store, actions, workflows)
        if info is None:
            found += [_finding(Kind.NO_QUEUE, each, f"module {module} has no queue") for each in still.out]
        elif not info.consumers and info.messages < len(actions):
            is_certain = await _are_results_taken(bus)
            what = f"{info.messages} of {len(actions)} actions for {module} are in its queue, nobody has them"
            found += [_finding(Kind.LOST, each, what, is_certain=is_certain) for each in still.out]
        elif not info.messages:
            long = [each for each in still.out if each.at < still.now - silent]
            what = f"{module} has it, or it is lost: its queue is empty"
            found += [_finding(Kind.SILENT, each, what, is_certain=False) for each in long]
    return found


async def _are_results_taken(bus: AmqpBus) -> bool:
    """Tell whether no answer waits in a queue for somebody who would take it."""
    names = [bus.names.results_queue(number) for number in range(await bus.count_results_queues())]
    found = [await bus.inspect(name) for name in names]
    return all(results is not None and not results.messages and results.consumers > 0 for results in found)


@dataclass(frozen=True, slots=True)
class _Still:
    out: list[Out]
    now: float


async def _still_out(store: RedisStore, actions: Sequence[Out], workflows: Workflows) -> _Still:
    """Look again, after the queue was looked at: an answer may have come meanwhile."""
    ids = sorted({each.run for each in actions})
    loaded = await store.load([(run_id, EVERYTHING) for run_id in ids])
    there: set[Out] = set()
    for run in loaded.runs:
        workflow = None if run is None else workflows.of(run)
        if run is not None and workflow is not None:
            there.update(outstanding(run, workflow))
    return _Still([each for each in actions if each in there], loaded.now)


def _finding(kind: Kind, each: Out, what: str, *, is_certain: bool = True) -> Finding:
    return Finding(kind, each.run, what, step=each.path, since=each.at, is_certain=is_certain)
