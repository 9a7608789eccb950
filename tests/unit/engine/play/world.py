"""A world around one run: what is out, which timers stand, who listens; and the laws that must hold in it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from random import Random
from typing import Any

import msgspec

from resistor.engine import NeedMore, advance, outbox, reads_of
from resistor.engine.decision import (
    Decision,
    Dispatch,
    EndChild,
    EnterGate,
    Hold,
    LeaveGates,
    Outgoing,
    RetryChild,
    StartChild,
    Subscribe,
    Unhold,
    Unsubscribe,
    Verdict,
)
from resistor.engine.draft import Draft
from resistor.engine.facts import FactName
from resistor.engine.inbound import (
    Admitted,
    Answered,
    Cancel,
    ChildEnded,
    Granted,
    Heard,
    Held,
    Inbound,
    Reconcile,
    Released,
    Replied,
    Resume,
    Retry,
    Signal,
    Skip,
    Start,
    Terminate,
    Wake,
)
from resistor.engine.limits import Limits
from resistor.engine.places import find
from resistor.engine.run import Phase, Run, RunStatus, StepRecord, StepStatus
from resistor.engine.workflow import Ask, Workflow
from resistor.errors import RejectedMessage
from resistor.messages.event import Event
from resistor.messages.result import Answer, Completed, Failed, Failure, Later, Progress
from tests.unit.engine.play.ways import Ways

RUN = "r" * 20
LIMITS = Limits()
ENDINGS = {
    FactName.RUN_COMPLETED,
    FactName.RUN_FAILED,
    FactName.RUN_CANCELLED,
    FactName.RUN_TERMINATED,
    FactName.RUN_TIMED_OUT,
}
MOST_MESSAGES = 4_000
Choice = Callable[[], None]


class World:
    """Plays one run with random answers, and holds every decision to the laws.

    `noise` is the share of messages that nobody needs: duplicates, answers of other attempts, early wakes.
    """

    def __init__(self, workflow: Workflow, draw: Random, *, noise: float) -> None:
        self.workflow = workflow
        self.draw = draw
        self.noise = noise
        self.run: Run | None = None
        self.now = 1000.0
        self.timers: dict[str, float] = {}
        self.unconfirmed: dict[str, Outgoing] = {}
        self.out: dict[str, Dispatch] = {}
        self.listening: set[str] = set()
        self.children: dict[str, StartChild] = {}
        self.started: dict[str, StartChild] = {}
        self.retried: dict[str, set[str]] = {}
        self.ways = Ways()
        self.told: list[Inbound] = []
        self.facts: list[Any] = []
        self._events = 0
        self._orders = 0

    # ------------------------------------------------------------------------------------------ laws

    def tell(self, message: Inbound) -> Decision:
        """Decide on a message, with everything at hand and with only what is asked for."""
        whole = self._whole()
        decision = advance(self.workflow, whole, message, now=self.now, limits=LIMITS)
        if whole is not None:
            self._decides_the_same_in_parts(whole, message, decision)
        if decision.verdict in (Verdict.STALE, Verdict.IGNORED):
            assert decision.run is whole
            assert not decision.facts
        self._take_over(decision)
        assert sum(fact.name in ENDINGS for fact in self.facts) <= 1 + self.state.revivals
        self._makes_everything_again(decision)
        self.told.append(message)
        return decision

    def _whole(self) -> Run | None:
        if self.run is None:
            return None
        due = tuple(sorted(path for path, at in self.timers.items() if at <= self.now))
        out = frozenset(self.unconfirmed)
        return msgspec.structs.replace(self.run, is_whole=True, unconfirmed=out, overdue=out, due=due)

    def _decides_the_same_in_parts(self, whole: Run, message: Inbound, decision: Decision) -> None:
        reads = reads_of(self.workflow, message)
        names, everything = set(reads.parts), reads.everything
        for _ in range(100):
            parts = whole.parts if everything else {name: whole.parts.get(name) for name in names}
            part = msgspec.structs.replace(whole, is_whole=everything, parts=parts)
            try:
                again = advance(self.workflow, part, message, now=self.now, limits=LIMITS)
            except NeedMore as need:
                names |= need.reads.parts
                everything = everything or need.reads.everything
                continue
            assert _said(again) == _said(decision)
            assert _written(whole, again) == _written(whole, decision)
            return
        raise AssertionError("it asks for more, for ever")

    def _makes_everything_again(self, decision: Decision) -> None:
        """What has just gone out can be made again from the state, the same."""
        whole = self._whole()
        assert whole is not None
        for outgoing in decision.outgoing:
            draft = Draft(self.workflow, whole, now=self.now, limits=LIMITS)
            assert outbox.again(draft, outgoing.name) == outgoing

    def _take_over(self, decision: Decision) -> None:
        kept = {name: part for name, part in decision.run.parts.items() if part is not None}
        self.run = msgspec.structs.replace(decision.run, parts=kept)
        for path, at in decision.timers.items():
            if at is None:
                self.timers.pop(path, None)
            else:
                self.timers[path] = at
        for name in decision.settled:
            self.unconfirmed.pop(name, None)
            dispatch = self.out.get(name)
            record = self.run.steps.get(dispatch.path) if dispatch else None
            if record is None or not record.has_action_out:
                self.out.pop(name, None)
        for outgoing in decision.outgoing:
            self._deliver(outgoing)
        self.facts += decision.facts
        self.ways.hold_for(self.workflow, self.run)

    def _deliver(self, outgoing: Outgoing) -> None:
        if self.draw.random() < 0.2:
            self.unconfirmed[outgoing.name] = outgoing
        match outgoing:
            case Dispatch():
                self.out[outgoing.name] = outgoing
            case Subscribe():
                self.listening.add(outgoing.address)
            case Unsubscribe():
                self.listening.discard(outgoing.address)
            case StartChild() if outgoing.parent.awaits:
                self.children[outgoing.run] = self.started[outgoing.run] = outgoing
            case RetryChild():
                self.children[outgoing.run] = self.started[outgoing.run]
                self.retried.setdefault(outgoing.run, set()).add(outgoing.id)
            case EndChild():
                self.children.pop(outgoing.run, None)
            case EnterGate() | LeaveGates() | Hold() | Unhold():
                self.ways.take(outgoing)
            case _:
                pass

    # ---------------------------------------------------------------------------------------- playing

    def play(self, data: bytes) -> None:
        """Play the run to its end; whatever happens on the way, it has one."""
        event = Event(namespace="ns", name="w", data=data, id="e")
        self.tell(Start(run=RUN, event=event))
        self.play_on()

    def play_on(self) -> None:
        """Play a run that has begun to its end."""
        for _ in range(MOST_MESSAGES):
            if self.is_over:
                return
            if self.draw.random() < self.noise:
                self._disturb()
                continue
            choices = self._choices()
            assert choices, f"nothing can move this run any more: {self._open()}"
            self.draw.choice(choices)()
        raise AssertionError("the run has no end")

    @property
    def state(self) -> Any:
        """The run's own state."""
        assert self.run is not None
        return self.run.state

    @property
    def is_over(self) -> bool:
        """Whether the run has ended."""
        return bool(self.state.status.is_final)

    def _open(self) -> dict[str, StepRecord]:
        assert self.run is not None
        return {path: record for path, record in self.run.steps.items() if record.status.is_open}

    def _choices(self) -> list[Choice]:
        """What may happen next: an answer, the next timer, an event, a person, a child's end, a slot."""
        if self.state.status is RunStatus.PAUSED and self.draw.random() < 0.3:
            return [self._resume]
        choices: list[Choice] = []
        choices += [partial(self._answer, each) for each in self.out.values()] * 3
        choices += [partial(self._hear, each) for each in sorted(self.listening)]
        choices += [partial(self._end_child, each) for each in self.children.values()]
        for path in self._open():
            place = find(self.workflow, path)
            if place is not None and isinstance(place.step.kind, Ask):
                choices.append(partial(self._reply, path))
        choices += [partial(self._admit, each) for each in self.ways.waiting()]
        choices += [partial(self._release, each) for each in self.ways.held.values()]
        if self.timers:
            choices.append(self._pass_time)
        if self.state.phase is Phase.QUEUED:
            choices.append(partial(self._tell, Granted()))
        if any(isinstance(each, Dispatch) for each in self.unconfirmed.values()):
            choices.append(partial(self._tell, Wake()))
        if self.state.status is RunStatus.PAUSED:
            choices.append(self._resume)
        return choices

    def _tell(self, message: Inbound) -> None:
        self.tell(message)

    def _resume(self) -> None:
        self.tell(Resume(id=self.order_id()))

    def order_id(self) -> str:
        """The id of a new order."""
        self._orders += 1
        return f"order-{self._orders}"

    def _answer(self, dispatch: Dispatch) -> None:
        answer = self._drawn_answer()
        self.tell(Answered(dispatch.name, dispatch.attempt, answer))
        if not isinstance(answer, Progress) and self.out.get(dispatch.name) is dispatch:
            del self.out[dispatch.name]

    def _drawn_answer(self) -> Answer:
        drawn = self.draw.random()
        if drawn < 0.7:
            return Completed(b'{"n":1}')
        if drawn < 0.9:
            kind = self.draw.choice(["boom", "bang"])
            return Failed(Failure(kind, retryable=self.draw.random() < 0.8))
        return Progress(b"1") if drawn < 0.95 else Later(3.0)

    def _admit(self, asked: EnterGate) -> None:
        """Let an action through a gate; a rate may name a moment to come."""
        at = self.now + (self.draw.choice([0.0, 0.5]) if asked.interval is not None else 0.0)
        self.ways.admit(asked)
        verdict = self.tell(Admitted(asked.address, asked.number, asked.index, at)).verdict
        if self.state.status is RunStatus.PAUSED:
            self.ways.turn_away(asked)  # it comes again when the run is resumed
        else:
            assert verdict is Verdict.APPLIED, "who stands at a gate is waiting there"

    def _hold_back(self, dispatch: Dispatch) -> None:
        """The module is paused, as the sender sees it. The action may have gone out all the same."""
        decision = self.tell(Held(dispatch.name, dispatch.attempt, "why"))
        if decision.verdict is Verdict.APPLIED and self.draw.random() < 0.8:
            self.out.pop(dispatch.name, None)

    def _release(self, held: Hold) -> None:
        del self.ways.held[held.address]
        verdict = self.tell(Released(held.address, held.number)).verdict
        is_paused = self.state.status is RunStatus.PAUSED
        assert is_paused or verdict is Verdict.APPLIED, "who is held waits for the end of the pause"

    def _pass_time(self) -> None:
        self.now = max(self.now, min(self.timers.values()))
        self.tell(Wake())

    def _hear(self, address: str) -> None:
        self._events += 1
        event = Event(namespace="ns", name="ev", data=b'{"x":1}', id=f"ev-{self._events}")
        self.tell(Heard(address, f"ev-{self._events}", event))

    def _reply(self, path: str) -> None:
        self.tell(Replied(address=path, data=b'{"ok":true}', by="ada"))

    def _end_child(self, child: StartChild) -> None:
        del self.children[child.run]
        status = self.draw.choice([RunStatus.COMPLETED, RunStatus.COMPLETED, RunStatus.FAILED])
        failure = Failure("boom") if status is RunStatus.FAILED else None
        address = child.parent.address
        retried = len(self.retried.get(child.run, ()))
        self.tell(
            ChildEnded(
                address=address,
                run=child.run,
                status=status,
                output=b'{"z":1}',
                failure=failure,
                revivals=retried,
            )
        )

    def _disturb(self) -> None:
        """Tell the run what it has heard before, what is too early or too late, or that it is to end."""
        drawn = self.draw.random()
        if drawn < 0.6:
            self.tell_again(self.draw.choice(self.told))
        elif drawn < 0.7:
            self.tell(Wake())
        elif drawn < 0.75:
            self._lose_what_is_outside()
        elif drawn < 0.85 and self.out:
            self._hold_back(self.draw.choice(list(self.out.values())))
        elif drawn < 0.95 and self.out:
            out = self.draw.choice(list(self.out.values()))
            self.tell(Answered(out.name, out.attempt + self.draw.choice([-1, 1]), Completed(b"1")))
        elif drawn > 0.97:
            self.tell(Cancel() if self.draw.random() < 0.5 else Terminate())

    def _lose_what_is_outside(self) -> None:
        """All around the run forgets it, as a restored backup has: the run puts it back, the same."""
        timers, out = self.timers, self.out
        listening, children = self.listening, self.children
        self.timers, self.out, self.listening, self.children = {}, {}, set(), {}
        self.tell(Reconcile(since=self.draw.choice([None, 0.0, self.now])))
        assert (self.timers, self.listening, self.children) == (timers, listening, children)
        assert {name: each for name, each in out.items() if name in self.out} == self.out
        lost = {each.path for name, each in out.items() if name not in self.out}
        assert not [path for path in lost if path in self._open() and self._open()[path].has_action_out]

    def tell_again(self, message: Inbound) -> None:
        """Deliver a message again. One that was applied is refused or changes nothing that was said."""
        try:
            self.tell(message)
        except RejectedMessage:
            assert isinstance(message, Replied | Retry | Skip | Signal)

    # ----------------------------------------------------------------------------------------- the end

    def check_the_end(self) -> None:
        """Nothing is left behind."""
        assert not self._open()
        assert not self.timers
        assert not self.listening
        assert not self.children
        assert not self.ways.waiting(), "it waits at a gate for nothing"
        assert not self.ways.inside, "it takes somebody's place"
        assert not self.ways.held
        assert sum(fact.name in ENDINGS for fact in self.facts) == 1 + self.state.revivals
        if self.state.status not in (RunStatus.COMPLETED, RunStatus.TERMINATED):
            assert self.state.undo is None
            self._all_was_undone()

    def _all_was_undone(self) -> None:
        assert self.run is not None
        undone = [fact.step for fact in self.facts if fact.name is FactName.STEP_COMPENSATED]
        failed = [fact.step for fact in self.facts if fact.name is FactName.COMPENSATION_FAILED]
        records = [each for each in self.run.steps.values() if each.status is StepStatus.COMPENSATED]
        assert len(records) == len(undone)
        assert self.state.undone is (None if not undone and not failed else not failed)


def _said(decision: Decision) -> Any:
    return (
        decision.verdict,
        decision.outgoing,
        decision.facts,
        decision.timers,
        decision.settled,
        decision.run.state,
    )


def _written(whole: Run, decision: Decision) -> dict[str, Any]:
    """What a decision changes: parts that have another value now, or are gone."""
    return {name: part for name, part in decision.run.parts.items() if part != whole.parts.get(name)}
