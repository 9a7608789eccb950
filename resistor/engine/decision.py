"""What follows from a message: the new state, the actions to send, and the facts."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from resistor.engine.facts import Fact
from resistor.engine.run import Run


class Verdict(StrEnum):
    """What a message turned out to be."""

    APPLIED = "applied"
    DUPLICATE = "duplicate"  # applied before: the same actions follow again, where they are unconfirmed
    STALE = "stale"  # too late: the run is over, the step is done, or another attempt is out
    AHEAD = (
        "ahead"  # of a step that this run has not reached: the store went back in time, so all goes out again
    )


class Dispatch(msgspec.Struct, frozen=True, kw_only=True):
    """Send one attempt at one step to its module.

    Everything in it can be made again from the run's state, byte for byte. `scheduled_at` is in seconds
    since the epoch: the token's expiry counts from it, so that it too is the same every time.
    """

    step: str
    attempt: int
    module: str
    action: str
    input: bytes
    metadata: bytes
    idempotency_key: str
    scheduled_at: float


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """The outcome of `advance`.

    `run` is the new state (the old one, where nothing changed).
    """

    verdict: Verdict
    run: Run
    outgoing: tuple[Dispatch, ...] = ()
    facts: tuple[Fact, ...] = ()
