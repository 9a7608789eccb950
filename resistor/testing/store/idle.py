"""What a store in memory has of gates, pauses, rollbacks and suspects: nothing is limited, paused, lost or
suspected in it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from resistor.engine.run import Run
from resistor.ports import Admission, Entry, GateView, Passer, Pause, Recovery, Tick


class IdleGates:
    """Gates that stand open: everyone passes at once."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """Take the time."""
        self._clock = clock

    async def enter(self, items: Sequence[Entry]) -> Sequence[Sequence[Admission]]:
        """Let everyone through."""
        return [(Admission(item.gate, item.passer, self._clock()),) for item in items]

    async def leave(self, items: Sequence[tuple[str, Passer]]) -> Sequence[Sequence[Admission]]:
        """Nobody waits, so nobody is let through."""
        return [() for _ in items]

    async def told(self, items: Sequence[Admission]) -> None:
        """Nothing is noted."""

    async def claim(self, *, limit: int, lease: float) -> Sequence[Admission]:
        """Nobody is to be told."""
        return ()

    async def look(self, gates: Sequence[str]) -> Sequence[GateView]:
        """Nobody is there."""
        return [GateView(0, 0) for _ in gates]


class IdlePauses:
    """No module is ever paused."""

    async def paused(self) -> Mapping[str, Pause]:
        """None is."""
        return {}

    async def pause(self, module: str, why: str) -> Pause:
        """Raise: a test of pauses needs a server."""
        raise NotImplementedError("a store in memory pauses no modules")

    async def resume(self, module: str) -> bool:
        """It was not paused."""
        return False

    async def hold(self, items: Sequence[tuple[str, Passer, int]]) -> Sequence[bool]:
        """None has to wait."""
        return [False for _ in items]

    async def unhold(self, items: Sequence[tuple[str, Passer]]) -> None:
        """Nobody waits."""

    async def claim(self, *, limit: int, lease: float) -> Sequence[tuple[str, Passer]]:
        """Nobody is to be told."""
        return ()

    async def released(self, items: Sequence[tuple[str, Passer]]) -> None:
        """Nobody waits."""

    async def held(self, modules: Sequence[str]) -> Sequence[int]:
        """Nobody waits."""
        return [0 for _ in modules]


@dataclass(slots=True)
class IdleSuspects:
    """How often messages were begun: they are counted, as in any store."""

    attempts: dict[str, set[str]] = field(default_factory=dict)

    async def begun(self, fingerprints: Sequence[str]) -> Sequence[int]:
        """Return how often each was begun since it was finished last."""
        return [len(self.attempts.get(each, ())) for each in fingerprints]

    async def begin(self, fingerprint: str, attempt: str) -> int:
        """Note that `attempt` begins; returns how often it was begun by now."""
        self.attempts.setdefault(fingerprint, set()).add(attempt)
        return len(self.attempts[fingerprint])

    async def finish(self, fingerprint: str) -> None:
        """Forget all of it."""
        self.attempts.pop(fingerprint, None)


@dataclass(slots=True)
class MemoryWatermark:
    """A number that only rises, as long as nobody sets the store back; each daemon remembers what it saw."""

    marks: dict[str, float]
    clock: Callable[[], float]
    suspicion: asyncio.Event = field(default_factory=asyncio.Event)
    seen: float = 0.0

    async def tick(self) -> Tick:
        """Raise it. Where the store went back, ask for the recovery."""
        mark = self.marks.get("mark", 0.0)
        went_back = mark < self.seen
        if went_back:
            await self.ask()
        self.marks["mark"] = self.seen = max(mark, self.seen) + 1
        self.marks["at"] = self.clock()
        return Tick(went_back, "since" in self.marks, is_restarted=False)

    async def ask(self) -> None:
        """Ask for a recovery."""
        self.marks.setdefault("since", self.marks.get("at", 0.0))
        self.marks["asked"] = self.marks.get("asked", 0.0) + 1

    async def claim(self, *, lease: float) -> Recovery | None:
        """Take the pending recovery for `lease` seconds, or keep it."""
        now = self.clock()
        if "since" not in self.marks or self.marks.get("until", 0.0) > now:
            return None
        self.marks["until"] = now + lease
        return Recovery(self.marks["since"], str(self.marks["asked"]))

    async def finish(self, recovery: Recovery) -> None:
        """Say that it is done."""
        self.marks.pop("until", None)
        if str(self.marks.get("asked")) == recovery.asked:
            self.marks.pop("since", None)


class MemorySurvey:
    """Going through everything: one page of each."""

    def __init__(self, open_runs: Callable[[], list[Run]], slot_runs: Callable[[], list[str]]) -> None:
        """Take what gives the runs."""
        self._open_runs = open_runs
        self._slot_runs = slot_runs

    async def open_runs(self) -> AsyncIterator[Sequence[Run]]:
        """Give every run that is open."""
        yield self._open_runs()

    async def slot_runs(self) -> AsyncIterator[Sequence[str]]:
        """Give every run that has a slot, or waits for one."""
        yield self._slot_runs()
