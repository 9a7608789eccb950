"""A run as the store keeps it: fields, timers and an outbox; loaded in parts, written decision by decision.

Used by world.py. What comes back has been through bytes, as in Redis: nothing lives on in memory only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from resistor.engine import Decision
from resistor.engine.decision import Outgoing
from resistor.engine.run import EVERYTHING, Reads, Run
from resistor.store.records import HEAD, fields_to_write, run_from_fields


@dataclass
class Kept:
    """What the store has of one run. Of the timers that are due, no more than `at_once` are told of."""

    run_id: str
    fields: dict[str, bytes] = field(default_factory=dict)
    timers: dict[str, float] = field(default_factory=dict)
    outbox: dict[str, Outgoing] = field(default_factory=dict)
    at_once: int = 1_000

    def load(self, reads: Reads = EVERYTHING, *, now: float = 0.0) -> Run | None:
        """Return the run, or what is asked for of it."""
        fields: Mapping[str, bytes | None] = self.fields
        if not reads.everything:
            fields = {name: self.fields.get(name) for name in (*HEAD, *sorted(reads.parts))}
        return run_from_fields(
            self.run_id,
            fields,
            is_whole=reads.everything,
            unconfirmed={name.encode(): b"1 0" for name in self.outbox} if reads.outstanding else {},
            due=[path.encode() for path in self.due(now)] if reads.outstanding else (),
        )

    def due(self, now: float) -> list[str]:
        """Return the addresses whose timers are due, as the store has them: by time."""
        due = sorted((at, path) for path, at in self.timers.items() if at <= now)
        return [path for _, path in due][: self.at_once]

    def after(self, before: Run | None, decision: Decision) -> Kept:
        """Return what is kept when a decision on `before` has been written."""
        fields, timers, outbox = dict(self.fields), dict(self.timers), dict(self.outbox)
        written, dropped = fields_to_write(before, decision.run)
        revision = int(fields.get("rev", b"0")) + 1
        for name, value in [*zip(written[::2], written[1::2], strict=True), ("rev", str(revision))]:
            fields[str(name)] = value.encode() if isinstance(value, str) else value
        for name in dropped:
            fields.pop(name, None)
        for name in decision.settled:
            outbox.pop(name, None)
        outbox |= {outgoing.name: outgoing for outgoing in decision.outgoing}
        timers |= {path: at for path, at in decision.timers.items() if at is not None}
        for path in [path for path, at in decision.timers.items() if at is None]:
            timers.pop(path, None)
        return Kept(self.run_id, fields, timers, outbox, self.at_once)
