"""Waiting for a store that is away: says so once, tries again with growing pauses, says when it is back.

Messages that are in hand stay in hand, unacknowledged, and no new ones are taken: nothing is nacked in a
loop, so nothing is dead-lettered for the store's absence.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from tenacity import AsyncRetrying, retry_if_exception_type, wait_exponential, wait_random

from resistor.errors import StoreUnreachable

log = logging.getLogger(__name__)
Result = TypeVar("Result")

FIRST_PAUSE_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 5.0


class Patience:
    """Whether the store is there, and how to wait for it.

    It is away for as long as anybody waits for it: a read may well succeed while it takes no writes.
    """

    def __init__(self) -> None:
        """Begin with a store that is not known to be away."""
        self._waiting = 0

    @property
    def is_store_away(self) -> bool:
        """Whether a call is waiting for the store."""
        return self._waiting > 0

    async def with_store(self, call: Callable[[], Awaitable[Result]]) -> Result:
        """Await `call` until it does not raise `StoreUnreachable`. What it does must bear repetition."""
        try:
            return await call()
        except StoreUnreachable as error:
            self._away(error)
        try:
            result = await self._insist(call)
        except BaseException:
            self._waiting -= 1
            raise
        self._back()
        return result

    async def _insist(self, call: Callable[[], Awaitable[Result]]) -> Result:
        """Try again, after growing pauses; the first try is apart: this costs 0.3 ms."""
        retrying = AsyncRetrying(
            retry=retry_if_exception_type(StoreUnreachable),
            wait=wait_exponential(multiplier=FIRST_PAUSE_SECONDS, max=LONGEST_PAUSE_SECONDS)
            + wait_random(0.0, FIRST_PAUSE_SECONDS),
            reraise=True,
        )
        await asyncio.sleep(FIRST_PAUSE_SECONDS)
        result: Result = await retrying(call)
        return result

    def _away(self, error: StoreUnreachable) -> None:
        self._waiting += 1
        if self._waiting == 1:
            log.warning("%s; waiting for it", error, extra={"action": "store_away"})

    def _back(self) -> None:
        self._waiting -= 1
        if not self._waiting:
            log.warning("Redis is back", extra={"action": "store_back"})
