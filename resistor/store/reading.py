"""Lists and histories, for people: read by ops, never on a message's way."""

from __future__ import annotations

from collections.abc import Sequence
from heapq import nlargest
from typing import Any

import msgspec

from resistor.engine.facts import Fact
from resistor.engine.run import Reads, Run, RunStatus
from resistor.store import keys as names
from resistor.store.client import Redis
from resistor.store.connection import pipelined
from resistor.store.keys import Keys
from resistor.store.records import fields_to_read, named, run_from_fields

_fact = msgspec.json.Decoder(Fact).decode
_HEAD = fields_to_read(Reads())


class RunFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which runs to list. Times are in seconds since the epoch; None means any."""

    statuses: tuple[RunStatus, ...] = ()
    namespace: str | None = None
    workflow: str | None = None
    since: float | None = None
    until: float | None = None
    limit: int = 50


async def read_history(client: Redis, keys: Keys, run_id: str, *, start: int) -> list[Fact]:
    """Return a run's facts from position `start` on."""
    [packed] = await pipelined(client, [("LRANGE", names.history(keys.tag_of(run_id), run_id), start, -1)])
    return [_fact(each) for each in packed]


async def list_runs(client: Redis, keys: Keys, wanted: RunFilter) -> list[Run]:
    """Return the latest runs that `wanted` describes, without steps.

    Reads the narrowest index of every partition in pages, and drops what the index could not tell.
    """
    found: list[Run] = []
    until: Any = "+inf" if wanted.until is None else wanted.until
    size = wanted.limit + 1
    seen: set[str] = set()
    while len(found) < wanted.limit:
        page = await _page(client, keys, wanted, until, size)
        fresh = [run_id for _, run_id in page if run_id not in seen]
        if not fresh and len(page) < size:
            break
        size = size if fresh else 2 * size  # more runs than a page began in the same moment
        until = page[-1][0]
        seen.update(fresh)
        runs = await _heads(client, keys, fresh)
        found += [run for run in runs if run is not None and _fits(run, wanted)]
    return found[: wanted.limit]


async def _page(
    client: Redis, keys: Keys, wanted: RunFilter, until: Any, size: int
) -> list[tuple[float, str]]:
    """Return (started at, run id) of the latest runs until `until`, `size` at most, latest first."""
    since = "-inf" if wanted.since is None else wanted.since
    indexes = [index for n in range(keys.partitions) for index in _indexes(keys.tag(n), wanted)]
    replies = await pipelined(
        client,
        [("ZREVRANGEBYSCORE", index, until, since, "WITHSCORES", "LIMIT", 0, size) for index in indexes],
    )
    entries = [(float(score), run_id.decode()) for reply in replies for run_id, score in _pairs(reply)]
    return nlargest(size, entries)


def _indexes(tag: str, wanted: RunFilter) -> list[str]:
    if wanted.namespace and wanted.workflow and not wanted.statuses:
        return [names.by_workflow(tag, wanted.namespace, wanted.workflow)]
    return [names.by_status(tag, status) for status in wanted.statuses or RunStatus]


def _pairs(reply: Sequence[Any]) -> list[tuple[bytes, float]]:
    """Read WITHSCORES as RESP2 (flat) or RESP3 (pairs) gives it."""
    if reply and isinstance(reply[0], list | tuple):
        return [(member, float(score)) for member, score in reply]
    return [(reply[n], float(reply[n + 1])) for n in range(0, len(reply), 2)]


async def _heads(client: Redis, keys: Keys, run_ids: Sequence[str]) -> list[Run | None]:
    commands = [("HMGET", names.run(keys.tag_of(run_id), run_id), *_HEAD) for run_id in run_ids]
    replies = await pipelined(client, commands)
    pairs = zip(run_ids, replies, strict=True)
    return [run_from_fields(run_id, named(_HEAD, values)) for run_id, values in pairs]


def _fits(run: Run, wanted: RunFilter) -> bool:
    return (
        (not wanted.statuses or run.state.status in wanted.statuses)
        and wanted.namespace in (None, run.origin.namespace)
        and wanted.workflow in (None, run.origin.workflow)
    )
