"""Runs in memory: the part of `ports.Store` that is about them, as the scripts of the store do it.

Used by memory_store.py. Runs are kept as they were given, whole; nothing is encoded, so a test of the format
has no place here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import ceil

import msgspec

from resistor.engine.run import Part, Reads, Run
from resistor.ports import Change, Loaded, Published, Released
from resistor.store import keys as names
from resistor.store.forgetting import AT_ONCE, TRY_AGAIN
from resistor.store.keys import FORGOTTEN_BY_TTL, Keys
from resistor.store.loading import DUE_AT_ONCE
from resistor.testing.store.due import look_again
from resistor.testing.store.state import Clock, KeptRun, State, ordered


class MemoryRuns:
    """The runs of one store."""

    def __init__(self, state: State, clock: Clock, keys: Keys) -> None:
        """Take what the store keeps, its clock, and in which partition a run is."""
        self._state = state
        self._clock = clock
        self._keys = keys

    def kept(self, run_id: str) -> KeptRun | None:
        """Return a run, None where there is none, or its TTL is over."""
        kept = self._state.runs.get(run_id)
        if kept is None or kept.gone_at is None or kept.gone_at > self._clock():
            return kept
        del self._state.runs[run_id]
        return None

    def load(self, wanted: Sequence[tuple[str, Reads]]) -> Loaded:
        """Read these runs, or the named parts of them."""
        now = self._clock()
        runs = tuple(self._load(run_id, reads, now) for run_id, reads in wanted)
        kept = [self.kept(run_id) for run_id, _ in wanted]
        return Loaded(now=now, runs=runs, commits=tuple("" if each is None else each.by for each in kept))

    def commit(self, changes: Sequence[Change]) -> Sequence[bool]:
        """Write each change whole, or not at all where its run is at another revision."""
        return [self._commit(change) for change in changes]

    def published(self, confirmed: Sequence[Published]) -> None:
        """Take confirmed outgoing messages out of the outbox."""
        for each in confirmed:
            kept = self.kept(each.run)
            if kept is None:
                continue
            for name in each.names:
                if name in kept.outbox and kept.outbox[name][0] <= each.revision:
                    del kept.outbox[name]
            if kept.run.revision == each.revision and self._state.due.get(each.run) != 0:
                look_again(self._state.due, kept, each)

    def release(self, released: Sequence[Released]) -> None:
        """Say when claimed runs that were left as they are are due again; drop what is no run."""
        for each in released:
            kept = self.kept(each.run)
            if kept is None:
                self._state.due.pop(each.run, None)
            elif kept.run.revision == each.revision:
                look_again(self._state.due, kept, each, looked_at=each.looked_at)

    def forget_expired(self) -> int:
        """Drop the finished runs whose time to be kept is over, some of every partition."""
        now = float(int(self._clock()))
        expired = ordered(self._state.expiring, now)
        partitions: list[list[str]] = [[] for _ in range(self._keys.partitions)]
        for entry in expired:
            partitions[self._keys.partition(entry.partition(" ")[0])].append(entry)
        return sum(self._forget(entry, now) for each in partitions for entry in each[:AT_ONCE])

    def _load(self, run_id: str, reads: Reads, now: float) -> Run | None:
        kept = self.kept(run_id)
        if kept is None:
            return None
        parts = (
            kept.run.parts if reads.everything else {name: kept.run.parts.get(name) for name in reads.parts}
        )
        return msgspec.structs.replace(
            kept.run,
            parts=dict(parts),
            is_whole=reads.everything,
            unconfirmed=frozenset(kept.outbox if reads.outstanding else ()),
            overdue=frozenset(_overdue(kept, now) if reads.outstanding else ()),
            due=tuple(ordered(kept.timers, now)[:DUE_AT_ONCE]) if reads.outstanding else (),
        )

    def _commit(self, change: Change) -> bool:
        kept = self.kept(change.after.id)
        read_at = change.before.revision if change.before is not None else 0
        if read_at != (kept.run.revision if kept is not None else 0):
            return False
        if change.follows and kept is not None and kept.by != change.follows:
            return False
        if kept is None:
            kept = self._state.runs[change.after.id] = KeptRun(change.after)
        kept.by = change.id
        kept.run = _written(kept.run, change.after, read_at + 1)
        for name in change.settled:
            kept.outbox.pop(name, None)
        is_pressing = bool(kept.outbox)
        kept.outbox.update(dict.fromkeys(change.send, (read_at + 1, change.unconfirmed_due_at)))
        for address, at in change.timers.items():
            if at is None:
                kept.timers.pop(address, None)
            else:
                kept.timers[address] = at
        kept.facts += change.facts
        self._end(kept, change)
        look_again(self._state.due, kept, change, is_pressing=is_pressing)
        return True

    def _end(self, kept: KeptRun, change: Change) -> None:
        """Let a finished run be forgotten some time, and one that goes on not."""
        run, origin = kept.run, kept.run.origin
        entry = names.expiring_entry(run.id, origin.namespace, origin.workflow)
        if run.state.status.is_final:
            self._state.expiring[entry] = ceil((run.state.finished_at or 0.0) + change.retention)
            kept.timers.clear()
            kept.gone_at = self._clock() + int(change.retention) + FORGOTTEN_BY_TTL
        elif change.before is None or change.before.state.status is not run.state.status:
            self._state.expiring.pop(entry, None)
            kept.gone_at = None

    def _forget(self, entry: str, now: float) -> int:
        run_id = entry.partition(" ")[0]
        kept = self.kept(run_id)
        if kept is not None and kept.outbox:
            self._state.expiring[entry] = now + TRY_AGAIN
            return 0
        self._state.runs.pop(run_id, None)
        self._state.due.pop(run_id, None)
        del self._state.expiring[entry]
        return 1


def _overdue(kept: KeptRun, now: float) -> Iterator[str]:
    return (name for name, (_, confirmed_by) in kept.outbox.items() if confirmed_by <= now)


def _written(kept: Run, after: Run, revision: int) -> Run:
    """Return the run with what `after` says; what it began with stays."""
    parts: dict[str, Part | None] = {**kept.parts, **after.parts}
    return msgspec.structs.replace(
        kept,
        state=after.state,
        revision=revision,
        input=kept.input or b"{}",
        parts={name: part for name, part in parts.items() if part is not None},
        is_whole=True,
        unconfirmed=frozenset(),
        overdue=frozenset(),
        due=(),
    )
