"""The gates and pauses around a run: who waits where, who takes a place; and the laws of it.

Used by world.py. Lets through whoever is picked, however many: how many may is the store's affair.
"""

from __future__ import annotations

from resistor.engine.decision import EnterGate, Hold, LeaveGates, Unhold
from resistor.engine.passing import find_action, way_of
from resistor.engine.run import Run
from resistor.engine.workflow import Workflow

Stand = tuple[str, int, int]
"""An address, the number of the way, and the index of the gate."""


class Ways:
    """Who is on its way."""

    def __init__(self) -> None:
        self._asked: dict[Stand, EnterGate] = {}
        self.inside: dict[Stand, str] = {}
        self.held: dict[str, Hold] = {}

    def waiting(self) -> list[EnterGate]:
        """Those who wait at a gate."""
        return list(self._asked.values())

    def take(self, outgoing: EnterGate | LeaveGates | Hold | Unhold) -> None:
        """Take what goes out."""
        match outgoing:
            case EnterGate():
                stand = (outgoing.address, outgoing.number, outgoing.index)
                if stand not in self.inside:  # else it asks again
                    self._asked[stand] = outgoing
            case LeaveGates():
                for index, gate in outgoing.gates:
                    stand = (outgoing.address, outgoing.number, index)
                    assert self.inside.pop(stand, gate) == gate, "it leaves another gate than it entered"
                    self._asked.pop(stand, None)
            case Hold():
                self.held[outgoing.address] = outgoing
            case Unhold():
                self.held.pop(outgoing.address, None)

    def admit(self, asked: EnterGate) -> None:
        """Let one through. A rate keeps nobody inside."""
        stand = (asked.address, asked.number, asked.index)
        del self._asked[stand]
        if asked.limit is not None:
            self.inside[stand] = asked.gate

    def turn_away(self, asked: EnterGate) -> None:
        """Take out one that was let through and did not want it."""
        self.inside.pop((asked.address, asked.number, asked.index), None)

    def hold_for(self, workflow: Workflow, run: Run) -> None:
        """Assert that what is out has its places, and what is not out has none."""
        for address, number, _ in (*self.inside, *self._asked):
            action = find_action(workflow, address)
            record = run.steps.get(action.path) if action is not None else None
            assert record is not None, address
            assert record.status.is_out, f"{address} is over, and has a place: {record}"
            assert way_of(record).number == number, "a place is of the way that the action is on"
        for path, record in run.steps.items():
            action = find_action(workflow, path)
            if action is None or not record.has_action_out or not action.asked.gates:
                continue
            address = path if record.turn == 1 else f"{path}#{record.turn}"
            for index, gate in enumerate(action.asked.gates):
                stand = (address, way_of(record).number, index)
                assert gate.limit is None or stand in self.inside, f"{address} is out without {gate.name}"
