"""Runs: commit, published, release, claim, load. What commit.lua, look_again.lua and their kin do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import msgspec

from resistor.engine.facts import Fact
from resistor.engine.run import Reads, Run, RunStatus
from resistor.ports import Change, Loaded, Published, Released
from resistor.store.records import HEAD, fields_to_write, run_from_fields

Clock = Callable[[], float]

TRY_AGAIN_SECONDS = 60.0  # to forget a run that has something to tell


@dataclass(slots=True)
class KeptRun:
    """Everything that is kept of one run."""

    fields: dict[str, bytes] = field(default_factory=dict)
    outbox: dict[str, int] = field(default_factory=dict)
    timers: dict[str, float] = field(default_factory=dict)
    history: list[bytes] = field(default_factory=list)
    forget_at: float | None = None

    @property
    def revision(self) -> int:
        """How often it was committed; 0 where it was not."""
        return int(self.fields.get("rev", b"0"))


@dataclass(slots=True)
class Runs:
    """All runs, and when each is due."""

    clock: Clock
    kept: dict[str, KeptRun] = field(default_factory=dict)
    due: dict[str, float] = field(default_factory=dict)

    def load(self, wanted: Sequence[tuple[str, Reads]]) -> Loaded:
        """Read these runs, or the named parts of them."""
        now = self.clock()
        return Loaded(now=now, runs=tuple(self._load(run_id, reads, now) for run_id, reads in wanted))

    def _load(self, run_id: str, reads: Reads, now: float) -> Run | None:
        kept = self.kept.get(run_id)
        if kept is None:
            return None
        names = kept.fields if reads.everything else (*HEAD, *reads.parts)
        due = sorted((at, address) for address, at in kept.timers.items() if at <= now)
        return run_from_fields(
            run_id,
            {name: kept.fields.get(name) for name in names},
            is_whole=reads.everything,
            unconfirmed=[name.encode() for name in kept.outbox] if reads.outstanding else (),
            due=[address.encode() for _, address in due] if reads.outstanding else (),
        )

    def commit(self, change: Change) -> bool:
        """Write a change whole, or not at all where its run is at another revision."""
        run, before = change.after, change.before
        revision = before.revision if before else 0
        kept = self.kept.get(run.id) or KeptRun()
        if kept.revision != revision:
            return False
        self.kept[run.id] = kept
        self._write(kept, change, revision + 1)
        is_pressing = self._settle(kept, change, revision + 1)
        for address, at in change.timers.items():
            if at is None:
                kept.timers.pop(address, None)
            else:
                kept.timers[address] = at
        kept.history += [msgspec.json.encode(fact) for fact in change.facts]
        is_final = run.state.status.is_final
        kept.forget_at = (run.state.finished_at or 0.0) + change.retention if is_final else None
        if is_final:
            kept.timers.clear()
        self._look_again(run.id, kept, change, is_final=is_final, is_pressing=is_pressing)
        return True

    def _write(self, kept: KeptRun, change: Change, revision: int) -> None:
        written, dropped = fields_to_write(change.before, change.after)
        for name, value in zip(written[0::2], written[1::2], strict=True):
            kept.fields[str(name)] = value if isinstance(value, bytes) else value.encode()
        for name in dropped:
            kept.fields.pop(name, None)
        kept.fields["rev"] = str(revision).encode()

    def _settle(self, kept: KeptRun, change: Change, revision: int) -> bool:
        for name in change.settled:
            kept.outbox.pop(name, None)
        is_pressing = bool(kept.outbox)
        for name in change.send:
            kept.outbox[name] = revision
        return is_pressing

    def published(self, done: Published) -> None:
        """Take confirmed outgoing messages out of a run's outbox."""
        kept = self.kept.get(done.run)
        if kept is None:
            return
        for name in done.names:
            if kept.outbox.get(name, done.revision + 1) <= done.revision:
                del kept.outbox[name]
        if kept.revision == done.revision:
            self._look_again(done.run, kept, done, is_final=done.is_final)

    def release(self, released: Released) -> None:
        """Say when a run that was looked at, and left as it is, is due again."""
        kept = self.kept.get(released.run)
        if kept is None:
            self.due.pop(released.run, None)
        elif kept.revision == released.revision:
            looked_at = released.looked_at
            self._look_again(released.run, kept, released, is_final=released.is_final, looked_at=looked_at)

    def _look_again(
        self,
        run_id: str,
        kept: KeptRun,
        when: Change | Published | Released,
        *,
        is_final: bool,
        is_pressing: bool = False,
        looked_at: float = float("-inf"),
    ) -> None:
        if is_final and not kept.outbox:
            self.due.pop(run_id, None)
            return
        at = when.unconfirmed_due_at if is_final else when.due_at
        if not is_final:
            timers = [at for at in kept.timers.values() if at > looked_at]
            at = min([at, *timers, *([when.unconfirmed_due_at] if kept.outbox else [])])
        if is_pressing:
            at = min(at, self.due.get(run_id, at))
        self.due[run_id] = at

    def claim_due(self, *, limit: int, lease: float) -> list[str]:
        """Return due runs, the longest overdue first, and lease them."""
        now = self.clock()
        found = sorted((at, run_id) for run_id, at in self.due.items() if at <= now)[:limit]
        for _, run_id in found:
            self.due[run_id] = now + lease
        return [run_id for _, run_id in found]

    def forget_expired(self) -> int:
        """Drop finished runs whose time to be kept is over."""
        now = self.clock()
        over = [run_id for run_id, kept in self.kept.items() if kept.forget_at and kept.forget_at <= now]
        for run_id in over:
            if self.kept[run_id].outbox:
                self.kept[run_id].forget_at = now + TRY_AGAIN_SECONDS
            else:
                del self.kept[run_id]
                self.due.pop(run_id, None)
        return len(over)

    def history(self, run_id: str) -> list[Fact]:
        """Return a run's facts."""
        kept = self.kept.get(run_id)
        return [msgspec.json.decode(fact, type=Fact) for fact in kept.history] if kept else []

    def open_runs(self) -> list[Run]:
        """Return every open run, without its parts."""
        found = [self._load(run_id, Reads(), self.clock()) for run_id in self.kept]
        return [run for run in found if run is not None and not run.state.status.is_final]

    def by_status(self, status: RunStatus) -> list[str]:
        """Return the runs in one status."""
        found = ((run_id, self._load(run_id, Reads(), self.clock())) for run_id in self.kept)
        return [run_id for run_id, run in found if run is not None and run.state.status is status]
