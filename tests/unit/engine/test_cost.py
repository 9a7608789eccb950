"""What a decision looks at does not grow with what is done."""

from __future__ import annotations

import json

import msgspec
import pytest

from resistor.catalog import load_text
from resistor.engine import NeedMore, advance, reads_of
from resistor.engine.decision import Decision, Dispatch
from resistor.engine.inbound import Answered, Start
from resistor.engine.run import Run
from resistor.engine.workflow import Workflow
from resistor.messages.event import Event
from resistor.messages.result import Completed

DONE = Completed(b'{"n":1}')


def workflow(steps: list[dict[str, object]]) -> Workflow:
    definition = {"n": {"w": {"version": 1, "steps": steps}}}
    [made] = load_text(json.dumps(definition).encode(), "w.json").or_raise().workflows
    return made


def begun(flow: Workflow) -> Decision:
    event = Event(namespace="n", name="w", data=b"{}", id="e")
    return advance(flow, None, Start(run="r" * 20, event=event), now=1.0)


def answered(flow: Workflow, run: Run, dispatch: Dispatch) -> Decision:
    return advance(flow, run, Answered(dispatch.name, dispatch.attempt, DONE), now=2.0)


def looked_at(flow: Workflow, run: Run, dispatch: Dispatch) -> tuple[int, int]:
    """How many parts an answer reads and writes, when only what is asked for is loaded."""
    message = Answered(dispatch.name, dispatch.attempt, DONE)
    names = set(reads_of(flow, message).parts)
    while True:
        parts = {name: run.parts.get(name) for name in names}
        part = msgspec.structs.replace(run, is_whole=False, parts=parts)
        try:
            decision = advance(flow, part, message, now=2.0)
        except NeedMore as need:
            names |= need.reads.parts or {"everything"}
        else:
            written = [name for name, part in decision.run.parts.items() if part != parts.get(name)]
            return len(names), len(written)


@pytest.mark.parametrize("size", [10, 1000])
def test_a_step_late_in_a_long_run_reads_what_an_early_one_does(size: int) -> None:
    flow = workflow(
        [
            {
                "id": f"s{n}",
                "module": "m",
                "action": "a",
                "with": {"n": f"${{steps.s{max(n - 1, 0)}.output.n}}"},
            }
            if n
            else {"id": "s0", "module": "m", "action": "a"}
            for n in range(size + 2)
        ]
    )
    decision = begun(flow)
    for _ in range(size):
        [out] = [each for each in decision.outgoing if isinstance(each, Dispatch)]
        decision = answered(flow, decision.run, out)
    [out] = [each for each in decision.outgoing if isinstance(each, Dispatch)]
    assert looked_at(flow, decision.run, out) == (2, 4)


@pytest.mark.parametrize("size", [100, 1000])
def test_an_item_of_a_long_loop_reads_what_one_of_a_short_one_does(size: int) -> None:
    flow = workflow(
        [
            {
                "id": "each",
                "for": {"in": f"${{lists.range({size})}}"},
                "do": [{"id": "x", "module": "m", "action": "a", "with": {"n": "${item}"}}],
            }
        ]
    )
    decision = begun(flow)
    outs = [each for each in decision.outgoing if isinstance(each, Dispatch)]
    assert len(outs) == size
    for out in outs[: size - 2]:
        decision = answered(flow, decision.run, out)
    assert looked_at(flow, decision.run, outs[-2]) == (2, 4)


def test_a_decision_is_bounded() -> None:
    flow = workflow(
        [{"id": "spin", "while": "index < 100000", "limit": 100_000, "do": [{"set": {"n": "${index}"}}]}]
    )
    decision = begun(flow)
    assert decision.run.state.steps < 10_000
    assert decision.timers == {"spin": 1.0}
