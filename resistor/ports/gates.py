"""Limits on what modules are asked for, and their pauses: actors, which actions wait at.

Implemented by `store`.

Like the other actors they are spoken to by outbox messages: every call may come twice, and says the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import msgspec


class Passer(msgspec.Struct, frozen=True):
    """The action at `address` of run `run`, on its way `number`, at that way's gate `index`."""

    run: str
    address: str
    number: int
    index: int = 0


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """An action asks a gate to let it through.

    `limit` is how many may be through at once, `interval` how many seconds there must be between two; one of
    them is None. Of those who wait the highest `priority` (0 to 9) passes first, then who came first.
    """

    gate: str
    passer: Passer
    limit: int | None = None
    interval: float | None = None
    priority: int = 0


class Admission(msgspec.Struct, frozen=True):
    """An action may go on from `at` on, in seconds since the epoch."""

    gate: str
    passer: Passer
    at: float


class GateView(msgspec.Struct, frozen=True):
    """How many have passed a gate and not left it, and how many wait."""

    inside: int
    outside: int


class Gates(Protocol):
    """The limits of modules and of their actions.

    Whoever finds that the run of one here does not exist any more, or has gone another way, lets it leave.
    """

    async def enter(self, items: Sequence[Entry]) -> Sequence[Sequence[Admission]]:
        """Ask; returns for each who is to be told: the one who asked, where it may go on, and others too."""

    async def leave(self, items: Sequence[tuple[str, Passer]]) -> Sequence[Sequence[Admission]]:
        """Leave gates, or their queues; returns for each who is to be told that it may go on."""

    async def told(self, items: Sequence[Admission]) -> None:
        """Note that these have been told; until then they are named again, ten seconds later."""

    async def claim(self, *, limit: int, lease: float) -> Sequence[Admission]:
        """Return who is to be told at the gates that are due, and keep other daemons off for `lease` seconds.

        `limit` bounds the gates of a partition, and those who are named of each gate.
        """

    async def look(self, gates: Sequence[str]) -> Sequence[GateView]:
        """Return how full these are."""


class Pause(msgspec.Struct, frozen=True):
    """Why a module is paused, and since when, in seconds since the epoch."""

    why: str
    since: float


class Pauses(Protocol):
    """The modules that an operator has paused, and the actions that wait for them."""

    async def paused(self) -> Mapping[str, Pause]:
        """Return every paused module."""

    async def pause(self, module: str, why: str) -> Pause:
        """Pause a module; one that is paused gets the new reason, and stays paused since when it was."""

    async def resume(self, module: str) -> bool:
        """Let a module go on; returns whether it was paused."""

    async def hold(self, items: Sequence[tuple[str, Passer, int]]) -> Sequence[bool]:
        """Let actions wait for their modules, by priority; returns for each whether it does.

        False: the module is not paused. `index` says nothing here.
        """

    async def unhold(self, items: Sequence[tuple[str, Passer]]) -> None:
        """Let actions wait no more."""

    async def claim(self, *, limit: int, lease: float) -> Sequence[tuple[str, Passer]]:
        """Return who is to be told that its module goes on, `limit` of each module.

        Other daemons keep off these modules for `lease` seconds.
        """

    async def released(self, items: Sequence[tuple[str, Passer]]) -> None:
        """Take out those who have been told."""

    async def held(self, modules: Sequence[str]) -> Sequence[int]:
        """Return how many wait for each of these."""
