"""The settings that a batch goes by, as one frozen section."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from uuid import uuid4

from resistor.bus.names import Names
from resistor.daemon.doubts import Doubts
from resistor.daemon.patience import Patience
from resistor.daemon.pausing import Pausing
from resistor.engine.limits import Limits


def _drawn() -> str:
    return uuid4().hex


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
    """What names and bounds things, how long they may take, how to wait for the store, what is paused.

    `doubts`: whether the store can be believed. `clock` gives seconds since the epoch, for what is written on
    messages and for tokens: decisions go by the store's. `new_id` gives text that nobody else has.
    `result_partitions`: how many queues results are spread over.
    """

    names: Names
    limits: Limits
    timing: Timing
    patience: Patience
    pausing: Pausing
    doubts: Doubts
    clock: Callable[[], float] = time.time
    new_id: Callable[[], str] = _drawn
    result_partitions: int = 1
