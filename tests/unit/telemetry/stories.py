"""A run of one step, told fact by fact, for the tests of this folder."""

from __future__ import annotations

from typing import Any

from resistor.engine.facts import Fact
from resistor.engine.run import Run
from resistor.messages.result import Failure
from tests.unit.telemetry.playing import RUN, START, Play

__all__ = ["BEGINNING", "DECLINED", "RUN", "START", "WORKFLOW", "begun", "completed", "failed"]

DEFINITION = """
shop:
  order.placed: {version: 3, steps: [{id: charge, module: payments, action: take}]}
"""

DECLINED = Failure(
    "card_declined", "the card of a person with a name", retryable=False, step="charge", attempt=1
)


def _play(**event: Any) -> Play:
    return Play(DEFINITION, **event)


def begun(*, event_id: str | None = "e1", traceparent: str | None = None) -> Run:
    """Return a run whose only step has been sent."""
    return _play(id=event_id, traceparent=traceparent).run


WORKFLOW = _play().workflow
BEGINNING = tuple(_play().facts)


def completed(run: Run) -> tuple[Run, tuple[Fact, ...]]:
    """Return the run two seconds later, when it is done, and the facts since."""
    play = _play_on(run)
    play.complete("charge")
    return play.run, tuple(play.facts[len(BEGINNING) :])


def failed(run: Run) -> tuple[Run, tuple[Fact, ...]]:
    """Return the run two seconds later, when it has failed, and the facts since."""
    play = _play_on(run)
    play.fail("charge", DECLINED.type, DECLINED.message, retryable=False)
    return play.run, tuple(play.facts[len(BEGINNING) :])


def _play_on(run: Run) -> Play:
    play = _play(id=run.origin.event.id, traceparent=run.origin.traceparent)
    play.now += 2
    return play
