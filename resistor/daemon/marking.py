"""What the broker has confirmed, and the store is still to be told.

An action that was confirmed is taken out of its run's outbox, so that nobody sends it again. Most are
answered within a moment, and the commit of the answer takes them out anyway; so a confirmation is kept here
for a while, and what is answered by then is never marked: a third of all calls to the store.

From its publishing until it is marked an action is held here, so that this daemon does not repeat it to a
duplicate. A daemon that dies takes its marks with it, and what it sent in its last moments is sent again,
with the same tokens, when `Timing.outbox_grace` is over: as after a death between publishing and marking,
with a window of a second.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Iterable

import msgspec

from resistor.daemon.lifecycle import happens
from resistor.errors import StoreUnreachable
from resistor.ports import Published, Store

log = logging.getLogger(__name__)

LONGEST_SECONDS = 1.0
GRACE_SHARE = 0.25  # of the time after which what is unmarked is sent again: marked well before


class Marks:
    """Confirmations on their way to the store."""

    def __init__(self, store: Store, *, grace: float) -> None:
        """Take where they go, and after how many seconds what is not marked is sent again."""
        self._store = store
        self.seconds = min(LONGEST_SECONDS, grace * GRACE_SHARE)
        self._fresh: dict[tuple[str, str], Published] = {}  # by run and name
        self._under_way: set[tuple[str, str]] = set()
        self._stale: dict[tuple[str, str], Published] = {}  # what the last turn has found here

    def under_way(self, sent: Collection[tuple[str, str]]) -> None:
        """Note messages, by run and name, that are being published."""
        self._under_way.update(sent)

    def landed(self, sent: Collection[tuple[str, str]]) -> None:
        """Note that these are not under way any more, whatever has become of them."""
        self._under_way.difference_update(sent)

    def confirmed(self, words: Iterable[Published]) -> None:
        """Take what has been confirmed."""
        for word in words:
            for name in word.names:
                self._fresh[word.run, name] = word

    def settled(self, run: str, names: Iterable[str]) -> None:
        """Forget these of a run: a commit has taken them out of its outbox, or sends them anew."""
        for name in names:
            self._fresh.pop((run, name), None)
            self._stale.pop((run, name), None)

    def holds(self, run: str, name: str) -> bool:
        """Whether a message is confirmed and not yet marked, or is being published in this moment."""
        key = (run, name)
        return key in self._fresh or key in self._stale or key in self._under_way

    @property
    def is_empty(self) -> bool:
        """Whether nothing is held that the store is still to be told."""
        return not self._fresh and not self._stale

    async def run(self, stopping: asyncio.Event) -> None:
        """Mark what was here at the last turn, again and again, until `stopping` is set."""
        while not await happens(stopping, within=self.seconds / 2):
            await self.turn()

    async def turn(self) -> None:
        """Mark what was here at the last turn."""
        stale, self._stale, self._fresh = self._stale, self._fresh, {}
        await self._mark(stale)

    async def flush(self) -> None:
        """Mark all."""
        await self.turn()
        await self.turn()

    async def _mark(self, held: dict[tuple[str, str], Published]) -> None:
        names: dict[tuple[str, int], list[str]] = {}
        words: dict[tuple[str, int], Published] = {}
        for (run, name), word in held.items():
            words[run, word.revision] = word
            names.setdefault((run, word.revision), []).append(name)
        if not words:
            return
        marks = [msgspec.structs.replace(word, names=tuple(names[key])) for key, word in words.items()]
        try:
            await self._store.published(marks)
        except StoreUnreachable:
            # The messages are out; when the store is back the sweeper sends them once more, with the same
            # tokens.
            log.debug("what is confirmed could not be marked", extra={"action": "mark_failed"})
