"""The limits of modules in memory: `ports.Gates`, as lua/gate and those behind it do it.

Used by memory_store.py. Moments are rounded to what the scripts write down.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from resistor.ports import Admission, Entry, GateView, Passer
from resistor.store.keys import Keys, milliseconds
from resistor.testing.store.gate import admit, look_again, place, present
from resistor.testing.store.members import member_of, passer_of
from resistor.testing.store.state import Clock, KeptGate, State, claimed_of_each, ordered, whole_milliseconds

MOST_ADMITTED = 100  # by one who enters or leaves
MOST_CHECKED = 10  # of a full gate: those longest inside are named


class MemoryGates:
    """The gates of one store."""

    def __init__(self, state: State, clock: Clock, keys: Keys) -> None:
        """Take what the store keeps, its clock, and in which partition a gate is."""
        self._state = state
        self._clock = clock
        self._keys = keys

    async def enter(self, items: Sequence[Entry]) -> Sequence[Sequence[Admission]]:
        """Ask gates to let actions through; returns for each who is to be told."""
        return [self._enter(item) for item in items]

    async def leave(self, items: Sequence[tuple[str, Passer]]) -> Sequence[Sequence[Admission]]:
        """Leave gates, or their queues; returns for each who is to be told."""
        return [self._leave(gate, passer) for gate, passer in items]

    async def told(self, items: Sequence[Admission]) -> None:
        """Note that these have been told."""
        for item in items:
            self._at(item.gate).telling.pop(member_of(item.passer), None)
        for gate in {item.gate for item in items}:
            look_again(self._state.gates_due, gate, self._at(gate), self._clock())

    async def claim(self, *, limit: int, lease: float) -> Sequence[Admission]:
        """Return who is to be told at the gates that are due."""
        gates = claimed_of_each(
            self._state.gates_due, self._keys, whole_milliseconds(self._clock()), limit, lease * 1000
        )
        return [each for gate in gates for each in self._turn(gate, limit, lease)]

    async def look(self, gates: Sequence[str]) -> Sequence[GateView]:
        """Return how full these are."""
        found = (self._at(gate) for gate in gates)
        return [GateView(len(each.inside), len(each.outside)) for each in found]

    def _at(self, gate: str) -> KeptGate:
        return present(self._state.gates.setdefault(gate, KeptGate()), self._clock())

    def _enter(self, item: Entry) -> Sequence[Admission]:
        kept, now, member = self._at(item.gate), self._clock(), member_of(item.passer)
        for name, value in (("limit", item.limit), ("interval", item.interval)):
            if value is None:
                kept.numbers.pop(name, None)
            else:
                kept.numbers[name] = value
        known = kept.inside.get(member)
        if known is None:
            kept.outside.setdefault(member, place(item.priority, now))
        admitted = admit(kept, now, MOST_ADMITTED)
        kept.telling.update((each, at) for each, at in admitted.items() if each != member)
        answer = list(admitted.items())
        if known is not None:
            answer.append((member, known))
        look_again(self._state.gates_due, item.gate, kept, now)
        return _admissions(item.gate, answer)

    def _leave(self, gate: str, passer: Passer) -> Sequence[Admission]:
        kept, now = self._at(gate), self._clock()
        for scores in (kept.inside, kept.outside, kept.telling):
            scores.pop(member_of(passer), None)
        admitted = admit(kept, now, MOST_ADMITTED)
        kept.telling.update(admitted)
        look_again(self._state.gates_due, gate, kept, now)
        return _admissions(gate, admitted.items())

    def _turn(self, gate: str, most: int, lease: float) -> Sequence[Admission]:
        kept, now = self._at(gate), self._clock()
        kept.telling.update(admit(kept, now, most))
        named = [(member, kept.telling[member]) for member in ordered(kept.telling)[:most]]
        if not named and kept.outside:
            named = [(member, kept.inside[member]) for member in ordered(kept.inside)[:MOST_CHECKED]]
        look_again(self._state.gates_due, gate, kept, now)
        if kept.telling:
            self._state.gates_due[gate] = milliseconds(now + lease)
        return _admissions(gate, named)


def _admissions(gate: str, answer: Iterable[tuple[str, float]]) -> Sequence[Admission]:
    return tuple(Admission(gate, passer_of(member), at) for member, at in answer)
