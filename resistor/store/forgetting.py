"""Dropping finished runs when their time to be kept is over. Called by the daemon's sweeper."""

from __future__ import annotations

from resistor.engine.run import RunStatus
from resistor.store import keys as names
from resistor.store.client import Redis
from resistor.store.connection import pipelined
from resistor.store.keys import Keys
from resistor.store.scripts import Argument

AT_ONCE = 200  # runs of a partition in one call: a sweep stays short


async def forget_expired(client: Redis, keys: Keys) -> int:
    """Drop expired runs and their index entries, some of every partition; returns how many.

    Repeating it, or two daemons doing it at once, drops nothing more. The time is Redis's own.
    """
    tags = [keys.tag(partition) for partition in range(keys.partitions)]
    [time] = await pipelined(client, [("TIME",)])
    replies = await pipelined(
        client,
        [("ZRANGEBYSCORE", names.expiring(tag), "-inf", int(time[0]), "LIMIT", 0, AT_ONCE) for tag in tags],
    )
    commands = [
        command
        for tag, entries in zip(tags, replies, strict=True)
        for entry in entries
        for command in _drop(tag, entry.decode())
    ]
    if commands:
        await pipelined(client, commands)
    return sum(map(len, replies))


def _drop(tag: str, entry: str) -> list[tuple[Argument, ...]]:
    """The entry in `expiring` goes last: what is cut short is done again."""
    run_id, _, workflow = entry.partition(" ")
    namespace, _, name = workflow.partition("/")
    return [
        *(("ZREM", names.by_status(tag, status), run_id) for status in RunStatus if status.is_final),
        ("ZREM", names.by_workflow(tag, namespace, name), run_id),
        ("DEL", names.run(tag, run_id), names.history(tag, run_id)),
        ("ZREM", names.expiring(tag), entry),
    ]
