"""The way of a batch: read → load → decide → commit → publish → mark → ack.

    deliveries ─► Inbox ─► (store.load) ─► engine ─► store.commit ─► bus.publish ─► lane.ack ┈► marking

Every step is done for the whole batch at once: two round trips to the store to decide, one write to the
broker. What goes wrong with one message is that message's affair. A crash at any point is harmless:

    before commit               nothing happened; the messages are delivered again
    between commit and publish  delivered again, they are duplicates, and repeat what is unconfirmed
    between publish and ack     likewise: the same actions with the same tokens
    between ack and mark        what is not answered by then is sent again after a while (marking.py)

What actors answer on the way (an event that came early, a slot) is told to its runs before the messages are
acknowledged. Called by the consuming loops, by the sweeper and by the schedules.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from functools import partial

import msgspec

from resistor.daemon import crashpoints
from resistor.daemon.dead_letters import dead_letter
from resistor.daemon.deciding import WHOLE, Decided, decide, poison, reads_for, together
from resistor.daemon.definitions import Definitions
from resistor.daemon.hearing import Arrived, Hearing, Rest
from resistor.daemon.inbox import Inbox
from resistor.daemon.insisting import told_later
from resistor.daemon.marking import Marks
from resistor.daemon.quiet import Quiet
from resistor.daemon.remembering import Moment, Remembered
from resistor.daemon.rules import Rules
from resistor.daemon.sending import Letter, Sender, Sent
from resistor.daemon.told import Told
from resistor.daemon.turns import Turns
from resistor.engine.decision import Verdict
from resistor.engine.run import Reads, Run
from resistor.errors import Reason, RejectedMessage
from resistor.messages.ids import ids
from resistor.ports import Change, Delivery, Store
from resistor.telemetry import Telemetry

log = logging.getLogger(__name__)

NOTHING = Reads()
MOST_MISSES = 6  # looks that ask for parts one after the other: a deep nesting takes two a level


class _Look(msgspec.Struct, frozen=True):
    """One run's messages, and what to load to decide on them. `is_closer`: what is outstanding too.

    `is_doubted`: it was asked whether the store has lost the run. `is_sure`: what the store has counts, and
    not what is remembered.
    """

    told: Sequence[Told]
    is_closer: bool = False
    missing: Reads = NOTHING
    misses: int = 0
    is_doubted: bool = False
    is_sure: bool = False

    def with_more(self, missing: Reads) -> _Look:
        """Return the same look with more to load; after a few vain ones, with everything."""
        wanted = [self.missing, missing, WHOLE if self.misses >= MOST_MISSES else NOTHING]
        return msgspec.structs.replace(self, missing=together(wanted), misses=self.misses + 1)

    @property
    def reads(self) -> Reads:
        """What to load."""
        reads = reads_for(self.told, closer=self.is_closer)
        return reads if self.missing is NOTHING else together([reads, self.missing])


class _View(msgspec.Struct, frozen=True):
    """A run as its last `commit` left it, or as it is guessed to be, and when that was.

    `unreadable` says why it cannot be read.
    """

    run: Run | None
    commit: str
    now: float
    unreadable: str | None = None
    is_guessed: bool = False


class Pipeline:
    """Takes batches through, any number at a time."""

    def __init__(  # noqa: PLR0913, PLR0917 - all that a batch meets on its way
        self,
        store: Store,
        definitions: Definitions,
        inbox: Inbox,
        sender: Sender,
        telemetry: Telemetry,
        rules: Rules,
        marks: Marks,
    ) -> None:
        """Take where runs and definitions are kept, what reads, sends, tells and marks, and the settings."""
        self._store = store
        self._definitions = definitions
        self._inbox = inbox
        self._sender = sender
        self._telemetry = telemetry
        self._marks = marks
        self._names = rules.names
        self._limits = rules.limits
        self._timing = rules.timing
        self._clock = rules.clock
        self._hearing = Hearing(store, rules.patience)
        self._doubts = rules.doubts
        self._remembered = Remembered()
        self._commit_ids = ids(rules.new_id()[:8])
        self._moment = Moment()
        self._turns = Turns()
        self.patience = rules.patience
        self.quiet = Quiet()

    async def process(self, deliveries: Sequence[Delivery]) -> list[Letter]:
        """Take a batch of deliveries through.

        When this returns they may be acknowledged, but for those of the letters that it returns: the
        broker did not take them, so their originals must stay where they are (see `bury`).
        """
        began = time.perf_counter()
        told, letters, rest = await self._read(deliveries)
        left = await self.settle(told, letters)
        for each in rest:
            left += await self._settle_rest(each)
        self._telemetry.batch(len(deliveries), time.perf_counter() - began)
        return left

    async def retell(self, deliveries: Sequence[Delivery]) -> None:
        """Tell runs once more what these told before; nothing is acknowledged, and nothing dead-lettered."""
        told, _, rest = await self._read(deliveries)
        await self.settle([msgspec.structs.replace(each, delivery=None) for each in told])
        for each in rest:
            await self._settle_rest(each)

    async def _settle_rest(self, rest: Rest | None) -> list[Letter]:
        """Tell an event to all others who wait for it, a page at a time: there may be a million."""
        left: list[Letter] = []
        while rest is not None:
            told, rest = await self._hearing.turn(rest)
            left += await self.settle(told)
        return left

    async def _read(self, deliveries: Sequence[Delivery]) -> tuple[list[Told], list[Letter], list[Rest]]:
        told: list[Told] = []
        letters: list[Letter] = []
        arrived: list[Arrived] = []
        for delivery in deliveries:
            try:
                read = await self._inbox.read(delivery)
            except RejectedMessage as why:
                letters.append(self.refuse(delivery, why))
                continue
            except Exception as error:
                log.exception("a message could not be read", extra={"action": "poison"})
                letters.append(self.refuse(delivery, poison(error)))
                continue
            told += read.told
            arrived += [] if read.arrived is None else [read.arrived]
            refusals = [*read.refusals, *(each.refusal for each in read.told if each.refusal is not None)]
            letters += [self.refuse(delivery, why) for why in refusals]
        heard, rest = await self._hearing.arrive(arrived)
        return told + heard, letters, rest

    async def settle(self, told: Sequence[Told], letters: Sequence[Letter] = ()) -> list[Letter]:
        """Decide, commit and publish what these messages bring, and publish `letters` with it."""
        left: list[Letter] = []
        unfinished: list[Sent] = []
        while told or letters:
            decided = await self._decide(told)
            refusals = self._refused(decided)
            sent = await self._sender.send(decided, [*letters, *refusals])
            left += sent.left
            unfinished.append(sent)
            told, letters = sent.told, ()
        for sent in unfinished:
            await self._sender.finish(sent)
        crashpoints.reach("before-ack")
        return left

    def _refused(self, decided: Sequence[Decided]) -> list[Letter]:
        """Return the dead letters of what was refused; what came from no queue is said, and that is all."""
        letters = []
        for each, why in (pair for outcome in decided for pair in outcome.refused):
            if each.delivery is not None:
                letters.append(self.refuse(each.delivery, why))
            else:
                self._telemetry.rejected(each.queue, why.reason, f"run {each.run}: {why.detail}")
        return letters

    async def bury(self, letters: Sequence[Letter]) -> list[Letter]:
        """Publish dead letters that were not taken once more; returns those that still are not."""
        return (await self._sender.send((), letters)).left

    def refuse(self, delivery: Delivery, why: RejectedMessage) -> Letter:
        """Count a message that cannot be used, and return its dead letter."""
        later = told_later(self._names, delivery, why)
        if later is not None:
            return Letter(delivery, later)
        self._telemetry.rejected(delivery.queue, why.reason, why.detail)
        return Letter(delivery, dead_letter(self._names, delivery, why, now=self._clock()))

    # ------------------------------------------------------------------------------- decide and commit

    async def _decide(self, told: Sequence[Told]) -> list[Decided]:
        """Load, decide and commit until every message has been decided on and nobody was faster."""
        settled: list[Decided] = []
        waiting = [_Look(messages) for messages in _by_run(told).values()]
        while waiting:
            async with self._turns.of(look.told[0].run for look in waiting):
                outcomes = await self.patience.with_store(partial(self._attempt, waiting))
            waiting = []
            for look, outcome, is_written in outcomes:
                if outcome.is_guessed and not (outcome.is_certain and is_written):
                    self._mistook(outcome)
                    waiting.append(msgspec.structs.replace(look, is_sure=True))
                elif outcome.missing is not None:
                    waiting.append(look.with_more(outcome.missing))
                elif not is_written:
                    self._telemetry.conflict()
                    waiting.append(look)
                elif not look.is_doubted and await self._is_doubtful(outcome):
                    waiting.append(msgspec.structs.replace(look, is_doubted=True))
                else:
                    settled.append(outcome)
                    self._record(outcome)
                    self._remember(outcome)
                    if outcome.again:
                        waiting.append(_Look(outcome.again, is_closer=True))
        return settled

    async def _is_doubtful(self, outcome: Decided) -> bool:
        """Tell whether the run may be missing because the store has lost it; by now it may be there again."""
        if any(verdict is Verdict.AHEAD for _, verdict in outcome.verdicts):
            await self._doubts.of_answer_ahead()
        is_missing = any(
            each.delivery is not None and why.reason is Reason.UNKNOWN_RUN for each, why in outcome.refused
        )
        return is_missing and await self._doubts.were_right()

    async def _attempt(self, looks: Sequence[_Look]) -> list[tuple[_Look, Decided, bool]]:
        """Try once. Raises `StoreUnreachable`; then nobody knows what was written, and it is tried again.

        Trying again is safe: what was written makes its message a duplicate.
        """
        views = await self._views(looks)
        outcomes = [await self._decide_one(view, look) for look, view in zip(looks, views, strict=True)]
        changes = [self._change(outcome) for outcome in outcomes if outcome.is_certain]
        crashpoints.reach("before-commit")
        written = iter(await self._store.commit(changes))
        crashpoints.reach("after-commit")
        return [
            (look, outcome, next(written) if outcome.is_certain else True)
            for look, outcome in zip(looks, outcomes, strict=True)
        ]

    async def _views(self, looks: Sequence[_Look]) -> list[_View]:
        """Return what the runs are: from memory where that will do, and else from the store."""
        guesses = [None if look.is_sure else self._remembered.guess(look.told, look.reads) for look in looks]
        wanted = [
            (look.told[0].run, look.reads)
            for look, guess in zip(looks, guesses, strict=True)
            if guess is None
        ]
        now = self._moment.now()
        loaded = None
        if wanted or now is None:
            asked = self._moment.asked()
            loaded = await self._store.load(wanted)
            now = self._moment.heard(loaded.now, asked=asked)
        runs = iter(zip(loaded.runs, loaded.commits, strict=True) if loaded is not None else ())
        unreadable = loaded.unreadable if loaded is not None else {}
        return [
            _View(*next(runs), now, unreadable=unreadable.get(look.told[0].run))
            if guess is None
            else _View(guess.run, guess.commit, now, is_guessed=True)
            for look, guess in zip(looks, guesses, strict=True)
        ]

    async def _decide_one(self, view: _View, look: _Look) -> Decided:
        """Decide on one run's messages, in the version that it is pinned to, whatever is current by now."""
        run = view.run
        decided = Decided(
            before=run,
            after=run,
            workflow=None,
            now=view.now,
            is_guessed=view.is_guessed,
            follows=view.commit,
            commit=next(self._commit_ids),
        )
        told = look.told
        try:
            if view.unreadable is not None:
                raise RejectedMessage(Reason.UNREADABLE, f"the run cannot be read: {view.unreadable}")
            if run is not None:
                workflow = await self._definitions.of(run.origin)
                told = [
                    each if each.workflow is workflow else msgspec.structs.replace(each, workflow=workflow)
                    for each in told
                ]
        except RejectedMessage as why:
            decided.refused += [(each, why) for each in told]
            return decided
        return decide(decided, told, limits=self._limits, closer=look.is_closer)

    def _change(self, outcome: Decided) -> Change:
        assert outcome.after is not None  # noqa: S101 - a change has a state
        assert outcome.workflow is not None  # noqa: S101 - and was decided by a workflow
        return Change(
            before=outcome.before,
            after=outcome.after,
            facts=tuple(outcome.facts),
            send=tuple(outcome.outgoing),
            settled=tuple(outcome.settled),
            timers=outcome.timers,
            due_at=outcome.now + self._timing.idle_check,
            unconfirmed_due_at=outcome.now + self._timing.outbox_grace,
            retention=outcome.workflow.retention,
            id=outcome.commit,
            follows=outcome.follows,
        )

    def _remember(self, outcome: Decided) -> None:
        if outcome.is_change and outcome.after is not None:
            self._remembered.keep(outcome.after, outcome.commit)
            if outcome.is_guessed:
                self._remembered.was(right=True)

    def _mistook(self, outcome: Decided) -> None:
        if outcome.before is not None:
            self._remembered.forget(outcome.before.id)
            self._remembered.was(right=False)

    def _record(self, outcome: Decided) -> None:
        for told, verdict in outcome.verdicts:
            self._telemetry.message(told.queue, verdict)
        if outcome.is_change and outcome.after is not None and outcome.workflow is not None:
            self._telemetry.record(outcome.before, outcome.after, outcome.facts, outcome.workflow)
            self._marks.settled(outcome.after.id, outcome.settled)
            self._marks.settled(outcome.after.id, outcome.outgoing)


def _by_run(told: Sequence[Told]) -> dict[str, list[Told]]:
    runs: dict[str, list[Told]] = {}
    for each in told:
        runs.setdefault(each.run, []).append(each)
    return runs
