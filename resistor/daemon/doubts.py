"""Whether the store can be believed: what messages and writes show of a store that went back in time.

Asked by the pipeline where a message speaks of a run that is not there, or of a step that the run has not
reached; looked at once a second by `recovering.py`. Must never be waited for by whoever recovers.
"""

from __future__ import annotations

import asyncio
import logging

from resistor.daemon.patience import Patience
from resistor.ports import Tick, Watermark
from resistor.telemetry import Telemetry

log = logging.getLogger(__name__)

PAUSE_SECONDS = 0.2  # between two looks whether a recovery is done
BELIEVED_SECONDS = 600.0  # after a recovery: what is ahead of its run then is what that recovery is about


class Doubts:
    """What one daemon knows of its store."""

    def __init__(self, watermark: Watermark, telemetry: Telemetry, patience: Patience) -> None:
        """Take what shows it, what tells of it, and how to wait for the store."""
        self._watermark = watermark
        self.telemetry = telemetry
        self._patience = patience
        self._believed_until = 0.0

    async def look(self) -> Tick:
        """Look once, and say what there is to say. Raises `StoreUnreachable`."""
        tick = await self._watermark.tick()
        if tick.went_back:
            self.telemetry.store_went_back()
        elif tick.is_restarted:
            text = "Redis was restarted: nothing that it had confirmed to this daemon is missing"
            log.warning(text, extra={"action": "store_restarted"})
        if tick.is_pending or tick.went_back:
            self._believed_until = asyncio.get_running_loop().time() + BELIEVED_SECONDS
        return tick

    async def were_right(self) -> bool:
        """Tell whether the store went back, now or lately; where it did, return when all is recovered."""
        is_back = False
        while True:
            tick = await self._patience.with_store(self.look)
            is_back = is_back or tick.went_back or tick.is_pending
            if not tick.is_pending:
                return is_back or self._was_recovered
            self._watermark.suspicion.set()
            await asyncio.sleep(PAUSE_SECONDS)

    @property
    def _was_recovered(self) -> bool:
        return asyncio.get_running_loop().time() < self._believed_until

    async def of_answer_ahead(self) -> None:
        """Ask for a recovery: an answer to what the run has not reached proves that the store went back.

        But for a while after a recovery: answers to what was lost come in long after it.
        """
        if self._was_recovered:
            return
        self._believed_until = asyncio.get_running_loop().time() + BELIEVED_SECONDS
        self.telemetry.store_went_back()
        await self._patience.with_store(self._watermark.ask)
        self._watermark.suspicion.set()
