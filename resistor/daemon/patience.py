"""Waiting for a store that is away: says so once, tries again with growing pauses, says when it is back.

Messages that are in hand stay in hand, unacknowledged, and no new ones are taken: nothing is nacked in a
loop, so nothing is dead-lettered for the store's absence.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, wait_exponential, wait_random

from resistor.errors import StoreUnreachable

log = logging.getLogger(__name__)
Result = TypeVar("Result")

FIRST_PAUSE_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 5.0


class Patience:
    """Whether the store is there, as last seen, and how to wait for it."""

    def __init__(self) -> None:
        """Begin with a store that is not known to be away."""
        self.is_store_away = False

    async def with_store(self, call: Callable[[], Awaitable[Result]]) -> Result:
        """Await `call` until it does not raise `StoreUnreachable`. What it does must bear repetition."""
        retrying = AsyncRetrying(
            retry=retry_if_exception_type(StoreUnreachable),
            wait=wait_exponential(multiplier=FIRST_PAUSE_SECONDS, max=LONGEST_PAUSE_SECONDS)
            + wait_random(0.0, FIRST_PAUSE_SECONDS),
            before_sleep=self._away,
            reraise=True,
        )
        result: Result = await retrying(call)
        self._back()
        return result

    def _away(self, state: RetryCallState) -> None:
        if not self.is_store_away:
            self.is_store_away = True
            error = state.outcome.exception() if state.outcome else None
            log.warning("%s; waiting for it", error, extra={"action": "store_away"})

    def _back(self) -> None:
        if self.is_store_away:
            self.is_store_away = False
            log.warning("Redis is back", extra={"action": "store_back"})
