"""Dropping finished runs when their time to be kept is over. Called by the daemon's sweeper."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from resistor.engine.run import RunStatus
from resistor.store import keys as names
from resistor.store.connection import Client, pipelined
from resistor.store.keys import Keys
from resistor.store.scripts import FORGET, Argument

AT_ONCE = 200  # runs of a partition in one call: a sweep stays short
TRY_AGAIN = 60  # seconds, for a run that has something to tell yet

_labels = msgspec.json.Decoder(dict[str, str]).decode


async def forget_expired(client: Client, keys: Keys) -> int:
    """Drop expired runs and their index entries, some of every partition; returns how many.

    Repeating it, or two daemons doing it at once, drops nothing more. The time is Redis's own.
    """
    tags = [keys.tag(partition) for partition in range(keys.partitions)]
    [time] = await pipelined(client, [("TIME",)])
    now = int(time[0])
    replies = await pipelined(
        client,
        [("ZRANGEBYSCORE", names.expiring(tag), "-inf", now, "LIMIT", 0, AT_ONCE) for tag in tags],
    )
    expired = [(tag, entry.decode()) for tag, reply in zip(tags, replies, strict=True) for entry in reply]
    if not expired:
        return 0
    kept = await pipelined(client, [("HGET", names.labels(tag), _run_of(entry)) for tag, entry in expired])
    pairs = zip(expired, kept, strict=True)
    commands = [_forget(tag, entry, _label_sets(lines), now) for (tag, entry), lines in pairs]
    return sum(await pipelined(client, commands))


def _forget(tag: str, entry: str, labels: Iterable[dict[str, str]], now: int) -> tuple[Argument, ...]:
    run_id = _run_of(entry)
    namespace, _, workflow = entry.partition(" ")[2].partition("/")
    by_label = {names.by_label(tag, *label) for each in labels for label in each.items()}
    return FORGET.call(
        [
            names.run(tag, run_id),
            names.outbox(tag, run_id),
            names.timers(tag, run_id),
            names.due(tag),
            names.history(tag, run_id),
            names.expiring(tag),
            names.labels(tag),
            *(names.by_status(tag, status) for status in RunStatus if status.is_final),
            names.by_workflow(tag, namespace, workflow),
            *sorted(by_label),
        ],
        [run_id, entry, now, now + TRY_AGAIN],
    )


def _run_of(entry: str) -> str:
    return entry.partition(" ")[0]


def _label_sets(lines: bytes | None) -> list[dict[str, str]]:
    """Read the labels that runs of one id had; what cannot be read names no index."""
    return [_labels(line) for line in (lines or b"").splitlines()]
