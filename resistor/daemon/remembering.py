"""Runs as this daemon has left them, so that most answers are decided on without asking the store.

A remembered run is a guess: another daemon may have gone on with it. So only a decision that changes
something counts, and its commit only where the run is as it was left (`Change.follows`); anything else
is decided once more on what the store has. A run that an event is to start is guessed not to be there.

Where several daemons share a queue most guesses are wrong, and none are made for a while.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import msgspec

from resistor.daemon.told import Told
from resistor.engine.inbound import Answered, Start
from resistor.engine.run import Reads, Run

MOST_BYTES = 32 << 20
RUN_BYTES = 2_000  # of a run, without its payloads
MOST_PARTS = 64  # a larger run is copied with each decision: that takes longer than asking for what is needed

CREDIT = 100
WRONG_COSTS = 5
PAUSE = 1_000  # answers, after too many wrong guesses

_NOTHING: dict[str, Any] = {"unconfirmed": frozenset(), "overdue": frozenset(), "due": ()}


SURE_SECONDS = 1.0  # two clocks drift apart by less than a millisecond in that time
MOST_AHEAD = 1.0  # seconds that ours may be ahead; more, and the store's clock was set
SLOW_SECONDS = 0.1  # an answer that took longer says what the time was, and not what it is


class Moment:
    """The store's time, between two answers of it."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self._heard: tuple[float, float] | None = None

    def asked(self) -> float:
        """Return what `heard` needs to know: when the store was asked, by the loop's clock."""
        return asyncio.get_running_loop().time()

    def heard(self, now: float, *, asked: float) -> float:
        """Take the store's time, in seconds since the epoch; returns what it is to count as.

        It was that at some moment since it was `asked`, and a process that was frozen in between hears it
        seconds later. So it is a step back only where it would be one had it been said just now.
        """
        at = asyncio.get_running_loop().time()
        took, before = at - asked, self._at(at)
        if before is not None and now < before < now + took + MOST_AHEAD:
            return before
        if took < SLOW_SECONDS:
            self._heard = (now, at)
        return now

    def now(self) -> float | None:
        """Return the store's time; None where it was not heard for a second, and must be asked for."""
        at = asyncio.get_running_loop().time()
        is_sure = self._heard is not None and at - self._heard[1] < SURE_SECONDS
        return self._at(at) if is_sure else None

    def _at(self, at: float) -> float | None:
        """Return the store's time when the loop's is `at`."""
        return None if self._heard is None else self._heard[0] + at - self._heard[1]


class Guess(msgspec.Struct, frozen=True):
    """What a run is guessed to be (None: it is not there), since the commit that went by `commit`."""

    run: Run | None
    commit: str = ""


class Remembered:
    """The runs that were committed here, the last ones."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        """Keep so many bytes of them, about."""
        self._most = most_bytes
        self._bytes = 0
        self._runs: dict[str, tuple[Guess, int]] = {}  # the longest unused first
        self._credit = CREDIT
        self._pause = 0

    def guess(self, told: Sequence[Told], reads: Reads) -> Guess | None:
        """Return what the run is that these messages are for, where enough of it is known."""
        if reads.everything or reads.outstanding:
            return None
        kept = self._runs.get(told[0].run)
        if kept is None:
            is_new = isinstance(told[0].inbound, Start) and _is_first(told[0])
            return Guess(None) if is_new else None
        if self._pause:
            self._pause -= 1
            return None
        guess, run = kept[0], kept[0].run
        assert run is not None  # noqa: S101 - only what is there is kept
        is_known = run.is_whole or run.parts.keys() >= reads.parts
        return guess if is_known and all(isinstance(each.inbound, Answered) for each in told) else None

    def was(self, *, right: bool) -> None:
        """Note how a guess about a run that is remembered has turned out."""
        self._credit = min(self._credit + 1, CREDIT) if right else self._credit - WRONG_COSTS
        if self._credit < 0:
            self._credit, self._pause = CREDIT // 2, PAUSE

    def keep(self, run: Run, commit: str) -> None:
        """Remember a run as it was committed just now, from the revision that it bears, by `commit`."""
        self.forget(run.id)
        if run.state.status.is_final or len(run.parts) > MOST_PARTS:
            return
        size = (
            RUN_BYTES + len(run.input) + sum(len(each) for each in run.parts.values() if type(each) is bytes)
        )
        left = msgspec.structs.replace(run, revision=run.revision + 1, **_NOTHING)
        self._runs[run.id] = (Guess(left, commit), size)
        self._bytes += size
        while self._bytes > self._most:
            self.forget(next(iter(self._runs)))

    def forget(self, run_id: str) -> None:
        """Forget a run: it was not as it was remembered."""
        kept = self._runs.pop(run_id, None)
        self._bytes -= 0 if kept is None else kept[1]


def _is_first(told: Told) -> bool:
    return told.delivery is not None and not told.delivery.redelivered
