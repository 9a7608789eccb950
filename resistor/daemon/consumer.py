"""One queue's loop: take what is there, take it through the pipeline, acknowledge it.

A batch is whatever has come while the others were under way: one message when idle, hundreds under load.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from resistor.daemon.deciding import poison
from resistor.daemon.pipeline import Pipeline
from resistor.daemon.sending import Letter
from resistor.daemon.suspicion import Suspicion, is_suspect
from resistor.errors import RejectedMessage
from resistor.ports import Delivery, Lane

log = logging.getLogger(__name__)

TRIES = 5  # of a message that fails on its own, while the servers are there: then it is poison
PAUSE_SECONDS = 1.0  # before what failed, or a dead letter that was not taken, is tried again


class Consumer:
    """Consumes one lane until it is told to stop."""

    def __init__(
        self, lane: Lane, pipeline: Pipeline, suspicion: Suspicion, *, batch: int, at_once: int = 1
    ) -> None:
        """Take at most `batch` messages at a time from `lane`, and so many batches at once."""
        self._lane = lane
        self._pipeline = pipeline
        self._suspicion = suspicion
        self._batch = batch
        self._room = asyncio.Semaphore(at_once)
        self._taking: asyncio.Task[None] | None = None
        self._is_stopping = False
        self._unburied: list[Letter] = []
        self._burying: asyncio.Task[None] | None = None

    def stop(self) -> None:
        """Take no more. What is in hand is brought to its end first. Idempotent."""
        self._is_stopping = True
        if self._taking is not None:
            self._taking.cancel()
            self._taking = None

    async def run(self) -> None:
        """Consume until `stop`."""
        try:
            async with asyncio.TaskGroup() as batches:
                await self._consume(batches)
        finally:
            if self._burying is not None:
                self._burying.cancel()
                await asyncio.gather(self._burying, return_exceptions=True)

    async def _consume(self, batches: asyncio.TaskGroup) -> None:
        while not self._is_stopping:
            await self._room.acquire()
            deliveries = await self._take()
            fine = [delivery for delivery in deliveries if not is_suspect(delivery)]
            if fine:
                batches.create_task(self._process(fine), name="batch").add_done_callback(self._leave)
            else:
                self._room.release()
            suspects = [delivery for delivery in deliveries if is_suspect(delivery)]
            for delivery in await self._suspicion.in_order(suspects):
                await self._process_suspect(delivery)

    def _leave(self, _: object) -> None:
        self._room.release()

    async def _take(self) -> Sequence[Delivery]:
        """Wait for messages; return none when `stop` ends the waiting, or came before it.

        No task is made for it: between a message's arrival and its batch each turn of the loop counts.
        """
        if self._is_stopping:
            return ()
        self._taking = task = asyncio.current_task()
        try:
            return await self._lane.take(self._batch)
        except asyncio.CancelledError:
            assert task is not None  # noqa: S101 - this runs in one
            by_stop = self._taking is None
            if task.uncancel() if by_stop else task.cancelling():
                raise
            self._is_stopping = True  # by `stop`, or because the lane was closed under us
            return ()
        finally:
            self._taking = None

    async def _process(self, deliveries: Sequence[Delivery]) -> None:
        """Bring a batch to its end. If it fails as a whole, go message by message: one is to blame."""
        try:
            async with self._pipeline.quiet.among_others():
                left = await self._pipeline.process(deliveries)
        except Exception:
            log.exception(
                "a batch failed; its messages are tried one by one", extra={"action": "batch_failed"}
            )
            for delivery in deliveries:
                await self._process_alone(delivery)
            return
        await self._close(deliveries, left)

    async def _process_alone(self, delivery: Delivery) -> None:
        """Bring one message to its end: a few tries, and then it is a dead letter."""
        for tries_left in range(TRIES - 1, -1, -1):
            try:
                async with self._pipeline.quiet.among_others():
                    left = await self._pipeline.process([delivery])
            except Exception as error:
                log.exception("a message failed", extra={"action": "message_failed"})
                if not tries_left:
                    await self._refuse(delivery, poison(error))
                    return
                await asyncio.sleep(PAUSE_SECONDS)
            else:
                await self._close([delivery], left)
                return

    async def _process_suspect(self, delivery: Delivery) -> None:
        """Bring a message that may be what kills us to its end, with nothing else under way."""
        try:
            async with self._pipeline.quiet.alone(), self._suspicion.trying(delivery):
                left = await self._pipeline.process([delivery])
        except RejectedMessage as why:
            await self._refuse(delivery, why)
        except Exception:
            log.exception("a message failed alone", extra={"action": "message_failed"})
            await self._process_alone(delivery)  # it raises, so it is not what kills
        else:
            await self._close([delivery], left)

    async def _refuse(self, delivery: Delivery, why: RejectedMessage) -> None:
        letter = self._pipeline.refuse(delivery, why)
        await self._close([delivery], await self._pipeline.bury([letter]))

    async def _close(self, deliveries: Sequence[Delivery], left: Sequence[Letter]) -> None:
        """Acknowledge what is done. What has a dead letter that was not taken waits, and stops nobody."""
        await self._acknowledge(deliveries, but_for=left)
        if left:
            self._unburied += left
            if self._burying is None or self._burying.done():
                self._burying = asyncio.create_task(self._bury(), name="dead letters")

    async def _bury(self) -> None:
        """Try again to publish dead letters, until all are taken. The prefetch bounds how many wait."""
        while self._unburied:
            await asyncio.sleep(PAUSE_SECONDS)
            letters, self._unburied = self._unburied, []
            left = await self._pipeline.bury(letters)
            self._unburied += left
            await self._acknowledge([letter.delivery for letter in letters], but_for=left)

    async def _acknowledge(self, deliveries: Sequence[Delivery], *, but_for: Sequence[Letter]) -> None:
        waiting = {id(letter.delivery) for letter in but_for}
        await self._lane.ack([delivery for delivery in deliveries if id(delivery) not in waiting])
