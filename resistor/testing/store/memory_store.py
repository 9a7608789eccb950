"""`ports.Store` in memory, on a clock that the test sets. Used by simulations and by tests.

No call of it awaits anything, so each is one moment: what a call to a server may meet half way (an answer
that is lost, somebody who was faster) is for whoever stands in front of it to play.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count

from resistor.engine.facts import Fact
from resistor.engine.run import Reads, Run
from resistor.ports import Change, Loaded, Published, Released
from resistor.store.keys import Keys
from resistor.store.reading import RunFilter
from resistor.store.topics import PAGE
from resistor.testing.store.catalogue import MemoryCatalogue
from resistor.testing.store.gates import MemoryGates
from resistor.testing.store.pauses import MemoryPauses
from resistor.testing.store.reading import list_runs, read_history
from resistor.testing.store.runs import MemoryRuns
from resistor.testing.store.schedules import MemorySchedules
from resistor.testing.store.slots import MemorySlots
from resistor.testing.store.state import Clock, State, claimed_of_each, whole_milliseconds
from resistor.testing.store.suspects import MemorySuspects
from resistor.testing.store.topics import MemoryTopics
from resistor.testing.store.watermark import MemorySurvey, MemoryWatermark


class MemoryStore:
    """Everything in one `State`. As many as a test likes, and nothing to close."""

    def __init__(
        self,
        clock: Clock,
        keys: Keys | None = None,
        *,
        page: int = PAGE,
        state: State | None = None,
        numbers: Iterator[int] | None = None,
    ) -> None:
        """Take the store's clock. `page`: how many waiters of a topic one answer names.

        `state`: what another one keeps, so that both are connections to one server, and `numbers` theirs.
        """
        self._clock = clock
        self._keys = keys or Keys()
        self._state = state or State()
        self._page = page
        self._numbers = numbers or count()
        self._runs = MemoryRuns(self._state, clock, self._keys)
        self.topics = MemoryTopics(self._state, clock, page=page)
        self.slots = MemorySlots(self._state)
        self.gates = MemoryGates(self._state, clock, self._keys)
        self.pauses = MemoryPauses(self._state, clock)
        self.schedules = MemorySchedules(self._state, clock)
        self.catalogue = MemoryCatalogue(self._state)
        self.suspects = MemorySuspects(self._state)
        self.survey = MemorySurvey(self._state)
        self.watermark = MemoryWatermark(self._state, clock, next(self._numbers))

    # ----------------------------------------------------------------------------- the test's side

    def connect(self) -> MemoryStore:
        """Return another connection to the same server: each daemon has one."""
        return MemoryStore(self._clock, self._keys, page=self._page, state=self._state, numbers=self._numbers)

    @property
    def state(self) -> State:
        """Everything that is kept."""
        return self._state

    def snapshot(self) -> State:
        """Return a copy of all that is kept, which nothing changes any more."""
        return self._state.copied()

    def restore(self, state: State) -> None:
        """Keep what was kept at a snapshot, and nothing since: a server that lost its last writes."""
        self._state.become(state)

    # ---------------------------------------------------------------------------- the daemon's side

    async def load(self, wanted: Sequence[tuple[str, Reads]]) -> Loaded:
        """Read these runs, or the named parts of them."""
        return self._runs.load(wanted)

    async def commit(self, changes: Sequence[Change]) -> Sequence[bool]:
        """Write each change whole, or not at all where its run is at another revision."""
        written = self._runs.commit(changes)
        self.watermark.wrote()
        return written

    async def published(self, confirmed: Sequence[Published]) -> None:
        """Take confirmed outgoing messages out of the outbox."""
        self._runs.published(confirmed)

    async def claim_due(self, *, limit: int, lease: float) -> Sequence[str]:
        """Return due runs of every partition, `limit` at most of each, and lease them."""
        return claimed_of_each(
            self._state.due, self._keys, whole_milliseconds(self._clock()), limit, lease * 1000
        )

    async def next_due_in(self) -> float | None:
        """Return in how many seconds the next run is due; None where none ever is."""
        first = min(self._state.due.values(), default=None)
        return None if first is None else max(first / 1000 - self._clock(), 0.0)

    async def release(self, released: Sequence[Released]) -> None:
        """Say when claimed runs that were left as they are are due again; drop what is no run."""
        self._runs.release(released)

    async def forget_expired(self) -> int:
        """Drop the finished runs whose time to be kept is over; returns how many."""
        return self._runs.forget_expired()

    # -------------------------------------------------------------------------------- people's side

    async def history(self, run_id: str, *, start: int = 0) -> list[Fact]:
        """Return a run's facts from position `start` on."""
        return read_history(self._runs, run_id, start=start)

    async def list_runs(self, wanted: RunFilter) -> list[Run]:
        """Return runs, the latest first, without steps."""
        return list_runs(self._state, self._runs, wanted)
