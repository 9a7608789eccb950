"""Noticing that the store has gone back in time, and agreeing on who recovers. Implemented by `store`."""

from __future__ import annotations

import asyncio
from typing import Protocol

import msgspec


class Tick(msgspec.Struct, frozen=True):
    """What one look at the watermark showed.

    `went_back`: writes are gone that the store had confirmed. `is_pending`: a recovery is to be done, or
    going on. `is_restarted`: it is another server process than at the last look.
    """

    went_back: bool
    is_pending: bool
    is_restarted: bool


class Recovery(msgspec.Struct, frozen=True):
    """A recovery that was claimed: from `since` on, in seconds since the epoch; 0: from the beginning.

    `asked` is what `finish` compares: whether another was asked for in the meantime.
    """

    since: float
    asked: str


class Watermark(Protocol):
    """A number in the store that only rises: lower than before, it proves that the store went back."""

    @property
    def suspicion(self) -> asyncio.Event:
        """Set as soon as a write shows that the store went back. Whoever looks clears it."""

    async def tick(self) -> Tick:
        """Raise it. Where the store went back, ask for the recovery. Raises `StoreUnreachable`."""

    async def ask(self) -> None:
        """Ask for a recovery where something else shows that the store went back."""

    async def claim(self, *, lease: float) -> Recovery | None:
        """Take the pending recovery for `lease` seconds, or keep it; None: there is none for us."""

    async def finish(self, recovery: Recovery) -> None:
        """Say that it is done."""
