"""The store: runs, and with them the actors and the catalogue. Implemented by `store`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import msgspec

from resistor.engine.facts import Fact
from resistor.engine.run import Reads, Run
from resistor.ports.actors import Schedules, Slots, Topics
from resistor.ports.catalogue import Catalogue
from resistor.ports.gates import Gates, Pauses
from resistor.ports.survey import Survey
from resistor.ports.suspects import Suspects
from resistor.ports.watermark import Watermark


class Loaded(msgspec.Struct, frozen=True):
    """Runs as they are, None for those that do not exist, and the store's time of reading.

    `unreadable` has the runs that are there and that this program cannot read (a newer one wrote them), with
    the reason; their place in `runs` is None. `commits` says, in the same order, what each run's last commit
    goes by ("": it does not say).

    `now`, in seconds since the epoch, is the one clock that decisions go by: daemons may disagree about
    the time, the store does not.
    """

    now: float
    runs: tuple[Run | None, ...]
    unreadable: Mapping[str, str] = {}
    commits: tuple[str, ...] = ()


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One run's step forward, to be written if its revision is still `before`'s.

    `send` names the outgoing messages that are about to be published, `settled` those that need no
    confirmation any more; a name in both is sent again. `timers` says of addresses when they want to be
    woken, None: no more. All times are in seconds since the epoch.

    The run is looked at again at the first of `due_at`, its first timer, and, while anything in its outbox is
    unconfirmed, `unconfirmed_due_at`. A finished run, only for that last reason. `retention` is how long, in
    seconds, a finished run stays.

    `id` is what this commit goes by, and no other does. `follows`: what the commit goes by that left
    the run as it was `before` ("": nobody knows). It is written only if that is still the last one: a store
    that went back may have come to the same revision another way.
    """

    before: Run | None
    after: Run
    facts: tuple[Fact, ...]
    send: tuple[str, ...]
    due_at: float
    unconfirmed_due_at: float
    retention: float
    settled: tuple[str, ...] = ()
    timers: Mapping[str, float | None] = {}
    id: str = ""
    follows: str = ""


class Published(msgspec.Struct, frozen=True, kw_only=True):
    """These outgoing messages are confirmed, made from the run as it was at `revision`.

    When to look at the run again is as in `Change`. `is_final`: the run is finished at that revision.
    """

    run: str
    revision: int
    names: tuple[str, ...]
    due_at: float
    unconfirmed_due_at: float
    is_final: bool = False


class Released(msgspec.Struct, frozen=True, kw_only=True):
    """A run that was claimed and left as it was at `revision`.

    When to look at it again is as in `Change`, but that timers which were due at `looked_at` (the time when
    it was loaded) count no more. `is_final`: the run is finished at that revision.
    """

    run: str
    revision: int
    due_at: float
    unconfirmed_due_at: float
    looked_at: float
    is_final: bool = False


class Store(Protocol):
    """Where runs are kept."""

    @property
    def topics(self) -> Topics:
        """Who listens for what."""

    @property
    def slots(self) -> Slots:
        """The slots of concurrency keys."""

    @property
    def gates(self) -> Gates:
        """The limits of modules."""

    @property
    def pauses(self) -> Pauses:
        """The modules that are paused."""

    @property
    def schedules(self) -> Schedules:
        """What begins by itself."""

    @property
    def catalogue(self) -> Catalogue:
        """The registered workflows."""

    @property
    def watermark(self) -> Watermark:
        """What shows that the store has gone back in time."""

    @property
    def survey(self) -> Survey:
        """Everything, page by page."""

    @property
    def suspects(self) -> Suspects:
        """Messages that a daemon may have died of."""

    async def load(self, wanted: Sequence[tuple[str, Reads]]) -> Loaded:
        """Read these runs, or the named parts of them, in one round trip."""

    async def commit(self, changes: Sequence[Change]) -> Sequence[bool]:
        """Write each change whole, or not at all where somebody else was faster: then False.

        Returns when everything that was written so far, by anybody, is as safe as it is to be; without
        changes as well.
        """

    async def published(self, confirmed: Sequence[Published]) -> None:
        """Take confirmed outgoing messages out of the outbox."""

    async def claim_due(self, *, limit: int, lease: float) -> Sequence[str]:
        """Return runs that are due, `limit` at most, and keep other daemons off them for `lease` seconds.

        Finished runs too, while something of theirs is unconfirmed.
        """

    async def next_due_in(self) -> float | None:
        """Return in how many seconds the next run is due; None where none is to be looked at ever."""

    async def release(self, released: Sequence[Released]) -> None:
        """Say when claimed runs that were left as they are are due again; drop what is no run."""

    async def forget_expired(self) -> int:
        """Drop finished runs whose time to be kept is over; returns how many."""
