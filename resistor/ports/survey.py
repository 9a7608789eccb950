"""Going through everything that the store has, page by page. Implemented by `store`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Protocol

from resistor.engine.run import Run


class Survey(Protocol):
    """Pages of what there is. What is there from the first page to the last is in one of them."""

    def open_runs(self) -> AsyncIterator[Sequence[Run]]:
        """Give every run that is open, without its parts. Raises `StoreUnreachable`."""

    def slot_runs(self) -> AsyncIterator[Sequence[str]]:
        """Give every run that has a slot, or waits for one. Raises `StoreUnreachable`."""
