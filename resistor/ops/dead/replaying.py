"""Publishing dead letters again, to where they had been published first.

Each is published, confirmed, and only then taken out of the dead queue: a crash in between leaves it in both
places, and what it means is done once all the same, because the message id and the token are what they were.
Called by `resistor dead replay`. Must never take a letter out that no queue has taken.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace

from resistor.bus import AmqpBus, Browser
from resistor.daemon import crashpoints
from resistor.daemon.dead_letters import LEFT_OUT
from resistor.messages.action import rfc3339
from resistor.ops.dead.choosing import Choice
from resistor.ops.dead.letters import Letter, original
from resistor.ops.dead.reading import chosen
from resistor.ports import Outcome, Publish

ROUND_SECONDS = 600.0
"""RabbitMQ closes a channel that holds a message for 30 minutes: a slow replay begins anew before that."""

TOGETHER = 100  # letters in one write, where no rate says less


@dataclass(slots=True)
class Replay:
    """What a replay came to: how many letters were taken, and why others stay, with how many."""

    replayed: int = 0
    stayed: Counter[str] = field(default_factory=Counter)
    _ids: set[str] = field(default_factory=set)  # of those that stay: the next round passes them by

    def stays(self, letter: Letter, why: str) -> None:
        """Note that a letter stays in the dead queue."""
        self.stayed[why] += 1
        self._ids.add(letter.id)

    def knows(self, letter: Letter) -> bool:
        """Tell whether a letter is known to stay."""
        return letter.id in self._ids


@dataclass(frozen=True, slots=True)
class Pace:
    """At most `rate` letters a second, or as fast as can be."""

    rate: float | None = None
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep

    @property
    def together(self) -> int:
        """Letters in one write: a tenth of a second's."""
        return TOGETHER if self.rate is None else max(1, min(TOGETHER, int(self.rate / 10)))

    async def wait(self, began: float, done: int) -> None:
        """Wait until the next letter may go, when `done` have gone since `began`."""
        if self.rate is not None:
            await self.sleep(max(0.0, began + done / self.rate - self.clock()))


async def replay(bus: AmqpBus, choice: Choice, pace: Pace) -> Replay:
    """Publish the letters that are meant, `choice.limit` at most, and take them out of the dead queue.

    The limit is what ends it, where what is published comes back dead: it is the number that was counted
    before. Raises `BrokerUnreachable`, and what was not published is where it was then.
    """
    done = Replay()
    began, gone = pace.clock(), 0
    is_more = True
    while is_more:
        is_more = False
        left = None if choice.limit is None else choice.limit - done.replayed
        ends = pace.clock() + ROUND_SECONDS
        async with bus.browse(bus.names.dead_queue) as browser:
            async for page in chosen(bus, browser, replace(choice, limit=left)):
                for letters in _parts(_willing(page, done), pace.together):
                    await pace.wait(began, gone)
                    await _publish(bus, browser, letters, done)
                    gone += len(letters)
                if pace.clock() >= ends:
                    is_more = True
                    break
    return done


def _willing(page: Sequence[Letter], done: Replay) -> list[Letter]:
    """Return those that can be published; note why the others stay."""
    now = time.time()
    willing = []
    for letter in page:
        why = None if done.knows(letter) else refusal_of(letter, now=now)
        if why is not None:
            done.stays(letter, why)
        elif not done.knows(letter):
            willing.append(letter)
    return willing


def refusal_of(letter: Letter, *, now: float) -> str | None:
    """Say why a letter cannot be published again; None where it can. `now` is in seconds since the epoch."""
    if letter.exchange is None or letter.routing_key is None:
        return "nobody says where it was published first"
    headers = letter.delivery.envelope.headers
    if LEFT_OUT in headers or "resistor-unreadable" in headers:
        return "its headers were left out"
    if letter.place is not None and letter.place.expires_at <= now:
        return f"its token has expired ({_day(letter.place.expires_at)}): the daemon takes no answer with it"
    return None


async def _publish(bus: AmqpBus, browser: Browser, letters: Sequence[Letter], done: Replay) -> None:
    messages = [
        Publish(
            exchange=letter.exchange or "", routing_key=letter.routing_key or "", envelope=original(letter)
        )
        for letter in letters
    ]
    crashpoints.reach("before-replay")
    outcomes = await bus.publish(messages)
    crashpoints.reach("after-replay")
    taken = []
    for letter, outcome in zip(letters, outcomes, strict=True):
        if outcome is Outcome.CONFIRMED:
            taken.append(letter.delivery)
        else:
            done.stays(letter, _why(letter, outcome))
    await browser.remove(taken)
    done.replayed += len(taken)


def _why(letter: Letter, outcome: Outcome) -> str:
    where = f"{letter.exchange or 'the default exchange'} with {letter.routing_key!r}"
    if outcome is Outcome.UNROUTABLE:
        return f"no queue takes what is published to {where}"
    return f"the broker refused it at {where} (a full queue?)"


def _parts(letters: Sequence[Letter], size: int) -> list[Sequence[Letter]]:
    return [letters[start : start + size] for start in range(0, len(letters), size)]


def _day(seconds: float) -> str:
    try:
        return rfc3339(seconds)[:10]
    except (OverflowError, ValueError, OSError):
        return "at no time"
