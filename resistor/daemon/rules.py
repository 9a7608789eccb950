"""The settings that a batch goes by, as one frozen section."""

from __future__ import annotations

from dataclasses import dataclass

from resistor.bus.names import Names
from resistor.daemon.doubts import Doubts
from resistor.daemon.patience import Patience
from resistor.engine.limits import Limits


@dataclass(frozen=True, slots=True)
class Timing:
    """How long things may take, in seconds, before the sweeper looks at a run.

    `outbox_grace`: what is not confirmed by then is sent again. `idle_check`: a run that only a message can
    move is looked at this often all the same.
    """

    outbox_grace: float = 10.0
    idle_check: float = 3600.0


@dataclass(frozen=True, slots=True)
class Rules:
    """What names things and bounds them, how long they may take, how to wait for the store and doubt it."""

    names: Names
    limits: Limits
    timing: Timing
    patience: Patience
    doubts: Doubts
