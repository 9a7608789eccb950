"""What must hold of a simulated installation after the storm. Each law names the runs that broke it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator

from resistor.engine.facts import Fact, FactName
from resistor.engine.places import compensated, find
from resistor.engine.run import Run, StepStatus
from resistor.engine.workflow import Module
from tests.simulation.world import CATALOG, World

ENDINGS = {
    FactName.RUN_COMPLETED,
    FactName.RUN_FAILED,
    FactName.RUN_CANCELLED,
    FactName.RUN_TERMINATED,
    FactName.RUN_TIMED_OUT,
}
EARLY_SECONDS = 0.001
WAIT_SECONDS = 45.0  # of `pause` in workflows.py


class Broken(AssertionError):
    """Laws that do not hold, with the seed that shows it."""


def check(world: World) -> None:
    """Raise `Broken` where anything is not as it must be."""
    complaints = list(_complaints(world))
    if complaints:
        script = "\n".join(world.script[-60:])
        raise Broken(f"seed {world.seed}:\n" + "\n".join(complaints) + f"\nfaults:\n{script}")


def _complaints(world: World) -> Iterator[str]:
    runs = {run.id: run for run in world.runs()}
    for expected, event in world.run_ids().items():
        if expected not in runs:
            yield f"1 lost: event {event} ({world.published[event]}) has no run"
    for run_id, run in runs.items():
        name = f"{run.origin.workflow} {run_id}"
        facts = world.store.state.runs[run_id].facts
        for complaint in (*_of_end(world, run, facts), *_of_steps(world, run, facts)):
            yield f"{complaint}: {name}"
    yield from _of_rest(world)


def _of_end(world: World, run: Run, facts: list[Fact]) -> Iterator[str]:
    kept = world.store.state.runs[run.id]
    endings = [fact.name for fact in facts if fact.name in ENDINGS]
    if not run.state.status.is_final:
        open_steps = {path: str(step.status) for path, step in run.steps.items() if step.status.is_open}
        yield f"2 stuck: {open_steps}, outbox {sorted(kept.outbox)}"
        if run.id not in world.store.state.due:
            yield "7 an open run that nobody will look at"
    if len(endings) != run.state.status.is_final:
        yield f"2 ended {len(endings)} times"
    elif endings and facts[-1].name not in ENDINGS:
        yield f"3 {facts[-1].name} after the end"
    if run.state.status.is_final and kept.outbox:
        yield f"8 an outbox that is not empty: {sorted(kept.outbox)}"
    if run.state.status.is_final and run.id in world.store.state.due:
        yield "7 a due entry of a run that is over"
    if [fact.at for fact in facts] != sorted(fact.at for fact in facts):
        yield "3 a history out of order"


def _of_steps(world: World, run: Run, facts: list[Fact]) -> Iterator[str]:
    scheduled = {(fact.step, fact.attempt) for fact in facts if fact.name is FactName.STEP_SCHEDULED}
    done = [(fact.step, fact.attempt) for fact in facts if fact.name is FactName.STEP_COMPLETED]
    effects = defaultdict(list)
    for effect in world.modules[0].effects:
        if effect.run == run.id:
            effects[(effect.step, effect.attempt)].append(effect)
    for step, count in Counter(done).items():
        if count > 1:
            yield f"6 {step} completed {count} times"
    for step, found in effects.items():
        is_again = run.id in world.rolled_back and len({each.key for each in found}) == 1
        if len(found) > 1 and not is_again:  # what the store forgot is asked for again, by the same key
            yield f"4 {step} was done {len(found)} times, by tokens {len({each.token for each in found})}"
        if step not in scheduled and run.id not in world.rolled_back:  # that history is gone with the store
            yield f"5 {step} was done, and never scheduled"
    workflow = CATALOG.candidates(run.origin.namespace, run.origin.workflow)[0]
    for path, attempt in done:
        place = find(workflow, path or "")
        is_module = compensated(path or "") is not None or (
            place is not None and isinstance(place.step.kind, Module)
        )
        if is_module and (path, attempt) not in effects:
            yield f"4 {path} attempt {attempt} completed without having been done"
    yield from _of_time(run, facts)


def _of_time(run: Run, facts: list[Fact]) -> Iterator[str]:
    """No timer acts early: not a pause before an attempt, not a `wait`."""
    until: dict[str, float] = {}
    for fact in facts:
        path = fact.step or ""
        if fact.name is FactName.STEP_RETRYING:
            until[path] = fact.details["until"]
        elif fact.name is FactName.STEP_STARTED and path == "pause":
            until[path] = fact.at + WAIT_SECONDS
        went_on = fact.name in (FactName.STEP_SCHEDULED, FactName.STEP_COMPLETED)
        if went_on and fact.at < until.pop(path, 0.0) - EARLY_SECONDS:
            yield f"10 {path} went on early"
    is_over = run.state.status.is_final
    if is_over and any(record.status is StepStatus.RUNNING for record in run.steps.values()):
        yield "2 a step runs in a run that is over"


def _of_rest(world: World) -> Iterator[str]:
    names = world.broker.names
    for name in (names.events_queue, names.results_queue(), names.commands_queue, names.module_queue("m")):
        depth = world.broker.queues[name].depth
        if depth:
            yield f"9 {name} holds {depth} messages"
    letters = world.broker.queues[names.dead].ready
    reasons = Counter(str(held.publish.envelope.headers.get("resistor-reason")) for held in letters)
    if world.rolled_back:
        del reasons["unknown_run"]  # nobody who knew better was awake; the journal begins those again
    if reasons:
        yield f"12 dead letters: {reasons}"
    slots = world.store.state.slots.items()
    taken = {key: each for key, each in slots if each.holders or each.queue or each.leaving}
    if taken:
        yield f"8 slots are taken: {taken}"
    waiting = {topic: who for topic, who in _listening(world).items() if who}
    if waiting:
        yield f"8 somebody listens still: {waiting}"
    for task in world.failed:
        error = None if task.cancelled() else task.exception()
        yield f"14 a loop of a daemon ended: {error!r}"


def _listening(world: World) -> dict[str, set[str]]:
    """Return who listens to what. Those whose end a rollback took away go when their event comes."""
    waiting = world.store.state.waiting.items()
    return {
        topic: {each for each in who if each.partition(" ")[0] not in world.rolled_back}
        for topic, who in waiting
    }
