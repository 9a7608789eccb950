"""What is done when the store went back in time: every open run is reconciled, and the journal is told again.

Runs on every replica; one at a time recovers, under a lease, and another goes on where it dies. All of it
may be done twice: a run lets out the same messages with the same tokens, and an event that has started a run
is a duplicate.

    open runs        let out again all that they wait for; so do the runs that started them, or hold slots
    vanished runs    begin again, by the same event, under the same id, where there is a journal

Must never wait for messages from the queues: they may be waiting for this.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from functools import partial

from resistor.daemon.doubts import Doubts
from resistor.daemon.lifecycle import any_happens
from resistor.daemon.pipeline import Pipeline
from resistor.daemon.told import Told
from resistor.engine.inbound import Reconcile
from resistor.engine.run import Run
from resistor.errors import BrokerUnreachable, OperatorMistake, StoreUnreachable
from resistor.ports import Journal, Recovery, Store

log = logging.getLogger(__name__)

LOOK_EVERY = 1.0  # seconds: what is lost is found out so late at most
MARGIN_SECONDS = 60.0  # told again from before the last mark that is there: daemons' clocks, slow publishers
LEASE_SECONDS = 30.0
AT_ONCE = 100  # runs that are loaded whole together
QUEUE = "recovery"  # what the metrics call this source of messages

Prepare = Callable[[], Awaitable[None]]


class Recoverer:
    """Looks at the watermark, and recovers where it has to."""

    def __init__(
        self, store: Store, pipeline: Pipeline, journal: Journal | None, doubts: Doubts, prepare: Prepare
    ) -> None:
        """Take what is recovered, how, from what (None: there is no journal), and who doubts it.

        `prepare` puts back what is the installation's own, before anything else.
        """
        self._store = store
        self._watermark = store.watermark
        self._pipeline = pipeline
        self._patience = pipeline.patience
        self._journal = journal
        self._telemetry = doubts.telemetry
        self._doubts = doubts
        self._prepare = prepare

    async def run(self, stopping: asyncio.Event) -> None:
        """Look once a second, and at once where a write shows something, until `stopping` is set."""
        while not stopping.is_set():
            self._watermark.suspicion.clear()
            try:
                await self._look()
            except (StoreUnreachable, BrokerUnreachable) as away:
                log.debug("%s", away, extra={"action": "recovery_waits"})
            except Exception:
                # Whatever it is, the recovery stays pending: it is begun again when its lease is over.
                log.exception("a recovery failed", extra={"action": "recovery_failed"})
            await any_happens(stopping, self._watermark.suspicion, within=LOOK_EVERY)

    async def retell_latest(self) -> None:
        """Tell the events of the last minute again: they had no queue for a moment. Never raises."""
        if self._journal is None:
            return
        try:
            now = (await self._patience.with_store(partial(self._store.load, ()))).now
            told, _ = await self._retell(now - MARGIN_SECONDS)
        except Exception:
            log.exception("the journal could not be told again", extra={"action": "retell_failed"})
        else:
            text = "the queue of events was gone for a moment: the last minute of the journal was told again"
            log.warning(text, extra={"action": "events_retold", "events": told})

    async def _look(self) -> None:
        """Look once; recover what is pending and nobody else's. Raises `StoreUnreachable`."""
        if not (await self._patience.with_store(self._doubts.look)).is_pending:
            return
        recovery = await self._watermark.claim(lease=LEASE_SECONDS)
        if recovery is not None:
            await self._recover(recovery)

    async def _recover(self, recovery: Recovery) -> None:
        since = max(0.0, recovery.since - MARGIN_SECONDS)
        log.warning("recovering what Redis has lost", extra={"action": "recovery_began", "since": since})
        await self._prepare()
        runs = await self._reconcile(since)
        told, skipped = await self._retell(since)
        await self._patience.with_store(partial(self._watermark.finish, recovery))
        extra = {"action": "recovered", "runs": runs, "events": told, "skipped": skipped}
        log.warning("recovered: every open run has let out again what it waits for", extra=extra)

    async def _reconcile(self, since: float) -> int:
        """Have every open run, those that started them, and those with slots let all out again."""
        seen: set[str] = set()
        async for runs in self._store.survey.open_runs():
            await self._tell(_with_parents(runs), since, seen)
        async for ids in self._store.survey.slot_runs():
            await self._tell(ids, since, seen)
        return len(seen)

    async def _tell(self, run_ids: Iterable[str], since: float, seen: set[str]) -> None:
        fresh = [run_id for run_id in dict.fromkeys(run_ids) if run_id not in seen]
        seen.update(fresh)
        for start in range(0, len(fresh), AT_ONCE):
            await self._keep()
            page = fresh[start : start + AT_ONCE]
            await self._pipeline.settle([Told(run_id, None, Reconcile(since), QUEUE) for run_id in page])
            self._telemetry.reconciled(len(page))

    async def _retell(self, since: float) -> tuple[int, int]:
        """Tell the journal's events again; returns how many were told, and how many have no id."""
        if self._journal is None:
            text = "there is no journal (RESISTOR_JOURNAL): runs that have vanished altogether stay lost"
            log.warning(text, extra={"action": "no_journal"})
            return 0, 0
        told = skipped = 0
        try:
            async for page in self._journal.since(since):
                await self._keep()
                known = [each for each in page if each.envelope.message_id]
                await self._pipeline.retell(known)
                told, skipped = told + len(known), skipped + len(page) - len(known)
                self._telemetry.retold(len(known), len(page) - len(known))
        except OperatorMistake as mistake:
            # Waiting for it would hold up everything that waits for the recovery.
            text = "%s; runs that have vanished altogether stay lost"
            log.error(text, mistake, extra={"action": "no_journal"})
        if skipped:
            text = "%d events of the journal have no message id: whether they were told cannot be known"
            log.warning(text, skipped, extra={"action": "journal_skipped"})
        return told, skipped

    async def _keep(self) -> None:
        """Keep others off for a while more. Where one has begun as well, both do the same."""
        await self._patience.with_store(partial(self._watermark.claim, lease=LEASE_SECONDS))


def _with_parents(runs: Iterable[Run]) -> list[str]:
    """Return these runs and those that started them: they may be over, and their word may be lost."""
    found = []
    for run in runs:
        parents = (run.origin.parent, *run.state.waiting)
        found += [run.id, *(parent.run for parent in parents if parent is not None)]
    return found
