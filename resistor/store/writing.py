"""One run's step forward as one command: the arguments of lua/commit.lua. Called by redis_store.py."""

from __future__ import annotations

from math import ceil

import msgspec

from resistor.engine.run import Run
from resistor.ports import Change
from resistor.store import keys as names
from resistor.store.keys import FORGOTTEN_BY_TTL, Keys
from resistor.store.records import fields_to_write
from resistor.store.scripts import COMMIT, Argument

_encode = msgspec.json.Encoder().encode
_encode_sorted = msgspec.json.Encoder(order="sorted").encode


def commit_command(keys: Keys, change: Change) -> tuple[Argument, ...]:
    """Return the command that writes a change whole, or not at all."""
    run = change.after
    tag = keys.tag_of(run.id)
    revision = change.before.revision if change.before else 0
    fields, dropped = fields_to_write(change.before, run)
    fields += ["rev", str(revision + 1), "by", change.id]
    timers: list[Argument] = []
    stopped: list[str] = []
    for address, at in change.timers.items():
        if at is None:
            stopped.append(address)
        else:
            timers += [at, address]
    return COMMIT.call(
        _keys(tag, change.before, run),
        [
            *_head(change),
            change.follows,
            len(fields) // 2,
            len(dropped),
            len(change.settled),
            len(change.send),
            len(timers) // 2,
            len(stopped),
            *fields,
            *dropped,
            *change.settled,
            *change.send,
            *timers,
            *stopped,
            *(_encode(fact) for fact in change.facts),
        ],
    )


def _keys(tag: str, before: Run | None, run: Run) -> list[str]:
    origin, status = run.origin, run.state.status
    labels = origin.labels.items() if before is None else ()
    return [
        names.run(tag, run.id),
        names.outbox(tag, run.id),
        names.timers(tag, run.id),
        names.due(tag),
        names.history(tag, run.id),
        names.expiring(tag),
        names.labels(tag),
        names.by_status(tag, before.state.status if before else status),
        names.by_status(tag, status),
        names.by_workflow(tag, origin.namespace, origin.workflow),
        *(names.by_label(tag, *label) for label in labels),
    ]


def _head(change: Change) -> list[Argument]:
    """Return the arguments before the numbers."""
    run, origin = change.after, change.after.origin
    is_final = run.state.status.is_final
    return [
        run.id,
        change.before.revision if change.before else 0,
        change.due_at,
        change.unconfirmed_due_at,
        names.milliseconds(origin.started_at),
        int(change.retention) + FORGOTTEN_BY_TTL if is_final else "",
        ceil((run.state.finished_at or 0.0) + change.retention),
        names.expiring_entry(run.id, origin.namespace, origin.workflow),
        _encode_sorted(origin.labels) if is_final and origin.labels else "",
    ]
