"""Reading runs for a decision: only what it looks at, for a whole batch at once. Called by redis_store.py."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from resistor.engine.run import Reads, Run
from resistor.ports import Loaded
from resistor.store import keys as names
from resistor.store.connection import Client, pipelined
from resistor.store.keys import Keys
from resistor.store.records import fields_to_read, named, run_from_fields
from resistor.store.scripts import DUE_TIMERS, Argument

DUE_AT_ONCE = 1_000  # timers of a run in one decision; the rest makes it due again at once


async def load(client: Client, keys: Keys, wanted: Sequence[tuple[str, Reads]]) -> Loaded:
    """Read these runs, or the named parts of them, in one round trip."""
    questions = [(run_id, reads, fields_to_read(reads)) for run_id, reads in wanted]
    commands: list[tuple[Argument, ...]] = [("TIME",)]
    for run_id, reads, fields in questions:
        commands += _commands(keys.tag_of(run_id), run_id, reads, fields)
    time, *replies = await pipelined(client, commands)
    now = int(time[0]) + int(time[1]) / 1e6
    answers = iter(replies)
    runs: list[Run | None] = []
    commits: list[str] = []
    unreadable: dict[str, str] = {}
    for run_id, reads, fields in questions:
        found, unconfirmed, due = _answered(reads, fields, answers)
        try:
            run = run_from_fields(
                run_id, found, is_whole=reads.everything, unconfirmed=unconfirmed, due=due, now=now
            )
        except msgspec.MsgspecError as error:
            unreadable[run_id] = str(error)
            run = None
        runs.append(run)
        commits.append((found.get("by") or b"").decode())
    return Loaded(now=now, runs=tuple(runs), unreadable=unreadable, commits=tuple(commits))


def _commands(tag: str, run_id: str, reads: Reads, fields: Sequence[str]) -> Iterator[tuple[Argument, ...]]:
    key = names.run(tag, run_id)
    yield ("HGETALL", key) if reads.everything else ("HMGET", key, *fields)
    if reads.outstanding:
        yield ("HGETALL", names.outbox(tag, run_id))
        yield DUE_TIMERS.call([names.timers(tag, run_id)], [DUE_AT_ONCE])


def _answered(
    reads: Reads, fields: Sequence[str], answers: Iterator[Any]
) -> tuple[Mapping[str, bytes | None], Mapping[bytes, bytes], Sequence[bytes]]:
    """Take one run's answers: its fields, and its outbox and due timers where they were asked for."""
    answer = next(answers)
    unconfirmed, due = (next(answers), next(answers)) if reads.outstanding else ({}, ())
    if reads.everything:
        return {name.decode(): value for name, value in answer.items()}, unconfirmed, due
    return named(fields, answer), unconfirmed, due
