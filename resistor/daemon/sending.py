"""The second half of a batch: publish what was decided, take what is confirmed out of the outbox.

Called by the pipeline, after the commit. What is not confirmed stays in the outbox, and the sweeper sends it
again, with the same token.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

from resistor.daemon import crashpoints
from resistor.daemon.deciding import Decided
from resistor.daemon.dispatching import Dispatcher
from resistor.daemon.rules import Rules, quiet_until
from resistor.engine.inbound import Wake
from resistor.errors import StoreUnreachable
from resistor.ports import Bus, Delivery, Outcome, Publish, Published, Released, Store
from resistor.telemetry import Telemetry

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Letter:
    """A dead letter, and the delivery that it stands for."""

    delivery: Delivery
    publish: Publish


@dataclass(slots=True)
class _Sent:
    """A run's actions: which steps' the broker took, and whether it took them all."""

    decided: Decided
    confirmed: list[str] = field(default_factory=list)
    is_complete: bool = True


class Sender:
    """Publishes actions and dead letters, and marks what is confirmed."""

    def __init__(
        self, store: Store, bus: Bus, dispatcher: Dispatcher, telemetry: Telemetry, rules: Rules
    ) -> None:
        """Take both servers, what makes actions, what tells, and the settings."""
        self._store = store
        self._bus = bus
        self._dispatcher = dispatcher
        self._telemetry = telemetry
        self._timing = rules.timing
        self._patience = rules.patience

    async def send(self, decided: Sequence[Decided], letters: Sequence[Letter]) -> list[Letter]:
        """Publish every action and every dead letter.

        When this returns no action can be lost. Returns the dead letters that the broker did not take.
        """
        sent = [_Sent(each) for each in decided]
        left = await self._publish(sent, letters)
        await self._mark([each for each in sent if each.confirmed])
        await self._release(sent)
        return left

    async def _publish(self, sent: Sequence[_Sent], letters: Sequence[Letter]) -> list[Letter]:
        actions = self._all_actions(sent)
        messages = [*(publish for _, _, publish in actions), *(letter.publish for letter in letters)]
        if not messages:
            return []
        crashpoints.reach("before-publish")
        outcomes = await self._bus.publish(messages)
        crashpoints.reach("after-publish")
        self._telemetry.published(outcomes)
        for (each, step, publish), outcome in zip(actions, outcomes, strict=False):
            if outcome is Outcome.CONFIRMED:
                each.confirmed.append(step)
            else:
                each.is_complete = False
                self._telemetry.undelivered(publish.routing_key, outcome)
        buried = zip(letters, outcomes[len(actions) :], strict=True)
        left = [letter for letter, outcome in buried if outcome is not Outcome.CONFIRMED]
        if left:
            self._telemetry.dead_letters_refused(len(left))
        return left

    def _all_actions(self, sent: Sequence[_Sent]) -> list[tuple[_Sent, str, Publish]]:
        """Return each action once: a duplicate in the batch of its original asks for the same again.

        The last one to ask has seen the run's last revision, so it is the one that is marked.
        """
        wanted = {
            (run.id, dispatch.step): (each, run, dispatch)
            for each in sent
            if (run := each.decided.after) is not None
            for dispatch in each.decided.outgoing.values()
        }
        return [
            (each, dispatch.step, self._dispatcher.action(each.decided.workflow, run, dispatch))
            for each, run, dispatch in wanted.values()
        ]

    async def _mark(self, sent: Sequence[_Sent]) -> None:
        now = time.time()
        marks = [
            Published(
                run=run.id,
                revision=run.revision + 1 if each.decided.is_change else run.revision,
                steps=tuple(each.confirmed),
                due_at=quiet_until(each.decided, now, self._timing),
            )
            for each in sent
            if (run := each.decided.after) is not None
        ]
        if not marks:
            return
        try:
            await self._store.published(marks)
        except StoreUnreachable:
            # The actions are out; when the store is back the sweeper sends them once more, with the same
            # tokens. Waiting here would only hold the acknowledgements back.
            log.debug("confirmed actions could not be marked", extra={"action": "mark_failed"})

    async def _release(self, sent: Sequence[_Sent]) -> None:
        """Say of runs that were claimed, and were not committed, when they are due again."""
        now = time.time()
        released = []
        for each in sent:
            decided = each.decided
            claimed = [
                told for told, _ in (*decided.verdicts, *decided.refused) if isinstance(told.inbound, Wake)
            ]
            if not claimed or decided.is_change or (decided.outgoing and each.is_complete):
                continue
            due_at = quiet_until(decided, now, self._timing)
            if not each.is_complete:
                due_at = now + self._timing.outbox_grace
            revision = decided.after.revision if decided.after else 0
            released.append(Released(run=claimed[0].run, revision=revision, due_at=due_at))
        if released:
            await self._patience.with_store(partial(self._store.release, released))
