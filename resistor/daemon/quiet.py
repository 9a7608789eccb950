"""Being alone in the process: while one message is tried alone, no other work of this daemon is under way.

Only then does a death say anything about that message. Used by the consumers, the sweeper and the schedules,
through the pipeline that they share.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Quiet:
    """Many work side by side, or one works alone. Whoever wants to be alone goes before those who do not."""

    def __init__(self) -> None:
        """Begin with nobody at work."""
        self._at_work = 0
        self._is_empty = asyncio.Event()
        self._is_open = asyncio.Event()
        self._turn = asyncio.Lock()
        self._is_empty.set()
        self._is_open.set()

    @asynccontextmanager
    async def among_others(self) -> AsyncIterator[None]:
        """Work beside others. Must not be entered again from inside."""
        while not self._is_open.is_set():
            await self._is_open.wait()
        self._at_work += 1
        self._is_empty.clear()
        try:
            yield
        finally:
            self._at_work -= 1
            if not self._at_work:
                self._is_empty.set()

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        """Work while nobody else does. Must not be entered from inside `among_others`."""
        async with self._turn:
            self._is_open.clear()
            try:
                await self._is_empty.wait()
                yield
            finally:
                self._is_open.set()
