"""Runs in this process, on a real Redis and without a broker: load → decide → commit → mark.

Called by the benches, to see the engine and the store alone. Batches are the daemon's: what it tells several
runs is loaded, decided and committed together.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from resistor.catalog import load_text
from resistor.daemon.deciding import Decided, decide, reads_for
from resistor.daemon.told import Told
from resistor.engine.decision import Dispatch
from resistor.engine.inbound import Answered, Inbound, Start
from resistor.engine.limits import Limits
from resistor.engine.run import Reads
from resistor.engine.workflow import Workflow
from resistor.messages.event import Event
from resistor.messages.result import Completed
from resistor.ports import Change, Published
from resistor.store import RedisStore

BATCH = 200  # as the daemon's default
LIMITS = Limits()


@dataclass
class Cost:
    """What deciding has cost: CPU seconds of this process by part, and how often it looked again."""

    load: float = 0.0
    decide: float = 0.0
    commit: float = 0.0
    looks: int = 0

    @property
    def cpu(self) -> float:
        """All of it."""
        return self.load + self.decide + self.commit


@dataclass
class Deciding:
    """Decides on runs of one workflow, and keeps the actions that went out."""

    store: RedisStore
    workflow: Workflow
    cost: Cost = field(default_factory=Cost)
    out: deque[tuple[str, Dispatch]] = field(default_factory=deque)
    open: set[str] = field(default_factory=set)

    async def start(self, run: str, data: bytes) -> None:
        """Begin a run."""
        event = Event(namespace=self.workflow.namespace, name=self.workflow.name, data=data, id=run)
        self.open.add(run)
        await self.tell([(run, Start(run=run, event=event))])

    async def answer(self, most: int = BATCH) -> None:
        """Answer a batch of the actions that are out, the first first."""
        taken = [self.out.popleft() for _ in range(min(most, len(self.out)))]
        await self.tell([(run, Answered(each.name, each.attempt, Completed(b"1"))) for run, each in taken])

    async def play(self) -> None:
        """Answer until every run is over."""
        while self.out:
            await self.answer()
        assert not self.open, f"{len(self.open)} runs are not over"  # noqa: S101 - a bench that lies

    async def tell(self, messages: Sequence[tuple[str, Inbound]]) -> None:
        """Tell runs something, all in one batch."""
        told: dict[str, list[Told]] = {}
        for run, inbound in messages:
            told.setdefault(run, []).append(Told(run, self.workflow, inbound, "bench"))
        decided = [each for each in await self._decide(told) if each.after is not None]
        marks = [mark for each in decided if (mark := _mark(each)) is not None]
        if marks:
            await self.store.published(marks)
        for each in decided:
            assert each.after is not None  # noqa: S101 - filtered above
            actions = [outgoing for outgoing in each.outgoing.values() if isinstance(outgoing, Dispatch)]
            self.out += [(each.after.id, action) for action in actions]
            if each.is_final:
                self.open.discard(each.after.id)

    async def _decide(self, told: dict[str, list[Told]]) -> list[Decided]:
        missing = dict.fromkeys(told, Reads())
        settled: list[Decided] = []
        while missing:
            began = time.process_time()
            wanted = [(run, _with(reads_for(told[run], closer=False), more)) for run, more in missing.items()]
            loaded = await self.store.load(wanted)
            self.cost.load += (at := time.process_time()) - began
            self.cost.looks += 1
            found = [
                decide(Decided(run, run, self.workflow, loaded.now), told[name], limits=LIMITS, closer=False)
                for name, run in zip(missing, loaded.runs, strict=True)
            ]
            self.cost.decide += time.process_time() - at
            pairs = list(zip(missing, found, strict=True))
            missing = {name: _with(missing[name], each.missing) for name, each in pairs if each.missing}
            settled += [each for each in found if each.missing is None]
        await self._commit(settled)
        return settled

    async def _commit(self, settled: Sequence[Decided]) -> None:
        began = time.process_time()
        written = await self.store.commit([_change(each) for each in settled])
        self.cost.commit += time.process_time() - began
        assert all(written)  # noqa: S101 - nobody else is here


def workflow_of(text: str, name: str) -> Workflow:
    """Return one workflow of a definition file."""
    return next(each for each in load_text(text.encode()).or_raise().workflows if each.name == name)


def _with(reads: Reads, more: Reads | None) -> Reads:
    if more is None:
        return reads
    return Reads(reads.parts | more.parts, reads.everything or more.everything, outstanding=reads.outstanding)


def _change(each: Decided) -> Change:
    assert each.after is not None and not each.refused  # noqa: S101, PT018 - all is well here
    return Change(
        before=each.before,
        after=each.after,
        facts=tuple(each.facts),
        send=tuple(each.outgoing),
        settled=tuple(each.settled),
        timers=each.timers,
        due_at=each.now + 3600.0,
        unconfirmed_due_at=each.now + 10.0,
        retention=600.0,
    )


def _mark(each: Decided) -> Published | None:
    if each.after is None or not each.outgoing:
        return None
    return Published(
        run=each.after.id,
        revision=each.after.revision + 1,
        names=tuple(each.outgoing),
        due_at=each.now + 3600.0,
        unconfirmed_due_at=each.now + 10.0,
        is_final=each.is_final,
    )
