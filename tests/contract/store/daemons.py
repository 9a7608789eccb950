"""Daemons that decide nothing: they commit, confirm and release what a test says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from resistor.engine.facts import Fact, FactName
from resistor.engine.run import EVERYTHING, Part, Reads, Run, RunStatus
from resistor.ports import Change, Published, Released
from resistor.store.reading import RunFilter
from tests.contract.store.samples import new_run, published, released
from tests.contract.store.twins import LOOK_EVERY, Pass, Step, Twins

LATE = 1e6
IDS = ("r1", "r2", "r3")
SOME = Reads(parts=frozenset({"s:charge", "o:none"}))
LOOK = [
    Step("", "load", ([(run, reads) for run in IDS for reads in (EVERYTHING, SOME)],)),
    Step("", "next_due_in"),
    Step("", "list_runs", (RunFilter(),)),
    *(Step("", "history", (run,)) for run in IDS),
]


class Commit(msgspec.Struct, frozen=True, kw_only=True):
    """A commit that is to be made of the run as it is then, or was. Times are from then on, in seconds."""

    run: str = "r1"
    back: int = 0  # how many readings ago
    is_new: bool = False  # it is begun, whether it is there or not
    reads: Reads = EVERYTHING
    parts: dict[str, Part | None] = {}
    status: RunStatus = RunStatus.RUNNING
    timers: dict[str, float | None] = {}
    send: tuple[str, ...] = ()
    settled: tuple[str, ...] = ()
    due: tuple[float, float] = (LATE, LATE)
    retention: float = 0.0
    labels: dict[str, str] = {}

    def change(self, before: Run | None, now: float) -> Change:
        """Return the change to what was read."""
        after = new_run(self.run, now=now, labels=self.labels) if before is None else before
        state = msgspec.structs.replace(
            after.state, status=self.status, finished_at=now if self.status.is_final else None
        )
        return Change(
            before=before,
            after=msgspec.structs.replace(after, state=state, parts={**after.parts, **self.parts}),
            facts=(Fact(now, FactName.STEP_SCHEDULED, self.run),),
            send=self.send,
            settled=self.settled,
            timers={name: None if at is None else now + at for name, at in self.timers.items()},
            due_at=now + self.due[0],
            unconfirmed_due_at=now + self.due[1],
            retention=self.retention,
        )


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """Word of a run as it is then, or was before: that messages are out, or that nothing was done."""

    names: tuple[str, ...] | None  # None: it is released
    run: str = "r1"
    back: int = 0  # how many revisions ago
    is_final: bool | None = None  # None: as it is
    due: tuple[float, float] = (LATE, LATE)
    looked: float = 0.0

    def word(self, read: Run | None, now: float) -> Published | Released:
        """Return what is said of the run as it was read."""
        revision = 1 if read is None else read.revision - self.back
        plain = published(self.run, revision) if self.names is not None else released(self.run, revision)
        says = {"looked_at": now + self.looked} if self.names is None else {"names": self.names}
        is_over = read is not None and read.state.status.is_final
        return msgspec.structs.replace(
            plain,
            due_at=now + self.due[0],
            unconfirmed_due_at=now + self.due[1],
            is_final=is_over if self.is_final is None else self.is_final,
            **says,
        )


class Committing:
    """Plays daemons: some read a run whole, some in part, some are late. Each store gets what it has said."""

    def __init__(self, twins: Twins) -> None:
        self._twins = twins
        self._read: dict[tuple[int, str], list[Run]] = {}

    async def take(self, step: Commit | Said | Step | Pass) -> None:
        """Let it be done to both stores."""
        if isinstance(step, Commit):
            await self._twins.both(lambda store: self._commit(store, step))
        elif isinstance(step, Said):
            await self._twins.both(lambda store: self._say(store, step))
        else:
            await self._twins.take(step)

    async def follow(
        self, steps: Sequence[Commit | Said | Step | Pass], *, look_every: int = LOOK_EVERY
    ) -> None:
        """Take each step, and look at all that can be seen, between them and at the end."""
        await self._twins.begin()
        for position, step in enumerate(steps, start=1):
            await self.take(step)
            if position % look_every == 0 or position == len(steps):
                await self._twins.look(LOOK)

    async def _commit(self, store: Any, step: Commit) -> Sequence[bool]:
        known = await self._reread(store, step.run, step.reads)
        before = None if step.is_new or not known else known[-1 - min(step.back, len(known) - 1)]
        done: Sequence[bool] = await store.commit([step.change(before, self._twins.now)])
        return list(done)

    async def _say(self, store: Any, step: Said) -> None:
        known = await self._reread(store, step.run, EVERYTHING)
        word = step.word(known[-1] if known else None, self._twins.now)
        await (store.published([word]) if isinstance(word, Published) else store.release([word]))

    async def _reread(self, store: Any, run: str, reads: Reads) -> list[Run]:
        """Return the run as it is, behind what was read of it before."""
        known = self._read.setdefault((id(store), run), [])
        [now] = (await store.load([(run, reads)])).runs
        if now is not None:
            known.append(now)
        return known
