"""What runs that are gone, or over, have left behind. Called by audit.py."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from resistor.engine.run import EVERYTHING
from resistor.ops.auditing.finding import Finding, Kind
from resistor.store import RedisStore
from resistor.store.surveying import Place

_WHAT = {
    Kind.DUE_OF_NONE: "it is to be looked at, and is {}",
    Kind.SLOT_OF_NONE: "it has a place among the slots, and is {}",
    Kind.LISTENER_OF_NONE: "it listens, and is {}",
}


async def remains(store: RedisStore, *, late: float) -> list[Finding]:
    """Return what is there of runs that are not, or have been over for `late` seconds.

    Raises `StoreUnreachable`.
    """
    found: list[Finding] = []
    async for dues in store.survey.dues():
        places = [Place("", due.run, due.run) for due in dues]
        found += await _of_none(store, Kind.DUE_OF_NONE, places, late)
    for kind, pages in (
        (Kind.SLOT_OF_NONE, store.survey.slots()),
        (Kind.LISTENER_OF_NONE, store.survey.listeners()),
    ):
        found += [each async for page in _pages(pages) for each in await _of_none(store, kind, page, late)]
    return found


async def _pages(pages: AsyncIterator[Sequence[Place]]) -> AsyncIterator[Sequence[Place]]:
    async for page in pages:
        yield page


async def _of_none(store: RedisStore, kind: Kind, places: Sequence[Place], late: float) -> list[Finding]:
    ids = sorted({place.run for place in places})
    heads = dict(zip(ids, await store.survey.statuses(ids), strict=True))
    over = [run_id for run_id, run in heads.items() if run is not None and run.state.status.is_final]
    loaded = await store.load([(run_id, EVERYTHING) for run_id in over])
    # What it has to say yet, or to give back, is in its outbox, and the daemons see to it.
    busy = {run.id for run in loaded.runs if run is not None and run.unconfirmed}
    found = []
    for place in places:
        run = heads[place.run]
        if run is None:
            status, since = "not there", None
        elif run.state.status.is_final and place.run not in busy:
            status, since = str(run.state.status), run.state.finished_at
        else:
            continue
        if since is None or since < loaded.now - late:
            found.append(Finding(kind, place.run, _WHAT[kind].format(status), since=since, place=place))
    return found
