"""What holds of a run at every moment, whatever has happened to it.

Called by world.py after every decision. Each law takes what the store has and what is known outside.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from resistor.engine.decision import Decision, Dispatch, EndChild, Outgoing, Verdict
from resistor.engine.draft import Draft
from resistor.engine.facts import FactName
from resistor.engine.inbound import Answered, ChildEnded, Heard, Inbound, Wake
from resistor.engine.limits import Limits
from resistor.engine.outbox import again, run_output
from resistor.engine.outputs import output_of
from resistor.engine.places import BODY, Place, find, path_of
from resistor.engine.run import Child, Counts, Phase, Run, RunStatus, StepRecord, StepStatus
from resistor.engine.workflow import Ask, For, Listen, Module, RunWorkflow, Wait, Workflow
from resistor.messages import json
from tests.unit.engine.kept import Kept
from tests.unit.engine.outside import Outside

ENDINGS = {
    FactName.RUN_COMPLETED,
    FactName.RUN_FAILED,
    FactName.RUN_CANCELLED,
    FactName.RUN_TERMINATED,
    FactName.RUN_TIMED_OUT,
}


def check(workflow: Workflow, kept: Kept, outside: Outside, *, now: float, limits: Limits) -> None:
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
    draft = Draft(workflow, run, now=now + 1_000.0, limits=limits)
    _goes_out_again_as_it_was(draft, kept)
    outputs_are_there(draft)


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
        assert not other.waiting or other.is_over, f"the child {other_id} lives on, for {other.waiting}"
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
        return (
            None if moves and run.state.phase is Phase.COMPENSATING else "a compensation that nothing moves"
        )
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
    kind, address, control = place.step.kind, place.address, record.control
    is_caught = isinstance(kind, Module | RunWorkflow) and record.guard is not None and record.guard.block
    match kind:
        case _ if is_caught:
            is_moved, why = _is_busy(run, address, record), "a catch with nothing open in it"
        case Module() if record.status.is_sent:
            sent = outside.actions.get(address)
            is_moved, why = sent is not None and sent.attempt == record.attempt, "its action never went out"
        case Module() | Wait():
            is_moved, why = record.wake_at is not None, "waits without a timer"
        case Listen():
            is_moved, why = address in outside.topics, "listens without a subscription"
        case Ask():
            is_moved, why = True, ""
        case RunWorkflow():
            child = outside.children.get(control.run) if isinstance(control, Child) else None
            is_moved, why = child is not None and address in child.waiting, "its run never began"
        case _:
            is_moved, why = _is_busy(run, address, record), "a block with nothing open in it"
    return None if is_moved else why


def _is_busy(run: Run, address: str, record: StepRecord) -> bool:
    inner = (each for path, each in run.steps.items() if path.startswith(f"{address}/"))
    return any(each.status.is_open for each in inner) or record.resume_at is not None


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


def _goes_out_again_as_it_was(draft: Draft, kept: Kept) -> None:
    run = draft.run
    for name, outgoing in kept.outbox.items():
        made = again(draft, name)
        if made is None:
            assert not _is_wanted(run, name), f"{name} is unconfirmed and wanted, and cannot be made again"
            continue
        assert made == _as_forced(run, outgoing), f"{name} would go out again as {made}, and was {outgoing}"
    if run.state.status is RunStatus.COMPLETED:
        run_output(draft)


def applied_rightly(workflow: Workflow, run: Run | None, message: Inbound, decision: Decision) -> None:
    """Only the answer that is waited for is applied, only what is due is woken."""
    if run is None or decision.verdict is not Verdict.APPLIED:
        return
    match message:
        case Answered(address, attempt):
            found = find(workflow, address)
            record = run.steps[address if found is None else found.path]
            told = (1 if found is None else found.turn, attempt)
            assert (record.turn, record.attempt) == told, f"{message} was applied to {record}"
            assert record.status.is_out, f"{message} was applied to {record}"
        case Heard(id=event_id):
            assert f"e:{event_id}" not in run.parts, "an event counted twice"
        case ChildEnded(address=address, run=child):
            control = run.steps[path_of(address)].control
            assert isinstance(control, Child), control
            assert control.run == child
        case Wake() if not run.due and run.state.phase is not Phase.QUEUED:
            assert decision.facts == (), "something was woken before its time"
        case _:
            pass


def outputs_are_there(draft: Draft) -> None:
    """What the steps of the body gave can be read, whatever loops have forgotten of what is inside them."""
    for path, record in draft.run.steps.items():
        if "/" not in path and "#" not in path and record.output_of is not None:
            output = output_of(draft, path)
            assert output is not None, f"the output of {path} is gone: {record}"
            json.decode_trusted(output)


def _as_forced(run: Run, outgoing: Outgoing) -> Outgoing:
    """What is unconfirmed when the run is terminated terminates too."""
    if isinstance(outgoing, EndChild) and run.state.status is RunStatus.TERMINATED:
        return msgspec.structs.replace(outgoing, is_forced=True)
    return outgoing


def _is_wanted(run: Run, name: str) -> bool:
    verb, _, address = name.rpartition(" ")
    if verb == "take":
        return not run.state.status.is_final
    record = run.steps.get(path_of(address))
    if not verb:
        return record is not None and record.has_action_out
    if verb == "listen":
        return record is not None and record.status is StepStatus.WAITING
    return True
