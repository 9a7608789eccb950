"""Going through the dead queue: the letters that are meant, page by page, and what they have in common.

Called by `resistor dead` and by `resistor queue list`. What is read goes back to the queue, in its order;
while it is read nobody else sees it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from resistor.bus import AmqpBus, Browser
from resistor.errors import NotFound
from resistor.ops.dead.choosing import Choice
from resistor.ops.dead.letters import Letter, letter_of


@dataclass(slots=True)
class Tally:
    """How many letters there are, by reason and by the queue in which they died."""

    by_kind: Counter[tuple[str, str]] = field(default_factory=Counter)

    @property
    def count(self) -> int:
        """All of them."""
        return self.by_kind.total()

    def add(self, letter: Letter) -> None:
        """Count a letter."""
        self.by_kind[letter.reason, letter.queue] += 1

    def rows(self) -> list[dict[str, Any]]:
        """Return the kinds, the most frequent first."""
        return [
            {"letters": count, "reason": reason, "queue": queue}
            for (reason, queue), count in self.by_kind.most_common()
        ]


async def chosen(bus: AmqpBus, browser: Browser, choice: Choice) -> AsyncIterator[Sequence[Letter]]:
    """Yield the letters that are meant, the oldest first, in pages: none is empty, all fit into memory."""
    left = choice.limit
    async for page in browser.pages():
        letters = [letter for each in page if choice.takes(letter := letter_of(bus.names, each))][:left]
        if letters:
            yield letters
        if left is not None:
            left -= len(letters)
            if left <= 0:
                return


async def find(bus: AmqpBus, letter_id: str) -> Letter:
    """Return the first letter of this id, or message id. Raises `NotFound`."""
    async with bus.browse(bus.names.dead_queue) as browser:
        async for page in chosen(bus, browser, Choice(ids=frozenset({letter_id}), limit=1)):
            return page[0]
    raise missing(letter_id)


async def tally(bus: AmqpBus, choice: Choice) -> Tally:
    """Count the letters that are meant. Raises `NotFound` where one of its ids is nobody's."""
    counted = Tally()
    unseen = set(choice.ids)
    async with bus.browse(bus.names.dead_queue) as browser:
        async for page in chosen(bus, browser, choice):
            for letter in page:
                counted.add(letter)
                unseen -= {letter.id, letter.delivery.envelope.message_id or ""}
    if unseen:
        raise missing(sorted(unseen)[0])
    return counted


def missing(letter_id: str) -> NotFound:
    """Return what to raise for a letter that is not there."""
    return NotFound(f"no dead letter {letter_id} (`resistor dead list`)")
