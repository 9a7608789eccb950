"""The second half of a batch: publish what was decided, run its errands, take what is done out of the outbox.

Called by the pipeline, after the commit. What is not confirmed stays in the outbox, and the sweeper sends it
again, with the same token.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

from resistor.daemon import crashpoints
from resistor.daemon.deciding import Decided
from resistor.daemon.dispatching import Dispatcher, Publishable
from resistor.daemon.errands import Errand, Errands
from resistor.daemon.letting_out import held_back
from resistor.daemon.marking import Marks
from resistor.daemon.rules import Rules
from resistor.daemon.told import Told
from resistor.engine.decision import Dispatch
from resistor.engine.inbound import Delivered, Undelivered, Wake
from resistor.engine.run import Run, StepRecord
from resistor.ports import Bus, Delivery, Outcome, Publish, Published, Released, Store
from resistor.telemetry import Telemetry

_CLAIMED = Wake()
BLOCKING = "blocking"  # what the metrics call this source of messages


@dataclass(frozen=True, slots=True)
class Letter:
    """A message that is not a run's: a dead letter, or one for later; and the delivery that it stands for."""

    delivery: Delivery
    publish: Publish


@dataclass(slots=True)
class _Sent:
    """What a run lets out: which of it is done, by name, what that tells it, and whether all is done.

    `errands` are done too, and marked only when those who are told have been.
    """

    decided: Decided
    done: list[str] = field(default_factory=list)
    errands: list[str] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)
    is_complete: bool = True


@dataclass(frozen=True, slots=True)
class Sent:
    """What sending came to: letters that were not taken, and who is told what by the actors."""

    left: list[Letter]
    told: list[Told]
    _unmarked: list[_Sent]


