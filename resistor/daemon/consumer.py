"""One queue's loop: take what is there, take it through the pipeline, acknowledge it."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence

from resistor.bus.names import Names
from resistor.daemon.dead_letters import dead_letter
from resistor.daemon.pipeline import Pipeline
from resistor.errors import Reason, RejectedMessage
from resistor.ports import Delivery, Lane

log = logging.getLogger(__name__)


class Consumer:
    """Consumes one lane until it is told to stop."""

    def __init__(self, lane: Lane, pipeline: Pipeline, names: Names, *, batch: int) -> None:
        """Take at most `batch` messages at a time from `lane`."""
        self._lane = lane
        self._pipeline = pipeline
        self._names = names
        self._batch = batch
        self._taking: asyncio.Task[Sequence[Delivery]] | None = None
        self._is_stopping = False

    def stop(self) -> None:
        """Take no more. What is in hand is brought to its end first. Idempotent."""
        self._is_stopping = True
        if self._taking is not None:
            self._taking.cancel()

    async def run(self) -> None:
        """Consume until `stop`."""
        while not self._is_stopping:
            deliveries = await self._take()
            if deliveries:
                await self._process(deliveries)

    async def _take(self) -> Sequence[Delivery]:
        """Wait for messages; return none when `stop` ends the waiting."""
        self._taking = asyncio.ensure_future(self._lane.take(self._batch))
        try:
            await asyncio.wait({self._taking})
            return () if self._taking.cancelled() else self._taking.result()
        finally:
            self._taking.cancel()
            self._taking = None

    async def _process(self, deliveries: Sequence[Delivery]) -> None:
        """Bring a batch to its end. If it fails as a whole, go message by message: one is to blame."""
        try:
            await self._pipeline.process(deliveries)
        except Exception as error:
            if len(deliveries) > 1:
                log.exception(
                    "a batch failed; its messages are tried one by one", extra={"action": "batch_failed"}
                )
                for delivery in deliveries:
                    await self._process([delivery])
                return
            log.exception("a message failed", extra={"action": "poison"})
            why = RejectedMessage(Reason.POISON, f"{type(error).__name__}: {error}")
            await self._pipeline.settle((), [dead_letter(self._names, deliveries[0], why, now=time.time())])
        await self._lane.ack(deliveries)
