"""What holds of a run at every moment, whatever has happened to it.

Called by world.py after every decision. Each law takes what the store has and what is known outside.
"""

from __future__ import annotations

from collections.abc import Iterator

from resistor.engine.decision import Decision, Dispatch, Verdict
from resistor.engine.draft import Draft
from resistor.engine.facts import FactName
from resistor.engine.limits import Limits
from resistor.engine.outbox import again, run_output
from resistor.engine.places import BODY, Place, find
from resistor.engine.run import Child, Counts, Phase, Run, RunStatus, StepRecord, StepStatus
from resistor.engine.workflow import Ask, For, Listen, Module, RunWorkflow, Wait, Workflow
from tests.unit.engine.kept import Kept
from tests.unit.engine.outside import Outside

ENDINGS = {
    FactName.RUN_COMPLETED,
    FactName.RUN_FAILED,
    FactName.RUN_CANCELLED,
    FactName.RUN_TERMINATED,
    FactName.RUN_TIMED_OUT,
}


def check(workflow: Workflow, kept: Kept, outside: Outside, *, now: float) -> None:
    """Check everything that holds between two decisions."""
    run = kept.load()
    assert run is not None
    assert kept.timers == dict(_timers(run)), "timers are armed for exactly what wants to be woken"
    open_steps = {path: record for path, record in run.steps.items() if record.status.is_open}
    if run.state.status.is_final:
        assert not open_steps, f"open after the end: {open_steps}"
        _nothing_is_left(run, outside)
    else:
        _something_moves_it(run, outside, open_steps)
        for path, record in open_steps.items():
            complaint = _stuck(workflow, run, outside, path, record)
            assert complaint is None, f"{path} {record}: {complaint}"
    _counts_are_right(workflow, run)
    _goes_out_again_as_it_was(workflow, run, kept, now=now)


def nothing_changed(run: Run | None, decision: Decision) -> None:
    """A message that is no news changes nothing; at most it repeats, and settles what nobody wants."""
    assert decision.facts == ()
    assert decision.timers == {}
    assert run is not None
    assert decision.run.state == run.state
    assert dict(decision.run.parts) == dict(run.parts)
    if decision.verdict in (Verdict.STALE, Verdict.IGNORED):
        assert (decision.outgoing, decision.settled) == ((), ())


def only_ending_goes_out(decision: Decision) -> None:
    """With the end, and after it, no action goes out and nothing begins."""
    assert not [each for each in decision.outgoing if isinstance(each, Dispatch)]


def _timers(run: Run) -> Iterator[tuple[str, float]]:
    if run.state.deadline is not None:
        yield "", run.state.deadline
    for path, record in run.steps.items():
        if record.wake_at is not None:
            yield path, record.wake_at


def _nothing_is_left(run: Run, outside: Outside) -> None:
    assert not outside.topics, "a subscription outlives its run"
    for other_id, other in outside.children.items():
        assert not other.waiting or other.is_over or other.is_told_to_end, f"the child {other_id} lives on"
    assert outside.slot != "asked", "a slot is asked for that nobody wants"
    assert run.state.slot_key is None or outside.slot == "returned"


def _something_moves_it(run: Run, outside: Outside, open_steps: dict[str, StepRecord]) -> None:
    if run.state.phase is Phase.QUEUED and run.state.ending is None:
        assert outside.slot == "asked"
        assert not open_steps
        return
    assert open_steps, f"nothing is open, and the run is {run.state}"


def _stuck(workflow: Workflow, run: Run, outside: Outside, path: str, record: StepRecord) -> str | None:
    """Say why nothing can move an open step, or what else is wrong with it."""
    found = find(workflow, path)
    is_timed = record.wake_at is not None
    if found is None:
        is_last = outside.actions.get(path) is not None and outside.actions[path].attempt == record.attempt
        moves = is_timed if not record.status.is_sent else is_last
        return None if moves and run.state.phase is Phase.COMPENSATING else "a compensation that nothing moves"
    place = Place(found.step, found.frame, record.turn)
    owner = place.frame.owner
    if owner is not None:
        outer = run.steps.get(owner.path)
        if outer is None or not outer.status.is_open or outer.turn != owner.turn:
            return "open in a block that is over"
    elif not _is_of_phase(run, place):
        return f"open in phase {run.state.phase}, ending {run.state.ending}"
    if record.status is StepStatus.RETRYING:
        return None if record.resume_at is not None else "retrying without a timer"
    return _unmoved(run, outside, place, record)


def _is_of_phase(run: Run, place: Place) -> bool:
    is_body = run.state.phase is Phase.BODY and run.state.ending is None
    return is_body if place.frame.label == BODY else str(run.state.phase) == place.frame.label


def _unmoved(run: Run, outside: Outside, place: Place, record: StepRecord) -> str | None:
    kind, address = place.step.kind, place.address
    if isinstance(kind, Module | RunWorkflow) and record.guard is not None and record.guard.block:
        return _empty_block(run, address, record)
    match kind:
        case Module() if record.status.is_sent:
            sent = outside.actions.get(address)
            return None if sent and sent.attempt == record.attempt else "its action never went out"
        case Module() | Wait():
            return None if record.wake_at is not None else "waits without a timer"
        case Listen():
            return None if address in outside.topics else "listens without a subscription"
        case Ask():
            return None
        case RunWorkflow():
            control = record.control
            child = outside.children.get(control.run) if isinstance(control, Child) else None
            return None if child is not None and address in child.waiting else "its run never began"
        case _:
            return _empty_block(run, address, record)


def _empty_block(run: Run, address: str, record: StepRecord) -> str | None:
    inner = (each for path, each in run.steps.items() if path.startswith(f"{address}/"))
    is_busy = any(each.status.is_open for each in inner) or record.resume_at is not None
    return None if is_busy else "a block with nothing open in it"


def _counts_are_right(workflow: Workflow, run: Run) -> None:
    for path, record in run.steps.items():
        counts, place = record.control, find(workflow, path)
        if not isinstance(counts, Counts) or place is None:
            continue
        address = Place(place.step, place.frame, record.turn).address
        ends = [name for name in run.parts if name.startswith(f"b:{address}/")]
        ended = [name for name in ends if "/" not in name[len(address) + 3 :]]
        assert len(ended) == counts.ended <= counts.begun <= counts.total, (path, counts, ended)
        if isinstance(place.step.kind, For) and place.step.kind.concurrency is not None:
            assert counts.begun - counts.ended <= place.step.kind.concurrency


def _goes_out_again_as_it_was(workflow: Workflow, run: Run, kept: Kept, *, now: float) -> None:
    for name, outgoing in kept.outbox.items():
        draft = Draft(workflow, run, now=now + 1_000.0, limits=Limits())
        made = again(draft, name)
        if made is None:
            assert not _is_wanted(run, name), f"{name} is unconfirmed and wanted, and cannot be made again"
        else:
            assert made == outgoing, f"{name} would go out again as {made}, and was {outgoing}"
    if run.state.status is RunStatus.COMPLETED:
        run_output(Draft(workflow, run, now=now, limits=Limits()))


def _is_wanted(run: Run, name: str) -> bool:
    verb, _, address = name.rpartition(" ")
    if verb == "take":
        return run.state.phase is Phase.QUEUED and not run.state.status.is_final
    path = "/".join(address.split("/")[:-1] + [address.rpartition("/")[2].partition("#")[0]])
    record = run.steps.get(path)
    if not verb:
        return record is not None and record.has_action_out
    if verb == "listen":
        return record is not None and record.status is StepStatus.WAITING
    return True
