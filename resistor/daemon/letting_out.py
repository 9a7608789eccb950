"""An action's errands on its way to its module: to the gates of its limits, and to the pause of its module.

Called by errands.py for a batch, by the sender for actions that it must not publish, and by gatekeeping.py
for those whose turn has come. Each may be done twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from resistor.daemon.patience import Patience
from resistor.daemon.pausing import Pausing
from resistor.daemon.told import Told
from resistor.engine.decision import Dispatch, EnterGate, Hold, LeaveGates, Unhold
from resistor.engine.inbound import Admitted, Held, Released
from resistor.ports import Admission, Entry, Passer, Store

GateErrand = EnterGate | LeaveGates | Hold | Unhold

QUEUE = "gates"  # what the metrics call this source of messages


class LettingOut:
    """Runs these errands."""

    def __init__(self, store: Store, patience: Patience, pausing: Pausing) -> None:
        """Take where the actors are, how to wait for it, and which modules are paused."""
        self._store = store
        self._patience = patience
        self._pausing = pausing

    async def run(self, errands: Sequence[tuple[str, GateErrand]]) -> list[Told]:
        """Run errands, each for a run; returns who is told what. Who leaves makes room, so that is first."""
        left = [
            (gate, Passer(run, each.address, each.number, index))
            for run, each in errands
            if isinstance(each, LeaveGates)
            for index, gate in each.gates
        ]
        told = await self._leave(left) if left else []
        unheld = [(each.module, _passer(run, each)) for run, each in errands if isinstance(each, Unhold)]
        if unheld:
            await self._patience.with_store(partial(self._store.pauses.unhold, unheld))
        for run, each in errands:
            if isinstance(each, EnterGate) and (why := self._pausing.why(each.module)) is not None:
                told.append(_held(run, each.address, each.attempt, why))
        told += await self._enter(
            [
                (run, each)
                for run, each in errands
                if isinstance(each, EnterGate) and self._pausing.why(each.module) is None
            ]
        )
        return told + await self._hold([(run, each) for run, each in errands if isinstance(each, Hold)])

    async def _leave(self, left: Sequence[tuple[str, Passer]]) -> list[Told]:
        admitted = await self._patience.with_store(partial(self._store.gates.leave, left))
        return [admitted_told(each) for admissions in admitted for each in admissions]

    async def _enter(self, wanted: Sequence[tuple[str, EnterGate]]) -> list[Told]:
        if not wanted:
            return []
        entries = [
            Entry(
                gate=each.gate,
                passer=Passer(run, each.address, each.number, each.index),
                limit=each.limit,
                interval=each.interval,
                priority=each.priority,
            )
            for run, each in wanted
        ]
        admitted = await self._patience.with_store(partial(self._store.gates.enter, entries))
        return [admitted_told(each) for admissions in admitted for each in admissions]

    async def _hold(self, wanted: Sequence[tuple[str, Hold]]) -> list[Told]:
        if not wanted:
            return []
        items = [(each.module, _passer(run, each), each.priority) for run, each in wanted]
        waiting = await self._patience.with_store(partial(self._store.pauses.hold, items))
        told = []
        for (module, passer, _), waits in zip(items, waiting, strict=True):
            if not waits:  # it goes on by now
                self._pausing.goes_on(module)
                told.append(released_told(module, passer))
        return told


def held_back(run: str, outgoing: object, pausing: Pausing) -> Told | None:
    """Return what the run of an action is told whose module is paused, None where it may go out."""
    why = pausing.why(outgoing.module) if isinstance(outgoing, Dispatch) else None
    if why is None or not isinstance(outgoing, Dispatch):
        return None
    return _held(run, outgoing.name, outgoing.attempt, why)


def admitted_told(admission: Admission) -> Told:
    """Return what an action is told that a gate lets through; one that is gone leaves it."""
    passer = admission.passer
    back = LeaveGates(
        name="", gates=((passer.index, admission.gate),), address=passer.address, number=passer.number
    )
    word = Admitted(passer.address, passer.number, passer.index, admission.at)
    return Told(passer.run, None, word, QUEUE, if_gone=(back,), is_echo=True, admission=admission)


def released_told(module: str, passer: Passer) -> Told:
    """Return what an action is told whose module goes on; one that is gone waits no more."""
    back = Unhold(name="", module=module, address=passer.address, number=passer.number)
    word = Released(passer.address, passer.number)
    return Told(passer.run, None, word, QUEUE, if_gone=(back,), is_echo=True)


def _held(run: str, address: str, attempt: int, why: str) -> Told:
    return Told(run, None, Held(address, attempt, why), QUEUE, is_echo=True)


def _passer(run: str, errand: Hold | Unhold) -> Passer:
    return Passer(run, errand.address, errand.number)
