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

import asyncio
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from resistor.bus.names import Names
from resistor.daemon import crashpoints
from resistor.daemon.dead_letters import dead_letter
from resistor.daemon.deciding import Outcome as Decided
from resistor.daemon.deciding import decide, reads_for
from resistor.daemon.dispatching import Dispatcher
from resistor.daemon.inbox import Inbox, Told
from resistor.daemon.patience import Patience
from resistor.engine.inbound import Wake
from resistor.engine.limits import Limits
from resistor.errors import RejectedMessage, StoreUnreachable
from resistor.ports import Bus, Change, Delivery, Outcome, Publish, Published, Store
from resistor.telemetry import Telemetry

log = logging.getLogger(__name__)

REFUSED_PAUSE_SECONDS = 1.0  # before a full dead-letter queue is tried again: its messages wait, none is lost


@dataclass(frozen=True, slots=True)
class Timing:
    """How long things may take, in seconds, before the sweeper looks at a run.

    `outbox_grace`: an action that is not confirmed by then is published again. `idle_check`: a run that
    only a message can move is looked at this often all the same.
    """

    outbox_grace: float = 10.0
    idle_check: float = 3600.0


@dataclass(frozen=True, slots=True)
class Rules:
    """The settings that the pipeline goes by."""

    names: Names
    limits: Limits
    timing: Timing
    patience: Patience


