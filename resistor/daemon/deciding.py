"""A run and its messages → one change.

Folds a batch's messages for one run through the engine, in their order, so that they are committed
together. Pure but for the log line about a message that the engine choked on.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence

import msgspec

from resistor.daemon.told import Told
from resistor.engine.advance import advance
from resistor.engine.decision import Decision, Outgoing, Verdict
from resistor.engine.draft import NeedMore
from resistor.engine.expecting import reads_of
from resistor.engine.facts import Fact
from resistor.engine.inbound import AnsweredLate, Reconcile, Start, Wake
from resistor.engine.limits import Limits
from resistor.engine.run import Reads, Run
from resistor.engine.workflow import Workflow
from resistor.errors import Reason, RejectedMessage

log = logging.getLogger(__name__)

WHOLE = Reads(everything=True)


class Decided(msgspec.Struct):
    """What a run's messages came to.

    `again` holds the messages that need what is outstanding to be answered: a duplicate repeats whatever is
    unconfirmed. `missing` is what must be loaded before anything can be decided. `gone` are messages for a
    run, or a step, that is no more, with something to take back. `is_guessed`: `before` is remembered, and
    not what the store has said (remembering.py). It was left by the commit `follows`; `commit` is what this
    one goes by.
    """

    before: Run | None
    after: Run | None
    workflow: Workflow | None
    now: float
    verdicts: list[tuple[Told, Verdict]] = []
    refused: list[tuple[Told, RejectedMessage]] = []
    again: list[Told] = []
    gone: list[Told] = []
    facts: list[Fact] = []
    outgoing: dict[str, Outgoing] = {}
    timers: dict[str, float | None] = {}
    settled: set[str] = set()
    missing: Reads | None = None
    is_guessed: bool = False
    follows: str = ""
    commit: str = ""

    @property
    def is_change(self) -> bool:
        """Whether there is something to commit."""
        return self.after is not self.before

    @property
    def is_certain(self) -> bool:
        """Whether there is something to commit, and a commit that succeeds proves it."""
        is_plain = self.missing is None and not self.refused and not self.again
        return self.is_change and (is_plain or not self.is_guessed)

    @property
    def is_final(self) -> bool:
        """Whether the run is over."""
        return self.after is not None and self.after.state.status.is_final


def reads_for(told: Sequence[Told], *, closer: bool) -> Reads:
    """Return what should be loaded of a run to decide on these messages; on a closer look what is out too."""
    if len(told) == 1 and not closer and told[0].workflow is not None:
        return reads_of(told[0].workflow, told[0].inbound)  # what it nearly always is
    wanted = [reads_of(each.workflow, each.inbound) for each in told if each.workflow is not None]
    closer = closer or any(isinstance(each.inbound, Wake | Reconcile) for each in told)
    return together([*wanted, Reads(outstanding=closer)])


def together(wanted: Iterable[Reads]) -> Reads:
    """Return all that these ask for."""
    wanted = list(wanted)
    return Reads(
        parts=frozenset[str]().union(*(reads.parts for reads in wanted)),
        everything=any(reads.everything for reads in wanted),
        outstanding=any(reads.outstanding for reads in wanted),
    )


def decide(decided: Decided, told: Sequence[Told], *, limits: Limits, closer: bool) -> Decided:
    """Tell the run (None: there is none yet) these messages, one after the other."""
    for each in told:
        if decided.after is None and not isinstance(each.inbound, Start):
            _no_such_run(decided, each)
            continue
        has_begun = decided.after is not None and decided.workflow is not None
        workflow = decided.workflow if has_begun else each.workflow
        assert workflow is not None  # noqa: S101 - a run is pinned to one, and a start names one
        try:
            decision = advance(workflow, decided.after, each.inbound, now=decided.now, limits=limits)
        except NeedMore as need:
            before, is_guessed = decided.before, decided.is_guessed
            return Decided(before, before, workflow, decided.now, missing=need.reads, is_guessed=is_guessed)
        except RejectedMessage as rejected:
            decided.refused.append((each, rejected))
        except Exception as error:
            log.exception("a message could not be decided", extra={"action": "poison", "run": each.run})
            decided.refused.append((each, poison(error)))
        else:
            decided.workflow = workflow
            _add(decided, each, decision, may_look_closer=not closer)
    return decided


def poison(error: Exception) -> RejectedMessage:
    """Return what is said of a message that raised what nobody foresaw."""
    return RejectedMessage(Reason.POISON, f"{type(error).__name__}: {error}")


def _no_such_run(decided: Decided, told: Told) -> None:
    if isinstance(told.inbound, AnsweredLate):
        decided.verdicts.append((told, Verdict.LATE))  # it would not count if the run were there
    elif told.if_gone or told.delivery is None or isinstance(told.inbound, Wake):
        decided.gone.append(told)
        decided.verdicts.append((told, Verdict.STALE))
    else:
        decided.refused.append((told, RejectedMessage(Reason.UNKNOWN_RUN, "there is no such run")))


def _add(decided: Decided, told: Told, decision: Decision, *, may_look_closer: bool) -> None:
    is_repeated = not told.is_echo and not isinstance(told.inbound, Wake)
    is_second = decision.verdict in (Verdict.DUPLICATE, Verdict.CONFLICT)
    if is_second and may_look_closer and is_repeated:
        decided.again.append(told)
        return
    decided.verdicts.append((told, decision.verdict))
    if decision.verdict is Verdict.STALE and told.if_gone:
        decided.gone.append(told)
    decided.after = decision.run
    decided.facts += decision.facts
    decided.timers |= decision.timers
    for name in decision.settled:
        decided.outgoing.pop(name, None)
        decided.settled.add(name)
    decided.outgoing |= {outgoing.name: outgoing for outgoing in decision.outgoing}
