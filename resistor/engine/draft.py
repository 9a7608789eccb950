"""A decision in the making: what the engine's functions add to, one fact and one change at a time.

Lives for the length of one `advance`, and is the only mutable value in the engine. A part of the run that was
not loaded is asked for by raising `NeedMore`; the shell loads it and begins again, which is safe because the
same arguments give the same decision.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Any

import msgspec

from resistor.engine.decision import Decision, Outgoing, Verdict
from resistor.engine.facts import Fact, FactName
from resistor.engine.limits import Limits
from resistor.engine.places import Place
from resistor.engine.run import BlockEnd, Part, Reads, Run, StepRecord, StepStatus, become
from resistor.engine.workflow import Workflow
from resistor.messages.result import Failure

MOVES_AT_ONCE = 5_000
"""After so many moves a decision begins no further items or rounds: they follow with the next one."""


class NeedMore(Exception):
    """A decision looks at parts of the run that were not loaded."""

    def __init__(self, reads: Reads) -> None:
        """Take what is missing."""
        super().__init__(f"not loaded: {sorted(reads.parts) or 'everything'}")
        self.reads = reads


class Draft:
    """The run as it will be, with what goes out and the facts so far."""

    __slots__ = (
        "_absent",
        "_changed",
        "_facts",
        "_outgoing",
        "_timers",
        "agenda",
        "limits",
        "moves",
        "now",
        "run",
        "settled",
        "state",
        "workflow",
    )

    def __init__(self, workflow: Workflow, run: Run, *, now: float, limits: Limits) -> None:
        """Begin with `run` as it is. `now` is in seconds since the epoch."""
        self.workflow = workflow
        self.run = run
        self.state = run.state
        self.now = now
        self.limits = limits
        self.agenda: deque[Any] = deque()
        self.moves = 0
        self.settled: list[str] = []
        self._outgoing: dict[str, Outgoing] = {}
        self._facts: list[Fact] = []
        self._changed: dict[str, Part | None] = {}
        self._absent: set[str] = set()
        self._timers: dict[str, float | None] = {}

    # ------------------------------------------------------------------------------------------ reading

    def need(self, names: Iterable[str]) -> None:
        """Make sure that all these parts are at hand, with one look. Raises `NeedMore`."""
        if self.run.is_whole:
            return
        missing = frozenset(
            name for name in names if name not in self._changed and name not in self.run.parts
        )
        if missing:
            raise NeedMore(Reads(parts=missing))

    def know_absent(self, names: Iterable[str]) -> None:
        """Say that there are no such parts: what they belong to is new, so nobody has to look."""
        self._absent.update(names)

    def need_everything(self) -> None:
        """Make sure that the whole run is at hand. Raises `NeedMore`."""
        if not self.run.is_whole:
            raise NeedMore(Reads(everything=True))

    def part(self, name: str) -> Part | None:
        """Return a part, or None where there is no such part. Raises `NeedMore`."""
        if name in self._changed:
            return self._changed[name]
        is_known = name in self.run.parts or name in self._absent or self.run.is_whole
        if not is_known:
            raise NeedMore(Reads(parts=frozenset({name})))
        return self.run.parts.get(name)

    def record(self, path: str) -> StepRecord | None:
        """Return a step's record."""
        part = self.part(f"s:{path}")
        return part if isinstance(part, StepRecord) else None

    def existing(self, path: str) -> StepRecord:
        """Return the record of a step that has one."""
        record = self.record(path)
        assert record is not None, path  # noqa: S101 - what is under way has a record
        return record

    def payload(self, name: str) -> bytes | None:
        """Return an input, an output or variables."""
        part = self.part(name)
        return part if isinstance(part, bytes) else None

    def block_end(self, frame: str) -> BlockEnd | None:
        """Return how a branch or an item ended."""
        part = self.part(f"b:{frame}")
        return part if isinstance(part, BlockEnd) else None

    def set_aside(self, place: Place, record: StepRecord) -> None:
        """Keep an earlier turn of a step that begins again: it may have to be undone, or to go out again."""
        kept = f"{place.path}#{record.turn}"
        self.put(f"s:{kept}", record)
        self.need((f"i:{place.path}", f"o:{place.path}"))
        self.put(f"i:{kept}", self.part(f"i:{place.path}"))
        self.put(f"o:{kept}", self.part(f"o:{place.path}"))

    def kept_path(self, place: Place) -> str:
        """Return where a turn of a step is kept: its path, or, of an earlier one, where it was set aside."""
        record = self.record(place.path)
        is_last = record is not None and record.turn == place.turn
        return place.path if is_last else f"{place.path}#{place.turn}"

    def records(self) -> dict[str, StepRecord]:
        """Return every step's record, by path. Raises `NeedMore`."""
        self.need_everything()
        found = {name[2:]: part for name, part in self.run.parts.items() if isinstance(part, StepRecord)}
        for name, part in self._changed.items():
            if isinstance(part, StepRecord):
                found[name[2:]] = part
            elif name.startswith("s:"):
                found.pop(name[2:], None)
        return found

    def parts_of(self, kind: str) -> dict[str, bytes]:
        """Return the payloads whose names begin with `kind`. Raises `NeedMore`."""
        self.need_everything()
        found = {**self.run.parts, **self._changed}
        return {
            name: part for name, part in found.items() if name.startswith(kind) and isinstance(part, bytes)
        }

    # ------------------------------------------------------------------------------------------ changing

    def say(
        self, name: FactName, step: str | None = None, attempt: int | None = None, **details: Any
    ) -> None:
        """Add a fact that happened now."""
        self._facts.append(Fact(self.now, name, step, attempt, details))

    def send(self, outgoing: Outgoing) -> None:
        """Let something go out."""
        self._outgoing[outgoing.name] = outgoing

    def settle(self, *names: str) -> None:
        """Say that outgoing messages of these names need no confirmation any more."""
        for name in names:
            self._outgoing.pop(name, None)
            self.settled.append(name)

    def set_state(self, **changes: Any) -> None:
        """Change the run's own state; a new `status` must be one that it can become."""
        if "status" in changes:
            become(self.state.status, changes["status"])
        deadline = self.state.deadline
        self.state = msgspec.structs.replace(self.state, **changes)
        if self.state.deadline != deadline:
            self._timers[""] = self.state.deadline

    def begin(self, path: str, record: StepRecord) -> None:
        """Put a step that was pending, or that begins again, into the run."""
        become(StepStatus.PENDING, record.status)
        self.set_state(steps=self.state.steps + 1)
        before = self._changed.get(f"s:{path}", self.run.parts.get(f"s:{path}"))
        self._put_record(path, before if isinstance(before, StepRecord) else None, record)

    def change(self, path: str, **changes: Any) -> StepRecord:
        """Change a step that is in the run; a new `status` must be one that it can become."""
        before = self.existing(path)
        if "status" in changes:
            become(before.status, changes["status"])
            changes.setdefault("blocked", None)
        record = msgspec.structs.replace(before, **changes)
        self._put_record(path, before, record)
        return record

    def put(self, name: str, part: Part | None) -> None:
        """Keep a part; None drops it."""
        self._changed[name] = part

    def rearm(self, path: str) -> None:
        """Say again when a step wants to be woken: its timer may be an old one's."""
        record = self.record(path) if path else None
        self._timers[path] = self.state.deadline if not path else record.wake_at if record else None

    def _put_record(self, path: str, before: StepRecord | None, record: StepRecord) -> None:
        self._changed[f"s:{path}"] = record
        if before is not None and before.status is StepStatus.RETRYING is not record.status:
            self.settle(f"nudge {path}" if before.turn == 1 else f"nudge {path}#{before.turn}")
        if record.wake_at != (before.wake_at if before else None):
            self._timers[path] = record.wake_at

    @property
    def said_by_now(self) -> set[str]:
        """The names of what this decision lets out, and of what needs no confirmation any more."""
        return {*self._outgoing, *self.settled}

    # ------------------------------------------------------------------------------------------ bounds

    @property
    def is_long(self) -> bool:
        """Whether this decision has done so much that others want their turn."""
        return self.moves > MOVES_AT_ONCE

    def too_large(self, what: str, payload: bytes) -> Failure | None:
        """Return the failure of a payload that is over the limit."""
        if len(payload) <= self.limits.payload_bytes:
            return None
        message = f"{what} has {len(payload)} bytes, {self.limits.payload_bytes} at most"
        return Failure("payload_too_large", message, retryable=False)

    # ------------------------------------------------------------------------------------------ closing

    @property
    def is_changed(self) -> bool:
        """Whether there is something to commit."""
        return bool(self._changed or self._timers or self.settled) or self.state is not self.run.state

    def decide(self, verdict: Verdict = Verdict.APPLIED) -> Decision:
        """Close the draft."""
        run = self.run
        if self.is_changed:
            run = msgspec.structs.replace(run, state=self.state, parts={**run.parts, **self._changed})
        return Decision(
            verdict=verdict,
            run=run,
            outgoing=tuple(self._outgoing.values()),
            facts=tuple(self._facts),
            timers=self._timers,
            settled=tuple(self.settled),
        )