class Pipeline:
    """Takes batches through, any number at a time."""

    def __init__(
        self,
        store: Store,
        bus: Bus,
        inbox: Inbox,
        dispatcher: Dispatcher,
        telemetry: Telemetry,
        rules: Rules,
    ) -> None:
        """Take both servers, what reads, what writes, what tells, and the settings."""
        self._store = store
        self._bus = bus
        self._inbox = inbox
        self._dispatcher = dispatcher
        self._telemetry = telemetry
        self._names = rules.names
        self._limits = rules.limits
        self._timing = rules.timing
        self.patience = rules.patience

    async def process(self, deliveries: Sequence[Delivery]) -> None:
        """Take a batch of deliveries through. When this returns they may be acknowledged, all of them."""
        began = time.perf_counter()
        told: list[Told] = []
        letters: list[Publish] = []
        for delivery in deliveries:
            try:
                each = await self.patience.with_store(partial(self._inbox.read, delivery))
            except RejectedMessage as why:
                letters.append(self._refuse(delivery, why))
            else:
                told.append(each)
                if each.refusal is not None:
                    letters.append(self._refuse(delivery, each.refusal))
        await self.settle(told, letters)
        self._telemetry.batch(len(deliveries), time.perf_counter() - began)

    async def settle(self, told: Sequence[Told], letters: Sequence[Publish] = ()) -> None:
        """Decide, commit and publish what these messages bring, and publish `letters` with it."""
        decided = await self._decide(told)
        for outcome in decided:
            letters = [*letters, *self._refusals(outcome)]
        await self._publish(decided, letters)

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
            decide(run, messages, now=loaded.now, limits=self._limits, closer=close)
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

    def _change(self, outcome: Decided, now: float) -> Change:
        assert outcome.after is not None  # noqa: S101 - a change has a state
        sends = tuple(dispatch.step for dispatch in outcome.outgoing.values())
        return Change(
            before=outcome.before,
            after=outcome.after,
            facts=tuple(outcome.facts),
            send=sends,
            due_at=now + self._timing.outbox_grace if sends else self._quiet_until(outcome, now),
            retention=outcome.workflow.retention,
        )

    def _quiet_until(self, outcome: Decided, now: float) -> float:
        latest = now + self._timing.idle_check
        return latest if outcome.wake_at is None else min(outcome.wake_at, latest)

    def _record(self, outcome: Decided) -> None:
        for told, verdict in outcome.verdicts:
            self._telemetry.message(told.queue, verdict)
        if outcome.is_change and outcome.after is not None:
            self._telemetry.record(outcome.before, outcome.after, outcome.facts, outcome.workflow)

    # ------------------------------------------------------------------------------- publish and mark

    async def _publish(self, decided: Sequence[Decided], letters: Sequence[Publish]) -> None:
        """Publish every action and every dead letter, and take the confirmed actions out of the outbox."""
        actions = [
            (outcome, dispatch.step, self._dispatcher.action(outcome.workflow, outcome.after, dispatch))
            for outcome in decided
            if outcome.after is not None
            for dispatch in outcome.outgoing.values()
        ]
        messages = [*(publish for _, _, publish in actions), *letters]
        if messages:
            crashpoints.reach("before-publish")
            outcomes = await self._bus.publish(messages)
            crashpoints.reach("after-publish")
            self._telemetry.published(outcomes)
            confirmed: dict[int, tuple[Decided, list[str]]] = {}
            for (decision, step, publish), result in zip(actions, outcomes, strict=False):
                if result is Outcome.CONFIRMED:
                    confirmed.setdefault(id(decision), (decision, []))[1].append(step)
                else:
                    self._warn(publish, result)
            await self._mark(list(confirmed.values()))
            await self._insist(letters, outcomes[len(actions) :])
        await self._release(decided)
        crashpoints.reach("before-ack")

    async def _mark(self, confirmed: Sequence[tuple[Decided, list[str]]]) -> None:
        marks = []
        now = time.time()
        for outcome, steps in confirmed:
            run = outcome.after
            if run is None:
                continue
            revision = run.revision + 1 if outcome.is_change else run.revision
            due_at = self._quiet_until(outcome, now)
            marks.append(Published(run=run.id, revision=revision, steps=tuple(steps), due_at=due_at))
        if not marks:
            return
        try:
            await self._store.published(marks)
        except StoreUnreachable:
            # The actions are out; when the store is back the sweeper sends them once more, with the same
            # tokens. Waiting here would only hold the acknowledgements back.
            log.debug("confirmed actions could not be marked", extra={"action": "mark_failed"})

    async def _insist(self, letters: Sequence[Publish], outcomes: Sequence[Outcome]) -> None:
        """Publish dead letters until they are taken: their originals are acknowledged only then."""
        left = _unconfirmed(letters, outcomes)
        while left:
            self._telemetry.dead_letters_refused(len(left))
            await asyncio.sleep(REFUSED_PAUSE_SECONDS)
            left = _unconfirmed(left, await self._bus.publish(left))

    async def _release(self, decided: Sequence[Decided]) -> None:
        """Say of runs that were due, and had nothing to do, when they are due again."""
        for outcome in decided:
            wakes = [told for told, _ in outcome.verdicts if isinstance(told.inbound, Wake)]
            wakes += [told for told, _ in outcome.refused if isinstance(told.inbound, Wake)]
            if not wakes or outcome.is_change or outcome.outgoing:
                continue
            release = partial(
                self._store.release,
                wakes[0].run,
                revision=outcome.after.revision if outcome.after else 0,
                due_at=self._quiet_until(outcome, time.time()),
            )
            await self.patience.with_store(release)

    # ------------------------------------------------------------------------------------- refusing

    def _refusals(self, outcome: Decided) -> list[Publish]:
        return [
            self._refuse(told.delivery, why) for told, why in outcome.refused if told.delivery is not None
        ]

    def _refuse(self, delivery: Delivery, why: RejectedMessage) -> Publish:
        self._telemetry.rejected(delivery.queue, why.reason, why.detail)
        return dead_letter(self._names, delivery, why, now=time.time())

    def _warn(self, publish: Publish, outcome: Outcome) -> None:
        self._telemetry.undelivered(publish.routing_key, outcome)


def _by_run(told: Sequence[Told]) -> dict[str, list[Told]]:
    runs: dict[str, list[Told]] = {}
    for each in told:
        runs.setdefault(each.run, []).append(each)
    return runs


def _unconfirmed(letters: Sequence[Publish], outcomes: Sequence[Outcome]) -> list[Publish]:
    pairs = zip(letters, outcomes, strict=True)
    return [letter for letter, outcome in pairs if outcome is not Outcome.CONFIRMED]
