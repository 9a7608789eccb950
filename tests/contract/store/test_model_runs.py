"""Runs in memory are what the real store makes of them, whoever commits, confirms, claims and forgets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from resistor.engine.facts import Fact, FactName
from resistor.engine.run import EVERYTHING, BlockEnd, Part, Reads, Run, RunStatus, StepStatus
from resistor.ports import Change, Published, Released
from resistor.store.reading import RunFilter
from tests.contract.store.samples import NOW, new_run, published, record, released
from tests.contract.store.twins import LOOK_EVERY, Pass, Step, Twins

IDS = ("r1", "r2", "r3")
PARTS = ("s:charge", "o:charge", "b:each/1", "v:")
SOME = Reads(parts=frozenset({"s:charge", "o:none"}))
LOOK = [
    Step("", "load", ([(run, reads) for run in IDS for reads in (EVERYTHING, SOME)],)),
    Step("", "next_due_in"),
    Step("", "list_runs", (RunFilter(),)),
    *(Step("", "history", (run,)) for run in IDS),
]


class Commit(msgspec.Struct, frozen=True, kw_only=True):
    """A commit that is to be made of the run as it is then, or was. Times are from then on, in seconds."""

    run: str
    back: int  # how many readings ago
    is_new: bool  # it is begun, whether it is there or not
    reads: Reads
    parts: dict[str, Part | None]
    status: RunStatus
    timers: dict[str, float | None]
    send: tuple[str, ...]
    settled: tuple[str, ...]
    due: tuple[float, float]
    retention: float
    labels: dict[str, str]

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

    run: str
    back: int  # how many revisions ago
    names: tuple[str, ...] | None  # None: it is released
    is_final: bool | None  # None: as it is
    due: tuple[float, float]
    looked: float

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

    async def follow(self, steps: Sequence[Commit | Said | Step | Pass]) -> None:
        """Take each step, and look at all that can be seen, between them and at the end."""
        await self._twins.begin()
        for position, step in enumerate(steps, start=1):
            await self.take(step)
            if position % LOOK_EVERY == 0 or position == len(steps):
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


messages = st.lists(st.sampled_from(["charge", "charge", "mail"]), max_size=2, unique=True).map(tuple)
times = st.sampled_from([-5.0, 0.0, 3.0, 10.5, 1e6])
late = st.sampled_from([-5.0, 10.5, 1e6, 1e6])
due = st.tuples(times, times)
runs = st.sampled_from([*IDS, *[IDS[0]] * 4])
statuses = st.sampled_from([RunStatus.RUNNING, RunStatus.RUNNING, RunStatus.PAUSED, RunStatus.FAILED])
parts: st.SearchStrategy[dict[str, Part | None]] = st.dictionaries(
    st.sampled_from(PARTS), st.none(), max_size=2
).flatmap(lambda dropped: st.sampled_from([dropped, _WRITTEN, {**_WRITTEN, **dropped}]))
_WRITTEN: dict[str, Part | None] = {
    "s:charge": record(StepStatus.WAITING, resume_at=NOW),
    "o:charge": b'{"a":[]}',
    "b:each/1": BlockEnd(output_of="charge"),
    "v:": b"{}",
}
commits = st.builds(
    Commit,
    run=runs,
    back=st.sampled_from([0, 0, 0, 1, 2]),
    is_new=st.sampled_from([False, False, False, True]),
    reads=st.sampled_from([EVERYTHING, Reads(), Reads(parts=frozenset(PARTS[:2]), outstanding=True)]),
    parts=parts,
    status=statuses,
    timers=st.dictionaries(st.sampled_from(["", "charge", "wait"]), st.one_of(st.none(), times), max_size=2),
    send=messages,
    settled=messages,
    due=due,
    retention=st.sampled_from([0.0, 30.0, 60.5]),
    labels=st.sampled_from([{}, {"customer": "a"}, {"customer": "b", "city": "x"}]),
)
words = st.builds(
    Said,
    run=runs,
    back=st.sampled_from([0, 0, 0, 1]),
    names=st.one_of(st.none(), messages),
    is_final=st.sampled_from([None, None, None, False, True]),
    due=st.tuples(late, late),
    looked=st.sampled_from([-5.0, 0.0, 0.0, 3.0]),
)
asks = st.one_of(
    st.builds(
        lambda limit, lease: Step("", "claim_due", (), {"limit": limit, "lease": lease}),
        st.sampled_from([1, 2, 9]),
        st.sampled_from([5.0, 30.0]),
    ),
    st.just(Step("", "forget_expired")),
    st.just(Step("", "list_runs", (RunFilter(statuses=(RunStatus.FAILED,), limit=2),))),
    st.just(Step("", "list_runs", (RunFilter(labels={"customer": "b"}, namespace="shop"),))),
    st.just(Step("", "list_runs", (RunFilter(namespace="shop", workflow="order.placed", limit=1),))),
    st.just(Step("", "history", ("r1",), {"start": 2})),
)
passing = st.builds(Pass, st.sampled_from([1, 5, 30, 60, 60, 86_400]))


@settings(
    max_examples=150,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    st.lists(st.one_of(commits, commits, commits, words, words, asks, asks, passing), min_size=8, max_size=25)
)
async def test_runs_in_memory_are_those_of_redis(
    twins: Twins, steps: Sequence[Commit | Said | Step | Pass]
) -> None:
    await Committing(twins).follow(steps)
