"""The way of a batch: read → load → decide → commit → publish → mark → ack.

    deliveries ─► Inbox ─► store.load ─► engine ─► store.commit ─► bus.publish ─► store.published ─► lane.ack

Every step is done for the whole batch at once: two round trips to the store to decide, one write to the
broker. What goes wrong with one message is that message's affair. A crash at any point is harmless:

    before commit               nothing happened; the messages are delivered again
    between commit and publish  delivered again, they are duplicates, and repeat what is unconfirmed
    between publish and mark    likewise: the same actions with the same tokens
    between mark and ack        delivered again, they are duplicates with nothing to repeat

Called by the consuming loops and by the sweeper.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from resistor.daemon import crashpoints
from resistor.daemon.dead_letters import dead_letter
from resistor.daemon.deciding import Decided, decide, poison, reads_for
from resistor.daemon.definitions import Definitions
from resistor.daemon.inbox import Inbox, Told
from resistor.daemon.rules import Rules, quiet_until
from resistor.daemon.sending import Letter, Sender
from resistor.engine.run import Run
from resistor.errors import Reason, RejectedMessage
from resistor.ports import Change, Delivery, Loaded, Store
from resistor.telemetry import Telemetry

log = logging.getLogger(__name__)


class Pipeline:
    """Takes batches through, any number at a time."""

    def __init__(
        self,
        store: Store,
        definitions: Definitions,
        inbox: Inbox,
        sender: Sender,
        telemetry: Telemetry,
        rules: Rules,
    ) -> None:
        """Take where runs and definitions are kept, what reads, sends and tells, and the settings."""
        self._store = store
        self._definitions = definitions
        self._inbox = inbox
        self._sender = sender
        self._telemetry = telemetry
        self._names = rules.names
        self._limits = rules.limits
        self._timing = rules.timing
        self.patience = rules.patience

    async def process(self, deliveries: Sequence[Delivery]) -> list[Letter]:
        """Take a batch of deliveries through.

        When this returns they may be acknowledged, but for those of the dead letters that it returns: the
        broker did not take them, so their originals must stay where they are (see `bury`).
        """
        began = time.perf_counter()
        told: list[Told] = []
        letters: list[Letter] = []
        for delivery in deliveries:
            try:
                each = await self._inbox.read(delivery)
            except RejectedMessage as why:
                letters.append(self.refuse(delivery, why))
            except Exception as error:
                log.exception("a message could not be read", extra={"action": "poison"})
                letters.append(self.refuse(delivery, poison(error)))
            else:
                told.append(each)
                if each.refusal is not None:
                    letters.append(self.refuse(delivery, each.refusal))
        left = await self.settle(told, letters)
        self._telemetry.batch(len(deliveries), time.perf_counter() - began)
        return left

    async def settle(self, told: Sequence[Told], letters: Sequence[Letter] = ()) -> list[Letter]:
        """Decide, commit and publish what these messages bring, and publish `letters` with it."""
        decided = await self._decide(told)
        refusals = [
            self.refuse(each.delivery, why)
            for outcome in decided
            for each, why in outcome.refused
            if each.delivery is not None
        ]
        left = await self._sender.send(decided, [*letters, *refusals])
        crashpoints.reach("before-ack")
        return left

    async def bury(self, letters: Sequence[Letter]) -> list[Letter]:
        """Publish dead letters that were not taken once more; returns those that still are not."""
        return await self._sender.send((), letters)

    def refuse(self, delivery: Delivery, why: RejectedMessage) -> Letter:
        """Count a message that cannot be used, and return its dead letter."""
        self._telemetry.rejected(delivery.queue, why.reason, why.detail)
        return Letter(delivery, dead_letter(self._names, delivery, why, now=time.time()))

    # ------------------------------------------------------------------------------- decide and commit

    async def _decide(self, told: Sequence[Told]) -> list[Decided]:
        """Load, decide and commit until every message has been decided on and nobody was faster."""
        settled: list[Decided] = []
        waiting = _by_run(told)
        closer: dict[str, list[Told]] = {}
        while waiting or closer:
            outcomes = await self.patience.with_store(partial(self._attempt, waiting, closer))
            waiting, closer_next = {}, {}
            for messages, outcome, is_written in outcomes:
                if not is_written:
                    self._telemetry.conflict()
                    waiting.setdefault(messages[0].run, []).extend(messages)
                    continue
                settled.append(outcome)
                self._record(outcome)
                if outcome.again:
                    closer_next[messages[0].run] = outcome.again
            closer = closer_next
        return settled

    async def _attempt(
        self, waiting: dict[str, list[Told]], closer: dict[str, list[Told]]
    ) -> list[tuple[list[Told], Decided, bool]]:
        """Try once. Raises `StoreUnreachable`; then nobody knows what was written, and it is tried again.

        Trying again is safe: what was written makes its message a duplicate.
        """
        looks = [(messages, False) for messages in waiting.values()]
        looks += [(messages, True) for messages in closer.values()]
        loaded = await self._store.load(
            [(messages[0].run, reads_for(messages, closer=close)) for messages, close in looks]
        )
        outcomes = [
            await self._decide_one(run, messages, loaded, closer=close)
            for (messages, close), run in zip(looks, loaded.runs, strict=True)
        ]
        changes = [self._change(outcome, loaded.now) for outcome in outcomes if outcome.is_change]
        crashpoints.reach("before-commit")
        written = iter(await self._store.commit(changes) if changes else ())
        crashpoints.reach("after-commit")
        return [
            (messages, outcome, next(written) if outcome.is_change else True)
            for (messages, _), outcome in zip(looks, outcomes, strict=True)
        ]

    async def _decide_one(
        self, run: Run | None, messages: Sequence[Told], loaded: Loaded, *, closer: bool
    ) -> Decided:
        """Decide on one run's messages, in the version that it is pinned to, whatever is current by now."""
        unreadable = loaded.unreadable.get(messages[0].run)
        try:
            if unreadable is not None:
                raise RejectedMessage(Reason.UNREADABLE, f"the run cannot be read: {unreadable}")
            if run is not None and any(each.workflow.digest != run.origin.digest for each in messages):
                workflow = await self._definitions.of(run.origin)
                messages = [replace(each, workflow=workflow) for each in messages]
        except RejectedMessage as why:
            decided = Decided(before=run, after=run, workflow=messages[0].workflow)
            decided.refused += [(each, why) for each in messages]
            return decided
        return decide(run, messages, now=loaded.now, limits=self._limits, closer=closer)

    def _change(self, outcome: Decided, now: float) -> Change:
        assert outcome.after is not None  # noqa: S101 - a change has a state
        sends = tuple(dispatch.step for dispatch in outcome.outgoing.values())
        return Change(
            before=outcome.before,
            after=outcome.after,
            facts=tuple(outcome.facts),
            send=sends,
            due_at=quiet_until(outcome, now, self._timing),
            unconfirmed_due_at=now + self._timing.outbox_grace,
            retention=outcome.workflow.retention,
        )

    def _record(self, outcome: Decided) -> None:
        for told, verdict in outcome.verdicts:
            self._telemetry.message(told.queue, verdict)
        if outcome.is_change and outcome.after is not None:
            self._telemetry.record(outcome.before, outcome.after, outcome.facts, outcome.workflow)


def _by_run(told: Sequence[Told]) -> dict[str, list[Told]]:
    runs: dict[str, list[Told]] = {}
    for each in told:
        runs.setdefault(each.run, []).append(each)
    return runs
