"""Messages that a daemon may have died of: how often each was begun, and never finished.

Implemented by `store`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class Suspects(Protocol):
    """What is known of messages that were delivered again and again. All by fingerprint."""

    async def begun(self, fingerprints: Sequence[str]) -> Sequence[int]:
        """Return how often each was begun since it was finished last."""

    async def begin(self, fingerprint: str, attempt: str) -> int:
        """Note that `attempt` begins; returns how often it was begun by now, this time included.

        The same attempt counts once, however often this is called.
        """

    async def finish(self, fingerprint: str) -> None:
        """Forget all of it: whoever had the message in hand is alive."""
