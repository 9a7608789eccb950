"""A run and its messages → one change.

Folds a batch's messages for one run through the engine, in their order, so that they are committed
together. Pure but for the log line about a message that the engine choked on.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field

from resistor.daemon.inbox import Told
from resistor.engine.advance import advance
from resistor.engine.decision import Decision, Dispatch, Verdict
from resistor.engine.facts import Fact
from resistor.engine.inbound import Wake, reads_of
from resistor.engine.limits import Limits
from resistor.engine.run import EVERYTHING, Reads, Run
from resistor.engine.workflow import Workflow
from resistor.errors import Reason, RejectedMessage

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Decided:
    """What a run's messages came to.

    `again` holds the messages that need the whole run to be answered: a duplicate repeats whatever is
    unconfirmed, and an answer ahead of the run asks for everything that is out.
    """

    before: Run | None
    after: Run | None
    workflow: Workflow
    verdicts: list[tuple[Told, Verdict]] = field(default_factory=list)
    refused: list[tuple[Told, RejectedMessage]] = field(default_factory=list)
    again: list[Told] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)
    outgoing: dict[tuple[str, int], Dispatch] = field(default_factory=dict)

    @property
    def is_change(self) -> bool:
        """Whether there is something to commit."""
        return self.after is not self.before


def reads_for(told: Sequence[Told], *, closer: bool) -> Reads:
    """Return what must be loaded of a run to decide on these messages; everything, on a closer look."""
    wanted = [reads_of(each.workflow, each.inbound) for each in told]
    if closer or any(reads.everything for reads in wanted):
        return EVERYTHING
    return Reads(
        steps=frozenset().union(*(reads.steps for reads in wanted)),
        outputs=frozenset().union(*(reads.outputs for reads in wanted)),
    )


def decide(run: Run | None, told: Sequence[Told], *, now: float, limits: Limits, closer: bool) -> Decided:
    """Tell `run` (None: there is none yet) these messages, one after the other."""
    decided = Decided(before=run, after=run, workflow=told[0].workflow)
    for each in told:
        try:
            decision = advance(each.workflow, decided.after, each.inbound, now=now, limits=limits)
        except RejectedMessage as rejected:
            decided.refused.append((each, rejected))
        except Exception as error:
            log.exception("a message could not be decided", extra={"action": "poison", "run": each.run})
            decided.refused.append((each, poison(error)))
        else:
            _add(decided, each, decision, may_look_closer=not closer)
    return decided


def poison(error: Exception) -> RejectedMessage:
    """Return what is said of a message that raised what nobody foresaw."""
    return RejectedMessage(Reason.POISON, f"{type(error).__name__}: {error}")


def _add(decided: Decided, told: Told, decision: Decision, *, may_look_closer: bool) -> None:
    needs_more = decision.verdict in (Verdict.DUPLICATE, Verdict.AHEAD)
    if needs_more and may_look_closer and not isinstance(told.inbound, Wake):
        decided.again.append(told)
        return
    decided.verdicts.append((told, decision.verdict))
    decided.after = decision.run
    decided.facts += decision.facts
    decided.outgoing |= {(dispatch.step, dispatch.attempt): dispatch for dispatch in decision.outgoing}
