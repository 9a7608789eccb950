"""Reading runs for a decision: only what it looks at, for a whole batch at once. Called by redis_store.py."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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
    unreadable: dict[str, str] = {}
    for run_id, reads, fields in questions:
        try:
            runs.append(_run(run_id, reads, fields, answers, now))
        except msgspec.MsgspecError as error:
            unreadable[run_id] = str(error)
            runs.append(None)
    return Loaded(now=now, runs=tuple(runs), unreadable=unreadable)


def _commands(tag: str, run_id: str, reads: Reads, fields: Sequence[str]) -> Iterator[tuple[Argument, ...]]:
    key = names.run(tag, run_id)
    yield ("HGETALL", key) if reads.everything else ("HMGET", key, *fields)
    if reads.outstanding:
        yield ("HGETALL", names.outbox(tag, run_id))
        yield DUE_TIMERS.call([names.timers(tag, run_id)], [DUE_AT_ONCE])


def _run(run_id: str, reads: Reads, fields: Sequence[str], answers: Iterator[Any], now: float) -> Run | None:
    """Take this run's answers, all of them, and only then read what they say."""
    answer = next(answers)
    unconfirmed, due = (next(answers), next(answers)) if reads.outstanding else ({}, ())
    if reads.everything:
        found: dict[str, bytes | None] = {name.decode(): value for name, value in answer.items()}
    else:
        found = named(fields, answer)
    return run_from_fields(
        run_id, found, is_whole=reads.everything, unconfirmed=unconfirmed, due=due, now=now
    )
