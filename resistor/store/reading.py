"""Lists and histories, for people: read by ops, never on a message's way."""

from __future__ import annotations

from collections.abc import Sequence
from heapq import nlargest
from typing import Any

import msgspec

from resistor.engine.facts import Fact
from resistor.engine.run import Run, RunStatus
from resistor.store import keys as names
from resistor.store.connection import Client, pipelined
from resistor.store.keys import Keys
from resistor.store.records import HEAD, named, run_from_fields

_fact = msgspec.json.Decoder(Fact).decode


class RunFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which runs to list. Times are in seconds since the epoch; None means any. All `labels` must match."""

    statuses: tuple[RunStatus, ...] = ()
    namespace: str | None = None
    workflow: str | None = None
    since: float | None = None
    until: float | None = None
    labels: dict[str, str] = {}
    limit: int = 50


async def read_history(client: Client, keys: Keys, run_id: str, *, start: int) -> list[Fact]:
    """Return a run's facts from position `start` on."""
    [packed] = await pipelined(client, [("LRANGE", names.history(keys.tag_of(run_id), run_id), start, -1)])
    return [_fact(each) for each in packed]


async def list_runs(client: Client, keys: Keys, wanted: RunFilter) -> list[Run]:
    """Return the latest runs that `wanted` describes, without steps.

    Reads the narrowest index of every partition in pages, and drops what the index could not tell.
    """
    indexes = await _indexes(client, keys, wanted)
    found: list[Run] = []
    until: Any = "+inf" if wanted.until is None else names.milliseconds(wanted.until)
    size = wanted.limit + 1
    seen: set[str] = set()
    while len(found) < wanted.limit:
        page = await _page(client, indexes, wanted, until, size)
        # Once only: while two indexes are read, it may go from one to the other.
        fresh = [run_id for run_id in dict.fromkeys(run_id for _, run_id in page) if run_id not in seen]
        if not fresh and len(page) < size:
            break
        size = size if fresh else 2 * size  # more runs than a page began in the same moment
        until = page[-1][0]
        seen.update(fresh)
        runs = await _heads(client, keys, fresh)
        found += [run for run in runs if run is not None and _fits(run, wanted)]
    return found[: wanted.limit]


async def _page(
    client: Client, indexes: Sequence[str], wanted: RunFilter, until: Any, size: int
) -> list[tuple[float, str]]:
    """Return (started at, run id) of the latest runs until `until`, `size` at most, latest first.

    Times are the indexes' scores: milliseconds.
    """
    since = "-inf" if wanted.since is None else names.milliseconds(wanted.since)
    replies = await pipelined(
        client,
        [("ZREVRANGEBYSCORE", index, until, since, "WITHSCORES", "LIMIT", 0, size) for index in indexes],
    )
    entries = [(score, run_id.decode()) for reply in replies for run_id, score in scored(reply)]
    return nlargest(size, entries)


async def _indexes(client: Client, keys: Keys, wanted: RunFilter) -> list[str]:
    """Return the narrowest index of every partition; of several labels, that of the fewest runs."""
    tags = [keys.tag(partition) for partition in range(keys.partitions)]
    by_label = [[names.by_label(tag, *label) for tag in tags] for label in wanted.labels.items()]
    if len(by_label) > 1:
        counts = iter(await pipelined(client, [("ZCARD", index) for each in by_label for index in each]))
        sizes = [sum(next(counts) for _ in each) for each in by_label]
        return by_label[sizes.index(min(sizes))]
    if by_label:
        return by_label[0]
    if wanted.namespace and wanted.workflow and not wanted.statuses:
        return [names.by_workflow(tag, wanted.namespace, wanted.workflow) for tag in tags]
    return [names.by_status(tag, status) for tag in tags for status in wanted.statuses or RunStatus]


def scored(reply: Sequence[Any]) -> list[tuple[bytes, float]]:
    """Read WITHSCORES as RESP2 (flat) or RESP3 (pairs) gives it."""
    if reply and isinstance(reply[0], list | tuple):
        return [(member, float(score)) for member, score in reply]
    return [(reply[n], float(reply[n + 1])) for n in range(0, len(reply), 2)]


async def _heads(client: Client, keys: Keys, run_ids: Sequence[str]) -> list[Run | None]:
    commands = [("HMGET", names.run(keys.tag_of(run_id), run_id), *HEAD) for run_id in run_ids]
    replies = await pipelined(client, commands)
    pairs = zip(run_ids, replies, strict=True)
    return [run_from_fields(run_id, named(HEAD, values)) for run_id, values in pairs]


def _fits(run: Run, wanted: RunFilter) -> bool:
    return (
        (not wanted.statuses or run.state.status in wanted.statuses)
        and wanted.namespace in (None, run.origin.namespace)
        and wanted.workflow in (None, run.origin.workflow)
        and wanted.labels.items() <= run.origin.labels.items()
    )
