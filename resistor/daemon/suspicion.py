"""Which message kills the daemon: told from those that merely sat beside it.

A broker counts every delivery that ended without an acknowledgement, so when a daemon dies, all that was in
its prefetch has been delivered once more: the count alone says nothing. It makes a suspect. Suspects are
taken one by one, with nothing else under way in the process (quiet.py), and what is begun is noted in the
store before and forgotten after. What was begun `MOST_TRIES` times and never finished is what kills.

    count 0, 1       as everybody else, in a batch
    count 2 …        alone; those that were begun least often first, so that the innocent are soon done
    begun 5 times    a dead letter, `poison`

What kills does so at once. A process that still turns after `ALIBI_SECONDS` is waiting for a server, and
whoever kills it then has other reasons: that try counts no more. Nor does one that an orderly stop ended.
Called by the consumers.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial
from uuid import uuid4

from resistor.daemon.patience import Patience
from resistor.errors import Reason, RejectedMessage, StoreUnreachable
from resistor.messages.envelope import TOKEN_HEADER
from resistor.ports import Delivery, Suspects

SUSPICIOUS = 2  # deliveries before this one that were not acknowledged: one is any restart's affair
MOST_TRIES = 5  # alone, each of which ended with the process
ALIBI_SECONDS = 2.0  # a hundred times what a message takes while the servers are there


class Suspicion:
    """What one daemon knows of suspects."""

    def __init__(self, suspects: Suspects, patience: Patience) -> None:
        """Take where it is noted, and how to wait for that."""
        self._suspects = suspects
        self._patience = patience

    async def in_order(self, suspects: Sequence[Delivery]) -> list[Delivery]:
        """Return them in the order in which they are best tried: the most suspicious last."""
        if not suspects:
            return []
        names = [fingerprint(each) for each in suspects]
        begun = await self._patience.with_store(partial(self._suspects.begun, names))
        order = sorted(range(len(suspects)), key=lambda position: begun[position])
        return [suspects[position] for position in order]

    @asynccontextmanager
    async def trying(self, delivery: Delivery) -> AsyncIterator[None]:
        """Have it noted that `delivery` is in hand. Raises `RejectedMessage` for one that kills."""
        name, attempt = fingerprint(delivery), uuid4().hex
        begun = await self._patience.with_store(partial(self._suspects.begin, name, attempt))
        alibi = asyncio.create_task(self._alibi(name), name="alibi")
        try:
            if begun > MOST_TRIES:
                what = f"the daemon died {begun - 1} times with this message, and nothing else, in hand"
                raise RejectedMessage(Reason.POISON, what)
            yield
        finally:
            alibi.cancel()
            await self._finish(name)

    async def _alibi(self, name: str) -> None:
        await asyncio.sleep(ALIBI_SECONDS)
        await self._finish(name)

    async def _finish(self, name: str) -> None:
        with suppress(StoreUnreachable):  # it expires by itself, and this may be the end of the process
            await self._suspects.finish(name)


def is_suspect(delivery: Delivery) -> bool:
    """Whether a message was delivered so often that it may be what kills."""
    return delivery.count >= SUSPICIOUS


def fingerprint(delivery: Delivery) -> str:
    """Return what is the same for every delivery of a message, and for no other message."""
    envelope = delivery.envelope
    parts = (
        delivery.queue.encode(),
        delivery.routing_key.encode(errors="replace"),
        (envelope.message_id or "").encode(errors="replace"),
        repr(envelope.headers.get(TOKEN_HEADER)).encode(errors="replace"),
        envelope.body,
    )
    digest = hashlib.sha256()
    for part in parts:
        digest.update(b"%d:" % len(part))
        digest.update(part)
    return digest.hexdigest()[:32]
