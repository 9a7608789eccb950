"""Everything around a run: modules, other runs, subscriptions, slots, and who is told of the end.

Used by world.py. It believes every message that goes out, and complains about those that make no sense.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import assert_never

from resistor.engine.decision import (
    AcquireSlot,
    Dispatch,
    Emission,
    EndChild,
    EnterGate,
    Hold,
    LeaveGates,
    Nudge,
    Outgoing,
    ReleaseSlot,
    RetryChild,
    StartChild,
    Subscribe,
    TellEnd,
    TellRevived,
    Unhold,
    Unsubscribe,
)


@dataclass
class Other:
    """A run that was started: who waits for it, whether it was told to end, and whether it has."""

    waiting: list[str] = field(default_factory=list)
    ever_waiting: list[str] = field(default_factory=list)
    is_told_to_end: bool = False
    is_over: bool = False


@dataclass
class Outside:
    """What has come out of a run by now.

    `actions` has the last attempt of each address, `ever` every message that went out, by its name and, of
    actions, the attempt: whatever goes by the same must be the same.
    """

    actions: dict[str, Dispatch] = field(default_factory=dict)
    children: dict[str, Other] = field(default_factory=dict)
    topics: dict[str, Subscribe] = field(default_factory=dict)
    told: list[TellEnd] = field(default_factory=list)
    slot: str = "none"
    ever: dict[tuple[str, object], Outgoing] = field(default_factory=dict)

    def receive(self, outgoing: Outgoing) -> None:
        """Take what goes out."""
        self._compare(outgoing)
        match outgoing:
            case Dispatch():
                self.actions[outgoing.name] = outgoing
            case StartChild():
                self._start(outgoing)
            case EndChild():
                self._end(outgoing)
            case TellEnd():
                self.told.append(outgoing)
            case Subscribe():
                self.topics[outgoing.address] = outgoing
            case Unsubscribe():
                self._unsubscribe(outgoing)
            case AcquireSlot() | ReleaseSlot():
                self._take_or_return(outgoing)
            case Emission() | Nudge() | RetryChild() | TellRevived():
                pass
            case EnterGate() | LeaveGates() | Hold() | Unhold():
                raise AssertionError("the ways through gates are played in play/ways.py")
            case _:
                assert_never(outgoing)

    def _compare(self, outgoing: Outgoing) -> None:
        """Whatever goes out again is what went out before."""
        key = (outgoing.name, _kind_of(outgoing))
        before = self.ever.setdefault(key, outgoing)
        assert before == outgoing, f"{key} went out as {before}, and now as {outgoing}"

    def _start(self, outgoing: StartChild) -> None:
        other = self.children.setdefault(outgoing.run, Other())
        address = outgoing.parent.address
        if outgoing.parent.awaits and address not in other.waiting:
            other.waiting.append(address)
            other.ever_waiting.append(address)

    def _take_or_return(self, outgoing: AcquireSlot | ReleaseSlot) -> None:
        if isinstance(outgoing, ReleaseSlot):
            self.slot = "returned"
            return
        assert self.slot != "returned", "a slot is asked for by a run that has given it back"
        self.slot = "asked" if self.slot == "none" else self.slot

    def _end(self, outgoing: EndChild) -> None:
        other = self.children.setdefault(outgoing.run, Other())
        if outgoing.parent.address in other.waiting:
            other.waiting.remove(outgoing.parent.address)
        other.is_told_to_end = not other.waiting

    def _unsubscribe(self, outgoing: Unsubscribe) -> None:
        subscribed = self.topics.pop(outgoing.address, None)
        if subscribed is not None:
            asked = (subscribed.namespace, subscribed.event, subscribed.key)
            assert asked == (outgoing.namespace, outgoing.event, outgoing.key), "another subscription ends"


def _kind_of(outgoing: Outgoing) -> object:
    """Return what tells messages of one name apart."""
    match outgoing:
        case Dispatch():
            return outgoing.attempt, outgoing.deadline  # handed back after a `later`, it has a new deadline
        case Nudge():
            return outgoing.at
        case StartChild() | EndChild():
            return outgoing.run, getattr(outgoing, "is_forced", None)
        case _:
            return None
