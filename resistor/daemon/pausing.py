"""Which modules are paused, as last seen: looked at by the sender for every action, so it is kept at hand.

The store decides. What is at hand is at most a second older, and is put right by every answer of the store's
that says otherwise. Refreshed by gatekeeping.py.
"""

from __future__ import annotations

from collections.abc import Mapping

from resistor.daemon.patience import Patience
from resistor.ports import Pause, Store


class Pausing:
    """The paused modules."""

    def __init__(self, store: Store, patience: Patience) -> None:
        """Take where pauses are kept, and how to wait for it. Nothing is paused before `refresh`."""
        self._store = store
        self._patience = patience
        self._paused: Mapping[str, Pause] = {}

    def why(self, module: str) -> str | None:
        """Return why a module is paused (perhaps an empty text), None where it is not."""
        pause = self._paused.get(module)
        return None if pause is None else pause.why

    def goes_on(self, module: str) -> None:
        """Note that the store has a module not paused any more."""
        if module in self._paused:
            self._paused = {name: each for name, each in self._paused.items() if name != module}

    async def refresh(self) -> None:
        """See which modules are paused now."""
        self._paused = await self._patience.with_store(self._store.pauses.paused)
