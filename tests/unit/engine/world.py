"""A run in its world: everything that it is told, what follows, and whether that is lawful.

    world = World(workflow, Limits())
    world.tell(start)

Used by test_random_workflows.py. Every message is decided on as the daemon does it, from parts, and from the
whole run too, and twice: all must come to the same.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec

from resistor.engine import Decision, NeedMore, Verdict, advance, reads_of
from resistor.engine.facts import Fact, FactName
from resistor.engine.inbound import Answered, ChildEnded, Inbound, Replied
from resistor.engine.limits import Limits
from resistor.engine.places import find
from resistor.engine.run import EVERYTHING, Reads, Run, RunStatus
from resistor.engine.workflow import Module, Workflow
from resistor.errors import RejectedMessage
from resistor.messages.result import Completed
from tests.unit.engine import laws
from tests.unit.engine.kept import Kept
from tests.unit.engine.outside import Outside

RUN = "r" * 20
MOST_LOOKS = 400

encode = msgspec.json.Encoder().encode


@dataclass
class World:
    """One run, and everything around it. Time is in seconds since the epoch, and moves when it is told to."""

    workflow: Workflow
    limits: Limits
    now: float = 1_700_000_000.0
    kept: Kept = field(default_factory=lambda: Kept(RUN))
    outside: Outside = field(default_factory=Outside)
    told: list[tuple[float, Inbound]] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)
    to_undo: list[str] = field(default_factory=list)
    undone: list[str] = field(default_factory=list)
    digests: list[bytes] = field(default_factory=list)

    @property
    def run(self) -> Run:
        """The whole run."""
        run = self.kept.load(EVERYTHING, now=self.now)
        assert run is not None
        return run

    @property
    def is_over(self) -> bool:
        """Whether the run has ended."""
        return bool(self.kept.fields) and self.run.state.status.is_final

    def tell(self, message: Inbound) -> Verdict | None:
        """Tell the run something; returns what it turned out to be, None where it was refused."""
        self.told.append((self.now, message))
        whole = self.kept.load(EVERYTHING, now=self.now)
        try:
            decision = advance(self.workflow, whole, message, now=self.now, limits=self.limits)
        except RejectedMessage:
            assert isinstance(message, Replied)
            self.digests.append(b"refused")
            return None
        again = advance(self.workflow, whole, message, now=self.now, limits=self.limits)
        assert encode(again) == encode(decision), "the same arguments give the same decision"
        if whole is not None:
            self._decide_from_parts(whole, message, decision)
        self._take(whole, message, decision)
        self.digests.append(encode([decision.facts, decision.outgoing, decision.timers, decision.settled]))
        return decision.verdict

    def _decide_from_parts(self, whole: Run, message: Inbound, decision: Decision) -> None:
        """Decide as the daemon does: from what will probably be read, and what turns out to be missing."""
        reads = _together(reads_of(self.workflow, message), Reads(outstanding=True))
        for _ in range(MOST_LOOKS):
            part = self.kept.load(reads, now=self.now)
            assert part is not None
            try:
                found = advance(self.workflow, part, message, now=self.now, limits=self.limits)
                break
            except NeedMore as need:
                missing = need.reads
            more = _together(reads, missing)
            assert more != reads, "what is asked for was there already"
            reads = more
        else:
            raise AssertionError(f"{MOST_LOOKS} looks were not enough")
        for name in ("verdict", "outgoing", "facts", "timers", "settled"):
            assert encode(getattr(found, name)) == encode(getattr(decision, name)), name
        assert self.kept.after(part, found).fields == self.kept.after(whole, decision).fields

    def _take(self, whole: Run | None, message: Inbound, decision: Decision) -> None:
        was_final = whole is not None and whole.state.status.is_final
        is_final = decision.run.state.status.is_final
        laws.applied_rightly(self.workflow, whole, message, decision)
        if decision.verdict is not Verdict.APPLIED:
            laws.nothing_changed(whole, decision)
        if was_final:
            assert decision.facts == (), "nothing happens after the end"
        if is_final:
            laws.only_ending_goes_out(decision)
        self.facts += decision.facts
        self._take_undoing(whole, message, decision)
        self.kept = self.kept.after(whole, decision)
        for outgoing in decision.outgoing:
            self.outside.receive(outgoing)
        if isinstance(message, ChildEnded):
            self.outside.children[message.run].is_over = True
        endings = [fact for fact in self.facts if fact.name in laws.ENDINGS]
        assert len(endings) == is_final, "exactly one fact says that the run is over"
        laws.check(self.workflow, self.kept, self.outside, now=self.now, limits=self.limits)
        if is_final:
            self._all_is_undone(decision.run)

    # ---------------------------------------------------------------------------------------- undoing

    def _take_undoing(self, whole: Run | None, message: Inbound, decision: Decision) -> None:
        """Note which steps have completed that can be undone, and which were undone."""
        for fact in decision.facts:
            if fact.name in (FactName.STEP_COMPENSATED, FactName.COMPENSATION_FAILED):
                assert fact.step is not None
                self.undone.append(fact.step)
        if not isinstance(message, Answered) or not isinstance(message.answer, Completed):
            return
        place = find(self.workflow, message.address)
        if whole is None or whole.state.ending is not None or place is None:
            return
        said = {fact.name for fact in decision.facts if fact.step == place.path}
        is_done = FactName.STEP_COMPLETED in said and FactName.STEP_CAUGHT not in said
        if isinstance(place.step.kind, Module) and place.step.kind.compensation is not None and is_done:
            self.to_undo.append(place.path)

    def _all_is_undone(self, run: Run) -> None:
        """What completed is undone, the last first, unless the run completed or was terminated."""
        expected = self.to_undo[::-1]
        match run.state.status:
            case RunStatus.COMPLETED:
                assert self.undone == []
            case RunStatus.TERMINATED:
                assert self.undone == expected[: len(self.undone)]
            case _:
                assert self.undone == expected, f"undone: {self.undone}, completed: {expected}"
                failed = [fact for fact in self.facts if fact.name is FactName.COMPENSATION_FAILED]
                assert run.state.undone == (not failed if expected else None)


def _together(one: Reads, other: Reads) -> Reads:
    return Reads(
        parts=one.parts | other.parts,
        everything=one.everything or other.everything,
        outstanding=one.outstanding or other.outstanding,
    )
