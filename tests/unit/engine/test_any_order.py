"""Whatever the order, the duplicates and the delays: one ending, always the same."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from resistor.engine import (
    Answered,
    Decision,
    Dispatch,
    Inbound,
    Run,
    Start,
    Verdict,
    Wake,
    advance,
    reads_of,
)
from resistor.engine.workflow import Workflow
from resistor.messages.event import Event
from resistor.messages.result import Answer, Completed, Failed, Failure, Later, Progress
from tests.unit.engine.workflows import step, workflow

NOW = 1_700_000_000.0
EVENT = Event(namespace="shop", name="order.placed", id="o-1", data=b'{"n":1}')
START = Start("r" * 20, EVENT)


class World:
    """A run, its messages that are on their way, and everything that ever was.

    Loads only what the engine asks for, as the store does, and forgets what was published at random.
    """

    def __init__(self, flow: Workflow, fails_at: int | None) -> None:
        self.flow = flow
        self.fails_at = fails_at
        self.run: Run | None = None
        self.sent: dict[str, Dispatch] = {}
        self.heard: list[Inbound] = [START]
        self.endings: list[Run] = []

    def tell(self, message: Inbound, *, is_confirmed: bool = True) -> Decision:
        reads = reads_of(self.flow, message)
        seen = self.run
        if seen is not None and not reads.everything:
            seen = msgspec.structs.replace(
                seen,
                steps={k: v for k, v in seen.steps.items() if k in reads.steps},
                outputs={k: v for k, v in seen.outputs.items() if k in reads.outputs},
                inputs={},
                unconfirmed=frozenset(),
            )
        decision = advance(self.flow, seen, message, now=NOW)
        if decision.verdict in (Verdict.DUPLICATE, Verdict.AHEAD) and self.run is not None:
            seen = self.run  # the second look has everything
            decision = advance(self.flow, seen, message, now=NOW)
        if decision.run is not seen:
            self._keep(decision.run)
        for dispatch in decision.outgoing:
            assert self.sent.setdefault(dispatch.step, dispatch) == dispatch, "the same step, other bytes"
        assert self.run is not None
        unconfirmed = self.run.unconfirmed | {d.step for d in decision.outgoing}
        if is_confirmed:
            unconfirmed -= {d.step for d in decision.outgoing}
        self.run = msgspec.structs.replace(self.run, unconfirmed=unconfirmed)
        return decision

    def answers(self) -> list[Answered]:
        return [Answered(name, dispatch.attempt, self._answer(name)) for name, dispatch in self.sent.items()]

    def _answer(self, name: str) -> Answer:
        position = [each.id for each in self.flow.steps].index(name)
        if position == self.fails_at:
            return Failed(Failure("broken", name))
        return Completed(f'{{"of":"{name}"}}'.encode())

    def _keep(self, after: Run) -> None:
        before = self.run
        was_final = before is not None and before.state.status.is_final
        assert not was_final, "a run that is over moved"
        merged = {
            name: {**(getattr(before, name) if before else {}), **getattr(after, name)}
            for name in ("steps", "inputs", "outputs")
        }
        self.run = msgspec.structs.replace(after, **merged)
        if after.state.status.is_final:
            self.endings.append(self.run)


def flow_of(size: int) -> Workflow:
    later = (
        step(f"s{n}", with_={"before": f"${{steps.s{n - 1}.output.of}}", "n": "${input.n}"})
        for n in range(1, size)
    )
    return workflow(step("s0"), *later)


def straight(flow: Workflow, fails_at: int | None) -> Run:
    """The ending without any trouble."""
    world = World(flow, fails_at)
    world.tell(START)
    for _ in flow.steps:
        if not world.endings:
            world.tell(world.answers()[-1])
    return world.endings[0]


@given(data=st.data(), size=st.integers(1, 6))
def test_any_order_duplication_or_staleness_leads_to_the_same_single_ending(
    data: st.DataObject, size: int
) -> None:
    flow = flow_of(size)
    fails_at = data.draw(st.none() | st.integers(0, size - 1))
    world = World(flow, fails_at)
    world.tell(START)
    for _ in range(data.draw(st.integers(0, 30))):
        message = data.draw(
            st.sampled_from(
                [
                    START,
                    Wake(),
                    *world.answers(),
                    *(msgspec.structs.replace(each, attempt=0) for each in world.answers()),
                    *(msgspec.structs.replace(each, answer=Progress(b"1")) for each in world.answers()),
                    *(msgspec.structs.replace(each, answer=Later(0.0)) for each in world.answers()),
                    Answered("s0", 2, Completed(b"1")),
                    Answered(f"s{size - 1}", 1, Completed(b'{"of":"forged"}'))
                    if f"s{size - 1}" not in world.sent
                    else START,
                ]
            )
        )
        world.tell(message, is_confirmed=data.draw(st.booleans()))
    for _ in range(size + 1):  # in the end every answer arrives
        for answered in world.answers():
            world.tell(answered)
        world.tell(Wake())
    expected = straight(flow, fails_at)
    [ending] = world.endings
    for name in ("state", "outputs", "inputs", "origin"):
        assert getattr(ending, name) == getattr(expected, name)


@given(st.integers(1, 5))
def test_the_same_messages_give_the_same_bytes(size: int) -> None:
    encode = msgspec.msgpack.Encoder(enc_hook=repr).encode
    first, second = (straight(flow_of(size), None) for _ in range(2))
    assert encode(first.state) == encode(second.state)
    assert first.outputs == second.outputs


def test_a_duplicate_is_called_one() -> None:
    world = World(flow_of(2), None)
    world.tell(START)
    assert world.tell(START).verdict is Verdict.DUPLICATE
