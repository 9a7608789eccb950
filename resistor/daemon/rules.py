"""The settings that a batch goes by, as one frozen section, and what follows from them about time."""

from __future__ import annotations

from dataclasses import dataclass

from resistor.bus.names import Names
from resistor.daemon.deciding import Decided
from resistor.daemon.patience import Patience
from resistor.engine.limits import Limits


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
    """What names things, what bounds them, how long they may take, and how to wait for the store."""

    names: Names
    limits: Limits
    timing: Timing
    patience: Patience


def quiet_until(decided: Decided, now: float, timing: Timing) -> float:
    """Return when a run that has nothing unconfirmed wants to be looked at, in seconds since the epoch."""
    latest = now + timing.idle_check
    wake_at = decided.after.wake_at if decided.after is not None else None
    return latest if wake_at is None else min(wake_at, latest)
