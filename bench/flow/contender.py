"""What a contender is: processes on the stage, a way to begin workflows, a count of those that have ended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

DOCUMENT_BYTES = 500  # of JSON, that goes into the first step


class CannotStart(Exception):
    """Something that a contender needs is not to be had on this machine."""


class Contender(Protocol):
    """One system, set up and running."""

    name: str

    @property
    def trees(self) -> Mapping[str, int]:
        """Its processes and the servers that work for it, by name: roots of process trees."""

    @property
    def drivers(self) -> Sequence[int]:
        """Processes beside ours that only begin workflows: neither its cost nor noise."""

    async def begin(self, count: int) -> None:
        """Begin so many workflows, as fast as the system takes them."""

    async def ended(self) -> int:
        """Return how many workflows have ended since the start."""

    async def close(self) -> None:
        """End everything."""
