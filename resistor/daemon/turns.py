"""One at a time for each run: batches that concern the same run are decided on one after the other.

Batches are under way side by side. Without this an answer could overtake the progress that its module sent
before it, and both commits would be in each other's way. Used by the pipeline; other daemons are met by the
revision check.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager


class Turns:
    """Who decides on which runs."""

    def __init__(self) -> None:
        """Begin with nobody."""
        self._busy: dict[str, asyncio.Event] = {}

    @asynccontextmanager
    async def of(self, runs: Iterable[str]) -> AsyncIterator[None]:
        """Have these runs for oneself; waits for whoever has one of them. Must not be entered from inside."""
        wanted = set(runs)
        while (taken := next((self._busy[run] for run in wanted if run in self._busy), None)) is not None:
            await taken.wait()
        over = asyncio.Event()
        self._busy.update(dict.fromkeys(wanted, over))
        try:
            yield
        finally:
            for run in wanted:
                del self._busy[run]
            over.set()
