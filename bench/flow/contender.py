"""What a contender is: processes on the stage, a way to begin workflows, and a count of those that have ended."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

DOCUMENT_BYTES = 500  # of JSON, that goes into the first step


class Contender(Protocol):
    """One system, set up and running."""

    name: str

    @property
    def trees(self) -> Mapping[str, int]:
        """Its processes and the servers that work for it, by name: roots of process trees."""

    async def begin(self, count: int) -> None:
        """Begin so many workflows, as fast as the system takes them."""

    async def ended(self) -> int:
        """Return how many workflows have ended since the start."""

    async def close(self) -> None:
        """End everything."""
