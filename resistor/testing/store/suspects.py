"""Messages that a daemon may have died of: how often each was begun, and never finished."""

from __future__ import annotations

from collections.abc import Sequence

from resistor.testing.store.state import State


class MemorySuspects:
    """What is known of messages that were delivered again and again."""

    def __init__(self, state: State) -> None:
        """Take what is kept."""
        self._state = state

    async def begun(self, fingerprints: Sequence[str]) -> Sequence[int]:
        """Return how often each was begun since it was finished last."""
        return [len(self._state.suspects.get(each, ())) for each in fingerprints]

    async def begin(self, fingerprint: str, attempt: str) -> int:
        """Note that `attempt` begins; returns how often it was begun by now."""
        attempts = self._state.suspects.setdefault(fingerprint, set())
        attempts.add(attempt)
        return len(attempts)

    async def finish(self, fingerprint: str) -> None:
        """Forget all of it."""
        self._state.suspects.pop(fingerprint, None)