class Sender:
    """Publishes messages and letters, runs errands, and marks what is done."""

    def __init__(
        self,
        store: Store,
        bus: Bus,
        dispatcher: Dispatcher,
        telemetry: Telemetry,
        rules: Rules,
        marks: Marks,
    ) -> None:
        """Take both servers, what makes messages, what tells, the settings, and where confirmations go."""
        self._store = store
        self._bus = bus
        self._dispatcher = dispatcher
        self._telemetry = telemetry
        self._timing = rules.timing
        self._patience = rules.patience
        self._pausing = rules.pausing
        self._marks = marks
        self._errands = Errands(store, rules.patience, rules.pausing)

    async def send(self, decided: Sequence[Decided], letters: Sequence[Letter]) -> Sent:
        """Publish every message and every letter, and run the errands.

        When this returns nothing that was published can be lost. The errands are marked by `finish`, when
        those who are told have been.
        """
        sent = [_Sent(each) for each in decided]
        messages, errands = self._sorted(sent)
        messages, held = self._let_out(messages)
        left = await self._publish(messages, letters)
        told = held + [told for each in sent for told in each.told]
        told += await self._run(errands, decided)
        self._mark([(each, each.done) for each in sent if each.done])
        await self._release(sent)
        return Sent(left, told, [each for each in sent if each.errands])

    async def finish(self, sent: Sent) -> None:
        """Take the errands out of the outbox, and let the gates know who has been told."""
        admitted = [told.admission for told in sent.told if told.admission is not None]
        if admitted:
            await self._patience.with_store(partial(self._store.gates.told, admitted))
        self._mark([(each, each.errands) for each in sent._unmarked])

    def _sorted(
        self, sent: Sequence[_Sent]
    ) -> tuple[list[tuple[_Sent, Run, Publishable]], list[tuple[_Sent, Run, Errand]]]:
        """Part messages from errands, each once: a duplicate in the batch of its original asks for it again.

        The last one to ask has seen the run's last revision, so it is the one that is marked.
        """
        wanted = {
            (run.id, outgoing.name): (each, run, outgoing)
            for each in sent
            if (run := each.decided.after) is not None
            for outgoing in each.decided.outgoing.values()
            if each.decided.is_change or not self._marks.holds(run.id, outgoing.name)
        }
        messages: list[tuple[_Sent, Run, Publishable]] = []
        errands: list[tuple[_Sent, Run, Errand]] = []
        for each, run, outgoing in wanted.values():
            if isinstance(outgoing, Errand):
                errands.append((each, run, outgoing))
            else:
                messages.append((each, run, outgoing))
        return messages, errands

    # ------------------------------------------------------------------------------------- messages

    def _let_out(
        self, messages: Sequence[tuple[_Sent, Run, Publishable]]
    ) -> tuple[list[tuple[_Sent, Run, Publishable]], list[Told]]:
        """Keep back the actions of paused modules: their runs are told, and stay unconfirmed until then."""
        going: list[tuple[_Sent, Run, Publishable]] = []
        held: list[Told] = []
        for each, run, outgoing in messages:
            told = held_back(run.id, outgoing, self._pausing)
            if told is None:
                going.append((each, run, outgoing))
            else:
                each.is_complete = False
                held.append(told)
        return going, held

    async def _publish(
        self, messages: Sequence[tuple[_Sent, Run, Publishable]], letters: Sequence[Letter]
    ) -> list[Letter]:
        publishes = [self._message(each, run, outgoing) for each, run, outgoing in messages]
        publishes += [letter.publish for letter in letters]
        if not publishes:
            return []
        crashpoints.reach("before-publish")
        sent = [(run.id, outgoing.name) for _, run, outgoing in messages]
        self._marks.under_way(sent)
        try:
            outcomes = await self._bus.publish(publishes)
        finally:
            self._marks.landed(sent)
        crashpoints.reach("after-publish")
        self._telemetry.published(outcomes)
        for (each, run, outgoing), publish, outcome in zip(messages, publishes, outcomes, strict=False):
            if outcome is Outcome.CONFIRMED:
                self._confirmed(each, run, outgoing)
            else:
                each.is_complete = False
                self._telemetry.undelivered(publish.routing_key, outcome)
                if outcome is Outcome.UNROUTABLE and isinstance(outgoing, Dispatch):
                    each.told.append(_blocked(run, outgoing, publish.routing_key))
        buried = zip(letters, outcomes[len(messages) :], strict=True)
        left = [letter for letter, outcome in buried if outcome is not Outcome.CONFIRMED]
        if left:
            self._telemetry.dead_letters_refused(len(left))
        return left

    def _confirmed(self, each: _Sent, run: Run, outgoing: Publishable) -> None:
        """Note what is done. Where its step is blocked, that is told before it is marked."""
        record = run.parts.get(f"s:{outgoing.path}") if isinstance(outgoing, Dispatch) else None
        if isinstance(outgoing, Dispatch) and isinstance(record, StepRecord) and record.blocked is not None:
            each.told.append(
                Told(run.id, None, Delivered(name=outgoing.name, attempt=outgoing.attempt), BLOCKING)
            )
            each.errands.append(outgoing.name)
        else:
            each.done.append(outgoing.name)

    def _message(self, each: _Sent, run: Run, outgoing: Publishable) -> Publish:
        workflow = each.decided.workflow
        assert workflow is not None  # noqa: S101 - something was decided by it
        return self._dispatcher.message(workflow, run, outgoing)

    # -------------------------------------------------------------------------------------- errands

    async def _run(
        self, errands: Sequence[tuple[_Sent, Run, Errand]], decided: Sequence[Decided]
    ) -> list[Told]:
        wanted = [(run.id, errand) for _, run, errand in errands]
        wanted += [(told.run, errand) for each in decided for told in each.gone for errand in told.if_gone]
        if not wanted:
            return []
        told = await self._errands.run(wanted)
        for each, _, errand in errands:
            each.errands.append(errand.name)
        return told

    # -------------------------------------------------------------------------------------- marking

    def _mark(self, done: Sequence[tuple[_Sent, Sequence[str]]]) -> None:
        self._marks.confirmed(
            Published(
                run=run.id,
                revision=run.revision + 1 if each.decided.is_change else run.revision,
                names=tuple(names),
                due_at=each.decided.now + self._timing.idle_check,
                unconfirmed_due_at=each.decided.now + self._timing.outbox_grace,
                is_final=each.decided.is_final,
            )
            for each, names in done
            if (run := each.decided.after) is not None
        )

    async def _release(self, sent: Sequence[_Sent]) -> None:
        """Say of runs that were claimed, and were not committed, when they are due again."""
        released = []
        for each in sent:
            decided = each.decided
            told = (*decided.verdicts, *decided.refused)
            claimed = next((one for one, _ in told if one.inbound == _CLAIMED), None)
            is_marked = bool(decided.outgoing) and each.is_complete
            if claimed is None or decided.is_change or is_marked:
                continue
            released.append(
                Released(
                    run=claimed.run,
                    revision=decided.after.revision if decided.after else 0,
                    due_at=decided.now + self._timing.idle_check,
                    unconfirmed_due_at=decided.now + self._timing.outbox_grace,
                    looked_at=decided.now,
                    is_final=decided.is_final,
                )
            )
        if released:
            await self._patience.with_store(partial(self._store.release, released))


def _blocked(run: Run, action: Dispatch, module: str) -> Told:
    why = f"module {module} has no queue: none of its processes has ever run, or its queue was deleted"
    return Told(run.id, None, Undelivered(name=action.name, attempt=action.attempt, why=why), BLOCKING)
